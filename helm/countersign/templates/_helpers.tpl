{{- define "countersign.labels" -}}
app.kubernetes.io/name: countersign
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "countersign.allLabels" -}}
{{ include "countersign.labels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* By digest where one is given: a tag can be moved, a digest cannot. */}}
{{- define "countersign.image" -}}
{{- $image := .image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The "restricted" Pod Security Standard. */}}
{{- define "countersign.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "countersign.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities: { drop: [ALL] }
{{- end }}

{{- define "countersign.dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels: { kubernetes.io/metadata.name: {{ .Values.dns.namespace }} }
      podSelector:
        matchLabels: {{ toJson .Values.dns.podLabels }}
  ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end }}

{{/* An address and a port. The node's metadata service is never among them, however wide the range. */}}
{{- define "countersign.egressTo" -}}
- to:
    - ipBlock:
        cidr: {{ .cidr }}
        {{- if eq .cidr "0.0.0.0/0" }}
        except: [169.254.0.0/16]
        {{- end }}
  ports: [{ port: {{ .port }}, protocol: TCP }]
{{- end }}

{{- define "countersign.redisUrl" -}}
valueFrom:
  secretKeyRef: { name: {{ .Values.redis.secretName }}, key: {{ .Values.redis.secretKey }} }
{{- end }}

{{- define "countersign.botMounts" -}}
- { name: secrets, mountPath: /etc/countersign/secrets, readOnly: true }
- { name: trust-root, mountPath: /etc/countersign/trust-root, readOnly: true }
- { name: state, mountPath: /var/lib/countersign }
- { name: tmp, mountPath: /tmp }
{{- end }}
