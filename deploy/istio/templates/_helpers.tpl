{{- define "ecotrack-mesh.labels" -}}
app.kubernetes.io/name: ecotrack-mesh
app.kubernetes.io/part-of: ecotrack
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Identity of a caller named in the matrix; arguments: root, caller. */}}
{{- define "ecotrack-mesh.principal" -}}
{{- $root := index . 0 }}{{ $caller := index . 1 -}}
{{- if eq $caller "gateway" -}}
{{ $root.Values.trustDomain }}/ns/{{ $root.Values.gateway.namespace }}/sa/{{ $root.Values.gateway.serviceAccount }}
{{- else -}}
{{ $root.Values.trustDomain }}/ns/{{ $root.Release.Namespace }}/sa/{{ $caller }}-sa
{{- end }}
{{- end }}

{{/* Host of a service in the mesh; arguments: root, service. */}}
{{- define "ecotrack-mesh.host" -}}
{{ index . 1 }}.{{ (index . 0).Release.Namespace }}.svc.cluster.local
{{- end }}

{{/*
Routes of one service for one prefix; arguments: root, service, prefix, and headers that are removed from requests.
Header `canary: "true"` goes to the canary subset. Each track has a route that may be repeated and one that may not.
*/}}
{{- define "ecotrack-mesh.routes" -}}
{{- $root := index . 0 }}{{ $service := index . 1 }}{{ $prefix := index . 2 }}{{ $removed := slice . 3 -}}
{{- range $subset := list "canary" "stable" }}
{{- range $kind := list "safe" "unsent" }}
- name: {{ $service }}{{ $prefix | replace "/" "-" | trimSuffix "-" }}-{{ $subset }}-{{ $kind }}
  match:
    {{- $base := dict "uri" (dict "prefix" $prefix) }}
    {{- if eq $subset "canary" }}
    {{- $base = merge (dict "headers" (dict "canary" (dict "exact" "true"))) $base }}
    {{- end }}
    {{- if eq $kind "safe" }}
    - {{ merge (dict "method" (dict "regex" "GET|HEAD")) $base | toJson }}
    {{- $key := dict "idempotency-key" (dict "regex" ".+") }}
    - {{ merge (dict "headers" (merge $key (get $base "headers" | default dict))) $base | toJson }}
    {{- else }}
    - {{ $base | toJson }}
    {{- end }}
  route:
    - destination:
        host: {{ include "ecotrack-mesh.host" (list $root $service) }}
        port:
          number: 80
        subset: {{ $subset }}
  {{- with $removed }}
  headers:
    request:
      remove: {{ . | toJson }}
  {{- end }}
  timeout: {{ $root.Values.traffic.timeout }}
  retries:
    attempts: {{ $root.Values.traffic.retries.attempts }}
    perTryTimeout: {{ $root.Values.traffic.retries.perTryTimeout }}
    retryOn: {{ get $root.Values.traffic.retries $kind }}
{{- end }}
{{- end }}
{{- end }}
