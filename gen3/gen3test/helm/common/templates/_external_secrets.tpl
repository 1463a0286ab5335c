{{- define "common.externalSecret.dbcreds.name" -}}
{{- if .Values.externalSecrets.dbcreds }}{{ .Values.externalSecrets.dbcreds }}
{{- else }}{{ .Values.global.environment }}-{{ .Chart.Name }}-creds{{ end -}}
{{- end -}}

{{- define "common.externalSecret.db" -}}
{{- if and .Values.global.externalSecrets.deploy (not .Values.global.externalSecrets.createLocalK8sSecret) }}
apiVersion: {{ .Values.global.externalSecrets.apiVersion }}
kind: ExternalSecret
metadata:
  name: {{ .Chart.Name }}-dbcreds
spec:
  secretStoreRef: {name: {{ include "common.SecretStore" . }}, kind: SecretStore}
  target: {name: {{ .Chart.Name }}-dbcreds, creationPolicy: Owner}
  dataFrom:
  - extract:
      key: {{ include "common.externalSecret.dbcreds.name" . }}
{{- end }}
{{- end -}}

{{- define "common.secretstore" -}}
apiVersion: {{ .Values.global.externalSecrets.apiVersion }}
kind: SecretStore
metadata:
  name: {{ .Chart.Name }}-secret-store
spec:
  provider:
    aws:
      service: SecretsManager
      region: {{ .Values.global.aws.region | quote }}
      auth:
        {{- if .Values.global.aws.secretStoreServiceAccount.enabled }}
        jwt:
          serviceAccountRef: {name: {{ .Values.global.aws.secretStoreServiceAccount.name }}}
        {{- else }}
        secretRef:
          accessKeyIDSecretRef: {name: {{ .Chart.Name }}-aws-config, key: access-key}
          secretAccessKeySecretRef: {name: {{ .Chart.Name }}-aws-config, key: secret-access-key}
        {{- end }}
{{- end -}}

{{- define "common.SecretStore" -}}
{{- if .Values.global.externalSecrets.separateSecretStore }}{{ .Chart.Name }}-secret-store{{ else }}gen3-secret-store{{ end -}}
{{- end -}}
