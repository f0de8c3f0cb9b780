/** A form by which a secret gives itself away, and what it is called. */
type Form = { readonly kind: string; readonly pattern: RegExp }

/** Each begins with a fixed text or a word, so that a text without any is passed over quickly. */
const forms: readonly Form[] = [
  { kind: 'private_key', pattern: /-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY/ },
  { kind: 'aws_key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { kind: 'github_token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})/ },
  { kind: 'gitlab_token', pattern: /\bglpat-[A-Za-z0-9_-]{20}/ },
  { kind: 'slack_token', pattern: /\bxox[abeprs]-[A-Za-z0-9-]{10}/ },
  { kind: 'openai_key', pattern: /\bsk-[A-Za-z0-9_-]{20}/ },
  { kind: 'google_key', pattern: /\bAIza[A-Za-z0-9_-]{35}/ },
  { kind: 'stripe_key', pattern: /\b[rs]k_live_[A-Za-z0-9]{16}/ },
  { kind: 'npm_token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { kind: 'web_token', pattern: /\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8}/ },
  { kind: 'url_password', pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{1,64}:[^\s:@/]{3,64}@/ },
  {
    kind: 'password',
    pattern:
      /\b(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token)["']?\s{0,3}[:=]\s{0,3}["']?(?=\S{0,63}\d)[^\s"'<>{}$]{8,64}/i,
  },
]

/** Found in every text that holds one of the forms; most texts have none of these. */
const hint =
  /BEGIN |AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|AIza|k_live_|npm_|eyJ|:\/\/[^\s/]{1,128}@|passw|pwd|secret|api[_-]?key|access[_-]?token/i

/** The kinds of secrets that a text seems to hold, in a fixed order; never the secrets. */
export function secretsIn(text: string): string[] {
  if (!hint.test(text)) return []
  return forms.filter(({ pattern }) => pattern.test(text)).map(({ kind }) => kind)
}
