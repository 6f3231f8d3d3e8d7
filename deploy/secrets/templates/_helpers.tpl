{{- define "ecotrack-secrets.labels" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/part-of: ecotrack
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{/* Everybody who has secrets, as JSON: name and namespace. */}}
{{- define "ecotrack-secrets.owners" -}}
{{- $owners := deepCopy .Values.outside }}
{{- range .Values.services }}
{{- $_ := set $owners . $.Release.Namespace }}
{{- end }}
{{- toJson $owners }}
{{- end }}

{{/* How a service proves to OpenBao who it is; arguments: root, service. */}}
{{- define "ecotrack-secrets.auth" -}}
kubernetes:
  mountPath: {{ (index . 0).Values.openbao.authPath }}
  role: {{ index . 1 }}
  serviceAccountRef:
    name: {{ index . 1 }}-sa
    audiences: [{{ (index . 0).Values.openbao.audience }}]
{{- end }}

{{- define "ecotrack-secrets.ca" -}}
type: ConfigMap
name: {{ .Values.openbao.ca.configMap }}
key: {{ .Values.openbao.ca.key }}
{{- end }}
