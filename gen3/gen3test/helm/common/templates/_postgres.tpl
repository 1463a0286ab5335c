{{- define "common.db-secret" -}}
{{- if or (not .Values.global.externalSecrets.deploy) .Values.global.externalSecrets.createLocalK8sSecret }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Chart.Name }}-dbcreds
data:
  database: {{ printf "%s_%s" .Chart.Name .Release.Name | b64enc }}
  username: {{ printf "%s_%s" .Chart.Name .Release.Name | b64enc }}
  port: {{ "5432" | b64enc | quote }}
  password: {{ .Values.postgres.password | default (randAlphaNum 20) | b64enc }}
  {{- if .Values.global.dev }}
  host: {{ printf "%s-postgresql" .Release.Name | b64enc }}
  {{- else }}
  host: {{ (.Values.postgres.host | default .Values.global.postgres.master.host) | b64enc | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "common.db-push-secret" -}}
{{- if and .Values.global.externalSecrets.deploy .Values.global.externalSecrets.pushSecret }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Chart.Name }}-dbcreds-bootstrap
data:
  database: {{ printf "%s_%s" .Chart.Name .Release.Name | b64enc }}
  password: {{ randAlphaNum 20 | b64enc }}
  host: {{ (.Values.postgres.host | default .Values.global.postgres.master.host) | b64enc | quote }}
---
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata:
  name: {{ .Chart.Name }}-dbcreds
spec:
  updatePolicy: IfNotExists
  secretStoreRefs: [{name: {{ include "common.SecretStore" . }}, kind: SecretStore}]
  selector: {secret: {name: {{ .Chart.Name }}-dbcreds-bootstrap}}
  data:
  - match:
      remoteRef:
        remoteKey: {{ include "common.externalSecret.dbcreds.name" . }}
{{- end }}
{{- end -}}

{{- define "common.db_setup_job" -}}
{{- if .Values.global.postgres.dbCreate }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Chart.Name }}-dbcreate
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: db-setup
        image: awshelper
        env:
        - name: PGPASSWORD
          {{- if .Values.global.dev }}
          valueFrom: {secretKeyRef: {name: {{ .Release.Name }}-postgresql, key: postgres-password}}
          {{- else if .Values.global.postgres.externalSecret }}
          valueFrom: {secretKeyRef: {name: {{ .Values.global.postgres.externalSecret }}, key: password}}
          {{- else }}
          value: {{ .Values.global.postgres.master.password | quote }}
          {{- end }}
        - name: PGHOST
          value: {{ .Values.global.postgres.master.host | quote }}
        {{- range list "username" "database" "password" }}
        - name: {{ . | upper }}
          valueFrom: {secretKeyRef: {name: {{ $.Chart.Name }}-dbcreds, key: {{ . }}}}
        {{- end }}
        command: [bash, -c]
        args: ['kubectl patch secret/{{ .Chart.Name }}-dbcreds -p ''{"data":{"dbcreated":"dHJ1ZQo="}}''']
{{- end }}
{{- end -}}

{{- define "common.db-env" -}}
{{- range list "host" "username" "password" "database" "dbcreated" }}
- name: DB_{{ . | upper }}
  valueFrom: {secretKeyRef: {name: {{ $.Chart.Name }}-dbcreds, key: {{ . }}}}
{{- end }}
{{- end -}}
