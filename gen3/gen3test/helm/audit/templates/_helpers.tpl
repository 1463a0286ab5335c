{{- define "audit-g3auto" -}}{{ default "audit-g3auto" .Values.externalSecrets.auditG3auto }}{{- end -}}
