{{/*
The pods of a part: (dict "root" $ "part" part "settings" text "volumes" list "mounts" list).
*/}}
{{- define "waybill.pods" -}}
{{- $ := .root -}}{{- $values := index $.Values .part -}}
{{- $ports := index (include "waybill.ports" $ | fromYaml) .part -}}
metadata:
  labels:
    {{- include "waybill.podLabels" (list $ .part) | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Other settings are other pods.
    checksum/settings: {{ .settings | sha256sum }}
    {{- with merge (dict) $values.podAnnotations $.Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "waybill.serviceAccount" $ }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $.Values.drain.graceSeconds }}
  securityContext:
    {{- include "waybill.podSecurity" $ | nindent 4 }}
  {{- with $.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- with $values.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    - topologyKey: kubernetes.io/hostname
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "waybill.selector" (list $ .part) | nindent 10 }}
    {{- end }}
  containers:
    - name: {{ .part }}
      image: {{ include "waybill.image" $ }}
      imagePullPolicy: {{ $.Values.image.pullPolicy }}
      args: [{{ .part }}, --config, /etc/waybill/waybill.toml]
      securityContext:
        {{- include "waybill.containerSecurity" $ | nindent 8 }}
      env:
        {{- include "waybill.telemetry" (list $ .part) | nindent 8 }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: grpc, containerPort: {{ $ports.grpc }}, protocol: TCP}
        - {name: ops, containerPort: {{ $ports.ops }}, protocol: TCP}
      # Nothing of a peer's decides whether this process lives; what it waits for shows in its readiness.
      startupProbe:
        grpc: {port: {{ $ports.ops }}, service: liveness}
        periodSeconds: 1
        failureThreshold: 120
      livenessProbe:
        grpc: {port: {{ $ports.ops }}, service: liveness}
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        grpc: {port: {{ $ports.ops }}}
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 2
      {{- with $.Values.drain.preStopSeconds }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ . }}}
      {{- end }}
      {{- with $values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - {name: settings, mountPath: /etc/waybill, readOnly: true}
        {{- with .mounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: settings
      configMap:
        name: {{ include "waybill.fullname" $ }}-{{ .part }}
    {{- with .volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/*
Logs, traces and pushed metrics, by the variables that every OpenTelemetry program knows: (list $ part).
*/}}
{{- define "waybill.telemetry" -}}
{{- $ := index . 0 -}}
- name: WAYBILL_LOG
  value: {{ $.Values.logLevel | quote }}
{{- with $.Values.telemetry }}
{{- if .otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .otlpEndpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .sampleRatio | quote }}
{{- if .otlpMetrics }}
- name: OTEL_METRICS_EXPORTER
  value: otlp
- name: OTEL_METRIC_EXPORT_INTERVAL
  value: {{ mul .otlpMetricsIntervalSeconds 1000 | quote }}
{{- end }}
- name: POD_NAME
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: service.namespace={{ $.Release.Namespace }},service.instance.id=$(POD_NAME),k8s.pod.name=$(POD_NAME)
{{- with .existingSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: headers}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The settings of a part as a ConfigMap: (dict "root" $ "part" part "settings" text).
*/}}
{{- define "waybill.configMap" -}}
apiVersion: v1
kind: ConfigMap
{{ include "waybill.metadata" (dict "root" .root "name" .part "part" .part) }}
data:
  waybill.toml: |
    {{- .settings | nindent 4 }}
{{- end -}}

{{/*
The claim of a part's data volume: (list $ part).
*/}}
{{- define "waybill.claims" -}}
{{- $ := index . 0 -}}{{- $persistence := (index $.Values (index . 1)).persistence -}}
{{- if $persistence.enabled -}}
persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: data
      {{- with $persistence.annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with $persistence.storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests: {storage: {{ $persistence.size }}}
{{- end }}
{{- end -}}

{{/*
A data volume that ends with its pod, where there is no claim: a list of volumes.
*/}}
{{- define "waybill.dataVolume" -}}
{{- if not .persistence.enabled }}
- name: data
  emptyDir: {}
{{- end }}
{{- end -}}
