{{/* Name of the workload: the canary stands beside the stable Deployment, so it needs a name of its own. */}}
{{- define "ecotrack-service.workload" -}}
{{- if eq .Values.track "canary" }}{{ .Values.name }}-canary{{ else }}{{ .Values.name }}{{ end }}
{{- end }}

{{- define "ecotrack-service.serviceAccount" -}}
{{ .Values.name }}-sa
{{- end }}

{{- define "ecotrack-service.tag" -}}
{{ .Values.image.tag | default (printf "v%s" .Chart.AppVersion) }}
{{- end }}

{{/* What the Deployment and its ReplicaSets select by: never changed by an upgrade. */}}
{{- define "ecotrack-service.selectorLabels" -}}
app: {{ .Values.name }}
version: {{ .Values.track }}
{{- end }}

{{/* Labels of the pod. They stay the same for the same image, or every chart version would roll the pods. */}}
{{- define "ecotrack-service.podLabels" -}}
{{ include "ecotrack-service.selectorLabels" . }}
app.kubernetes.io/name: {{ .Values.name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: ecotrack
app.kubernetes.io/version: {{ include "ecotrack-service.tag" . | quote }}
{{- end }}

{{- define "ecotrack-service.labels" -}}
{{ include "ecotrack-service.podLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Proxy settings per pod. Prometheus' annotations are rewritten by the injector to the agent's merged port. */}}
{{- define "ecotrack-service.podAnnotations" -}}
kubectl.kubernetes.io/default-container: {{ .Values.name }}
prometheus.io/scrape: "true"
prometheus.io/port: "8080"
prometheus.io/path: /actuator/prometheus
{{- with .Values.sidecar }}
{{- if .enabled }}
sidecar.istio.io/proxyCPU: {{ .requests.cpu | quote }}
sidecar.istio.io/proxyMemory: {{ .requests.memory | quote }}
sidecar.istio.io/proxyCPULimit: {{ .limits.cpu | quote }}
sidecar.istio.io/proxyMemoryLimit: {{ .limits.memory | quote }}
proxy.istio.io/config: |
  concurrency: {{ .concurrency }}
  holdApplicationUntilProxyStarts: true
  proxyMetadata:
    EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"
{{- end }}
{{- end }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* More than one pod can be there at once, so evictions are worth bounding. */}}
{{- define "ecotrack-service.replicated" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1) }}true{{ end }}
{{- end }}

{{/* Restrictions of a container; the same for the service and for its test. */}}
{{- define "ecotrack-service.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "ecotrack-service.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}
