{{/*
A value that must be there: (list name value when).
*/}}
{{- define "waybill.required" -}}
{{- if not (index . 1) -}}
{{- fail (printf "%s: must be set %s" (index . 0) (index . 2)) -}}
{{- end -}}
{{- index . 1 -}}
{{- end -}}

{{/*
What no schema can say: values that must go together.
*/}}
{{- define "waybill.checks" -}}
{{- with .Values.drain -}}
{{- $least := add .preStopSeconds .timeoutSeconds 2 -}}
{{- if lt (int .graceSeconds) (int $least) -}}
{{- fail (printf "drain.graceSeconds: is %v, and preStopSeconds, timeoutSeconds and 2 s for the end are %v" .graceSeconds $least) -}}
{{- end -}}
{{- end -}}
{{- with .Values.fleet.autoscaling -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "fleet.autoscaling.minReplicas: is %v, more than maxReplicas, %v" .minReplicas .maxReplicas) -}}
{{- end -}}
{{- end -}}
{{- if .Values.telemetry.otlpMetrics -}}
{{- $_ := include "waybill.required" (list "telemetry.otlpEndpoint" .Values.telemetry.otlpEndpoint "with telemetry.otlpMetrics") -}}
{{- end -}}
{{- if .Values.ingress.enabled -}}
{{- $_ := include "waybill.required" (list "ingress.host" .Values.ingress.host "with ingress.enabled") -}}
{{- end -}}
{{- if .Values.gateway.enabled -}}
{{- $_ := include "waybill.required" (list "gateway.parentRefs" .Values.gateway.parentRefs "with gateway.enabled") -}}
{{- end -}}
{{- if and (contains "@" .Values.analytics.store.postgres.url) (regexMatch "//[^@/]*:[^@/]*@" .Values.analytics.store.postgres.url) -}}
{{- fail "analytics.store.postgres.url: has a password in it; name a secret in existingSecret instead" -}}
{{- end -}}
{{- if regexMatch "[?&]password=" .Values.analytics.store.postgres.url -}}
{{- fail "analytics.store.postgres.url: has a password in it; name a secret in existingSecret instead" -}}
{{- end -}}
{{- if and .Values.analytics.store.postgres.url (ne .Values.analytics.store.kind "postgres") -}}
{{- fail (printf "analytics.store.postgres.url: is set, and analytics.store.kind is %s" .Values.analytics.store.kind) -}}
{{- end -}}
{{- if and (not .Values.fullnameOverride) (gt (len .Release.Name) 42) -}}
{{- fail (printf "fullnameOverride: must be set, since the release's name has %d characters, more than 42" (len .Release.Name)) -}}
{{- end -}}
{{- end -}}
