import { reasonOf } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'

/** Errors of the network that come before anything has left. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether a request that failed so can never have arrived. */
export function neverLeft(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  const codes = [thrown, cause, ...(cause instanceof AggregateError ? cause.errors : [])].map(codeOf)
  return codes.some((code) => unsent.has(code) || /^(CERT_|ERR_TLS|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)/.test(code))
}

function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** What was asked, for sentences: `to read the channel 12`. */
export type Asking = { readonly what: string; readonly token: string; readonly token_name: string }

/**
 * What a failed request means for the effect. `thrown` is an `EffectFailure`, an error of the package (told by what it
 * carries), or one of the network. The token stands in no reason.
 */
export function failureOf(thrown: unknown, { what, token, token_name }: Asking): EffectFailure {
  if (thrown instanceof EffectFailure) return thrown
  const { status, retryAfter, sublimitTimeout } = (thrown ?? {}) as {
    status?: unknown
    retryAfter?: unknown
    sublimitTimeout?: unknown
  }
  if (typeof retryAfter === 'number') {
    const retry_after_ms = Math.ceil(Math.max(retryAfter, Number(sublimitTimeout ?? 0)))
    const reason = `Discord asks to wait ${Math.ceil(retry_after_ms / 1_000)} s before it lets us ${what}`
    return new EffectFailure('DISCORD_RATE_LIMITED', reason, { transient: true, retry_after_ms })
  }
  const said = scrubbed(reasonOf(thrown), token)
  if (typeof status === 'number' && status >= 400 && status < 500) return refusal(status, { what, said, token_name })
  const why = typeof status === 'number' ? `it answered ${status}` : causeOf(thrown, token) || said
  return new EffectFailure('DISCORD_AWAY', `Discord could not be asked ${what}: ${why}`, { transient: true })
}

type Refused = { readonly what: string; readonly said: string; readonly token_name: string }

function refusal(status: number, { what, said, token_name }: Refused): EffectFailure {
  // What is said about a token that is wrong may hold parts of it.
  if (status === 401) return new EffectFailure('DISCORD_AUTH', `Discord does not accept the token from ${token_name}`)
  if (status === 403) return new EffectFailure('DISCORD_FORBIDDEN', `the bot is not allowed ${what}: ${said}`)
  if (status === 404) return new EffectFailure('DISCORD_MISSING', `there is nothing ${what}: ${said}`)
  if (status === 408 || status === 429) {
    return new EffectFailure('DISCORD_RATE_LIMITED', `Discord is too busy ${what}: ${said}`, { transient: true })
  }
  return new EffectFailure('DISCORD_REFUSED', `Discord refused ${what} (${status}): ${said}`)
}

/** The network hides what happened one level down. */
function causeOf(thrown: unknown, token: string): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return cause instanceof Error ? scrubbed(cause.message || codeOf(cause), token) : ''
}

function scrubbed(text: string, token: string): string {
  return text.replaceAll(token, '***').replaceAll(/\s+/g, ' ').slice(0, 300)
}
