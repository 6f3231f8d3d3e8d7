{{/* Environment of the container: what ARCHITECTURE.md lists, in its order. */}}
{{- define "ecotrack-service.env" -}}
{{- $variables := list
  (list "ECOTRACK_ENVIRONMENT" .Values.config.environment)
  (list "ECOTRACK_HTTP_ADDR" "0.0.0.0:8080")
  (list "ECOTRACK_REDIS_URL" .Values.config.redisUrl)
  (list "ECOTRACK_KAFKA_BROKERS" .Values.config.kafkaBrokers)
  (list "ECOTRACK_CA_FILE" "/var/run/secrets/ecotrack/ca/ca.crt")
  (list "ECOTRACK_USER_SERVICE_URL" .Values.config.userServiceUrl)
  (list "ECOTRACK_PRODUCT_SERVICE_URL" .Values.config.productServiceUrl)
  (list "ECOTRACK_ORDER_SERVICE_URL" .Values.config.orderServiceUrl)
  (list "ECOTRACK_PROVIDER_URL" .Values.config.providerUrl)
  (list "OTEL_SERVICE_NAME" .Values.name)
  (list "OTEL_EXPORTER_OTLP_ENDPOINT" .Values.config.otlpEndpoint)
  (list "OTEL_TRACES_SAMPLER_ARG" .Values.config.tracesSamplerArg)
}}
{{- range $variables }}
- name: {{ index . 0 }}
  value: {{ index . 1 | quote }}
{{- end }}
{{- if .Values.database.enabled }}
- name: ECOTRACK_DATABASE_URL
  value: {{ .Values.database.url | quote }}
- name: ECOTRACK_DATABASE_CREDENTIALS_DIR
  value: /var/run/secrets/ecotrack/db
{{- end }}
{{- if .Values.secrets.enabled }}
- name: ECOTRACK_SECRETS_DIR
  value: /var/run/secrets/ecotrack/app
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "ecotrack-service.volumeMounts" -}}
{{- if .Values.database.enabled }}
- name: database-credentials
  mountPath: /var/run/secrets/ecotrack/db
  readOnly: true
{{- end }}
{{- if .Values.secrets.enabled }}
- name: secrets
  mountPath: /var/run/secrets/ecotrack/app
  readOnly: true
{{- end }}
- name: platform-ca
  mountPath: /var/run/secrets/ecotrack/ca
  readOnly: true
{{- end }}

{{/* Group-readable, and the pod's group is the service's: root owns the files, the service only reads them. */}}
{{- define "ecotrack-service.volumes" -}}
{{- if .Values.database.enabled }}
- name: database-credentials
  secret:
    secretName: {{ .Values.name }}-db-credentials
    defaultMode: 0440
{{- end }}
{{- if .Values.secrets.enabled }}
- name: secrets
  secret:
    secretName: {{ .Values.name }}-secrets
    defaultMode: 0440
{{- end }}
- name: platform-ca
  configMap:
    name: platform-ca
    defaultMode: 0444
{{- end }}
