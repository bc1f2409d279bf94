{{- define "countersign.botEnv" -}}
- { name: COUNTERSIGN_BOT_FORGE_URL, value: {{ .Values.forge.url | quote }} }
- { name: COUNTERSIGN_BOT_FORGE_TOKEN_FILE, value: /etc/countersign/secrets/forge-token }
- name: COUNTERSIGN_BOT_REDIS_URL
  {{- include "countersign.redisUrl" . | nindent 2 }}
- { name: COUNTERSIGN_BOT_WEBHOOK_SECRETS_FILE, value: /etc/countersign/secrets/webhook-secrets.json }
- { name: COUNTERSIGN_BOT_PROJECTS, value: {{ join "," .Values.projects | quote }} }
- { name: COUNTERSIGN_BOT_AGENTS_FILE, value: /etc/countersign/secrets/agents.json }
- { name: COUNTERSIGN_BOT_PUBLIC_URL, value: {{ .Values.publicUrl | quote }} }
- { name: COUNTERSIGN_BOT_BRANCH, value: {{ .Values.branch | quote }} }
- { name: COUNTERSIGN_BOT_MACHINE_ACCOUNTS, value: {{ join "," .Values.forge.machineAccounts | quote }} }
{{- with .Values.forge.commitEmail }}
- { name: COUNTERSIGN_BOT_COMMIT_EMAIL, value: {{ . | quote }} }
{{- end }}
{{- if .Values.bot.auditPages }}
- { name: COUNTERSIGN_BOT_AUDIT_PAGES_TOKEN_FILE, value: /etc/countersign/secrets/audit-pages-token }
{{- end }}
- { name: COUNTERSIGN_BOT_LISTEN_HOST, value: "0.0.0.0" }
- { name: COUNTERSIGN_BOT_LISTEN_PORT, value: {{ .Values.bot.port | quote }} }
- { name: COUNTERSIGN_BOT_STATE_DIR, value: /var/lib/countersign }
- { name: COUNTERSIGN_BOT_TRUST_ROOT_FILE, value: /etc/countersign/trust-root/allowed_signers }
- { name: COUNTERSIGN_BOT_TOKENS_KEY_FILE, value: /etc/countersign/secrets/tokens-key }
- { name: COUNTERSIGN_BOT_TOKENS_EPOCH, value: {{ .Values.tokensEpoch | quote }} }
{{- end }}

{{- define "countersign.runnerEnv" -}}
{{- $root := .root -}}
- { name: COUNTERSIGN_RUNNER_FORGE_URL, value: {{ $root.Values.forge.url | quote }} }
- { name: COUNTERSIGN_RUNNER_FORGE_TOKEN_FILE, value: /etc/countersign/secrets/forge-token }
- { name: COUNTERSIGN_RUNNER_BOT_ACCOUNT, value: {{ $root.Values.forge.botAccount | quote }} }
- { name: COUNTERSIGN_RUNNER_MACHINE_ACCOUNTS, value: {{ join "," $root.Values.forge.machineAccounts | quote }} }
- { name: COUNTERSIGN_RUNNER_PROJECTS, value: {{ join "," $root.Values.projects | quote }} }
- { name: COUNTERSIGN_RUNNER_ENVIRONMENTS, value: {{ .runner.environment | quote }} }
- { name: COUNTERSIGN_RUNNER_BRANCH, value: {{ $root.Values.branch | quote }} }
- name: COUNTERSIGN_RUNNER_REDIS_URL
  {{- include "countersign.redisUrl" $root | nindent 2 }}
- { name: COUNTERSIGN_RUNNER_STATE_DIR, value: {{ .runner.engine.folder }} }
- { name: COUNTERSIGN_RUNNER_SIGNING_KEY_FILE, value: /etc/countersign/secrets/signing-key }
- { name: COUNTERSIGN_RUNNER_TRUST_ROOT_FILE, value: /etc/countersign/trust-root/allowed_signers }
- { name: COUNTERSIGN_RUNNER_TOKENS_KEY_FILE, value: /etc/countersign/secrets/tokens-key }
- { name: COUNTERSIGN_RUNNER_TOKENS_EPOCH, value: {{ $root.Values.tokensEpoch | quote }} }
- { name: COUNTERSIGN_RUNNER_TARGETS_FILE, value: /etc/countersign/secrets/targets.json }
- { name: COUNTERSIGN_RUNNER_CONTAINER_SOCKET, value: {{ .runner.engine.socket }} }
- { name: COUNTERSIGN_RUNNER_HEARTBEATS, value: {{ $root.Values.heartbeats | quote }} }
{{- with $root.Values.timestamps }}
- { name: COUNTERSIGN_RUNNER_TSA_URL, value: {{ .url | quote }} }
- { name: COUNTERSIGN_RUNNER_TSA_CA_FILE, value: /etc/countersign/timestamps/ca.pem }
{{- end }}
{{- end }}
