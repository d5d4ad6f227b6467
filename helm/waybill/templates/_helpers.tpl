{{/*
Names. A release named R has objects named R-producer, R-fleet and R-analytics.
*/}}
{{- define "waybill.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name -}}
{{- end -}}

{{- define "waybill.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "waybill.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/*
The ports, by part.
*/}}
{{- define "waybill.ports" -}}
producer: {grpc: 8081, ops: 9081}
fleet: {grpc: 8082, ops: 9082}
analytics: {grpc: 8080, ops: 9080}
{{- end -}}

{{/*
Labels that select the pods of a part: (list $ part).
*/}}
{{- define "waybill.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ $.Values.nameOverride | default $.Chart.Name }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/*
Labels of the pods of a part: (list $ part). The chart's own version is not among them, or a new chart alone would replace all pods.
*/}}
{{- define "waybill.podLabels" -}}
{{- $ := index . 0 -}}
{{ include "waybill.selector" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
{{- with $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
Labels of any other object of a part: (list $ part).
*/}}
{{- define "waybill.labels" -}}
{{- $ := index . 0 -}}
{{ include "waybill.podLabels" . }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/*
The metadata of an object: (dict "root" $ "name" suffix "part" part "annotations" map "labels" map).
*/}}
{{- define "waybill.metadata" -}}
{{- $ := .root -}}
metadata:
  name: {{ include "waybill.fullname" $ }}{{ with .name }}-{{ . }}{{ end }}
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "waybill.labels" (list $ .part) | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with merge (dict) (.annotations | default dict) $.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/*
The label by which pods are known as clients.
*/}}
{{- define "waybill.clientLabel" -}}
{{ include "waybill.fullname" . }}-client: "true"
{{- end -}}

{{- define "waybill.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Where a part is called by another: all its pods, for clients that balance by themselves.
*/}}
{{- define "waybill.url" -}}
{{- $ := index . 0 -}}{{- $part := index . 1 -}}
{{- $ports := index (include "waybill.ports" $ | fromYaml) $part -}}
http://{{ include "waybill.fullname" $ }}-{{ $part }}-headless.{{ $.Release.Namespace }}.svc:{{ $ports.grpc }}
{{- end -}}

{{/*
What a container may not do, which is everything.
*/}}
{{- define "waybill.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "waybill.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/*
The settings file of a part: (list $ part own), where `own` is what the chart decides and nobody else.
*/}}
{{- define "waybill.settings" -}}
{{- $ := index . 0 -}}{{- $part := index . 1 -}}
{{- $ports := index (include "waybill.ports" $ | fromYaml) $part -}}
{{- $own := merge (dict
      "listen" (printf "0.0.0.0:%v" $ports.grpc)
      "ops_listen" (printf "0.0.0.0:%v" $ports.ops)
      "drain_timeout" (printf "%vs" $.Values.drain.timeoutSeconds)
    ) (index . 2) -}}
[{{ $part }}]
{{- range $name, $value := $own }}
{{ $name }} = {{ $value | quote }}
{{- end }}
{{- range $name, $value := (index $.Values $part).settings }}
{{ $name | replace "-" "_" }} = {{ ternary (int64 $value) $value (kindIs "float64" $value) | toString | quote }}
{{- end }}
{{- end -}}

{{/*
The ports of a URL, which may name several hosts, as a list for a NetworkPolicy: (list url default).
*/}}
{{- define "waybill.portsOf" -}}
{{- $ports := list -}}
{{- range regexReplaceAll "^[a-z]+://([^/?@]*@)?([^/?]*).*$" (index . 0) "${2}" | splitList "," -}}
{{- $ports = append $ports (dict "protocol" "TCP" "port" (regexFind ":[0-9]+$" . | trimPrefix ":" | default (index $ 1) | int)) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
