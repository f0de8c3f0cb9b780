import { EffectFailure } from '../../engine/flow/adapter.ts'
import { type Endpoint, failure, scrubbed } from './endpoint.ts'

/** An HTTP status that is no answer, with what the far side said about it. */
export class StatusFailure extends EffectFailure {
  readonly status: number
  /** Lower-case, scrubbed. */
  readonly said: string

  constructor(status: number, said: string, kind: EffectFailure) {
    super(kind.code, kind.message, { transient: kind.transient, retry_after_ms: kind.retry_after_ms })
    this.status = status
    this.said = said.toLowerCase()
  }
}

const contextTooLong =
  /context[ _-]?(?:length|window|size)|maximum context|too many tokens|(?:prompt|input|request) (?:is )?too (?:long|large)|n_ctx|max(?:imum)?[ _](?:input|prompt)[ _]tokens|maximum number of tokens/i
/** A wait that was asked for is believed up to this long: the longest that a timer holds. */
const waitMax_ms = 2_147_483_647
/** An account that is spent is not tried again before an hour has passed. */
const spentWait_ms = 3_600_000
const spent = /insufficient_quota|billing_hard_limit|exceeded your current quota/i
const noAccess = /model_not_found|access to (?:the )?model/i
const refused = /moderation|flagged|content[ _](?:filter|management policy|policy)|responsible ai/i
const transientStatuses = new Set([408, 409, 425])

/** What an HTTP status other than success means for the effect. */
export function failureOfStatus(endpoint: Endpoint, status: number, headers: Headers, body: string): StatusFailure {
  const said = scrubbed(messageIn(body), endpoint.api_key)
  return new StatusFailure(status, said, kindOf(endpoint, status, headers, said))
}

function kindOf(endpoint: Endpoint, status: number, headers: Headers, said: string): EffectFailure {
  const { base_url, model, api_key_name } = endpoint
  const quoted = said === '' ? '' : `: ${said}`
  const asked_ms = retryAfter(headers, waitMax_ms, Date.now())
  if (status === 403 && noAccess.test(said)) {
    return failure(endpoint, 'BAD_REQUEST', `${base_url} does not let this key use ${model} (403)${quoted}`)
  }
  if (status === 403 && refused.test(said)) {
    return failure(endpoint, 'REFUSED', `${base_url} refused the content (403)${quoted}`)
  }
  if (status === 401 || status === 403) {
    // What the far side says here may hold parts of the key, so it is not repeated.
    return failure(endpoint, 'AUTH', `${base_url} refused the key (${status}): check ${api_key_name}`)
  }
  if (status === 429 && spent.test(said)) {
    const retry_after_ms = Math.max(asked_ms ?? 0, spentWait_ms)
    return failure(endpoint, 'DEFERRED', `the account at ${base_url} is used up (429)${quoted}`, { retry_after_ms })
  }
  // Some servers count a prompt that is too long as their own failure.
  if (status === 413 || (status <= 500 && status !== 429 && contextTooLong.test(said))) {
    return failure(endpoint, 'CONTEXT_TOO_LONG', `the request is too long for ${model} (${status})${quoted}`)
  }
  if (status === 429 || status >= 500 || transientStatuses.has(status)) {
    return busy(endpoint, status, quoted, asked_ms)
  }
  if (refused.test(said)) return failure(endpoint, 'REFUSED', `${base_url} refused the content (${status})${quoted}`)
  const hint =
    status === 404 ? `does not know the model ${model}, or base_url is wrong` : `refused a request for ${model}`
  return failure(endpoint, 'BAD_REQUEST', `${base_url} ${hint} (${status})${quoted}`)
}

/** A far side that cannot answer now: tried again after the time it asks for, or put off when that is too long to wait. */
function busy(endpoint: Endpoint, status: number, quoted: string, asked_ms: number | undefined): EffectFailure {
  const what = `${endpoint.base_url} ${status === 429 ? 'asks to slow down' : 'failed'}`
  if (asked_ms !== undefined && asked_ms > endpoint.retry_after_max_ms) {
    const reason = `${what} and asks to wait ${Math.round(asked_ms / 1000)} s (${status})${quoted}`
    return failure(endpoint, 'DEFERRED', reason, { retry_after_ms: asked_ms })
  }
  const code = status === 429 ? 'RATE_LIMITED' : 'SERVER'
  return failure(endpoint, code, `${what} (${status})${quoted}`, { transient: true, retry_after_ms: asked_ms })
}

/** The sentence in an error's body; servers nest it in several ways. */
function messageIn(body: string): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    // An error page is not worth quoting; a short plain line is.
    return body.includes('<') ? '' : body.slice(0, 300)
  }
  return sentences(parsed, 0).join(' ')
}

function sentences(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return depth === 0 ? [value] : []
  if (typeof value !== 'object' || value === null || depth > 3) return []
  const found: string[] = []
  for (const [key, inner] of Object.entries(value).slice(0, 16)) {
    const speaks = key === 'message' || key === 'code' || key === 'detail' || key === 'error' || key === 'type'
    if (speaks && typeof inner === 'string') found.push(inner)
    else found.push(...sentences(inner, depth + 1))
  }
  return found
}

/** How long the far side asks us to wait: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date; capped. */
export function retryAfter(headers: Headers, max_ms: number, now_ms: number): number | undefined {
  const exact = headers.get('retry-after-ms')
  const coarse = headers.get('retry-after')
  let wait_ms = Number.NaN
  if (exact !== null && exact.trim() !== '') wait_ms = Number(exact)
  if (!Number.isFinite(wait_ms) && coarse !== null && coarse.trim() !== '') {
    wait_ms = /^[\d.]+$/.test(coarse.trim()) ? Number(coarse) * 1000 : Date.parse(coarse) - now_ms
  }
  return Number.isFinite(wait_ms) ? Math.min(max_ms, Math.max(0, Math.round(wait_ms))) : undefined
}

/** Codes of bytes that arrived and cannot be read: wrong compression, wrong HTTP. */
const unreadable = /^(?:Z_|ZSTD_|ERR_+(?:ERROR|BROTLI|PADDING)|HPE_|UND_ERR_(?:HEADERS_OVERFLOW|RES_))/

/** What it means that asking or reading threw: a broken connection, or an answer that cannot be read. */
export function failureOfThrown(endpoint: Endpoint, thrown: unknown): EffectFailure {
  if (thrown instanceof EffectFailure) return thrown
  const chain = causes(thrown)
  const { message } = chain.at(-1) ?? { message: String(thrown) }
  // An error that the far side put into its stream is the one kind that carries its own data.
  if (thrown instanceof Error && 'error' in thrown && thrown.error !== undefined) return badResponse(endpoint, message)
  const code = chain.map((cause) => cause.code).find((found) => typeof found === 'string') ?? ''
  const broken =
    code !== '' || chain.some((cause) => cause.message === 'fetch failed' || cause.message === 'terminated')
  const what = message.includes(code) ? message : `${code} ${message}`
  const garbled = unreadable.test(code) || chain.some((cause) => cause.name === 'HTTPParserError')
  if (!broken || garbled) return badResponse(endpoint, what)
  return failure(endpoint, 'NETWORK', `${endpoint.base_url} cannot be reached: ${what}`, { transient: true })
}

/** An answer that is none: worth one more try, since a proxy in between may have spoken. */
export function badResponse(endpoint: Endpoint, what: string): EffectFailure {
  return failure(endpoint, 'BAD_RESPONSE', `${endpoint.base_url} gave no usable answer: ${what}`, { transient: true })
}

type Cause = { readonly name: string; readonly message: string; readonly code: unknown }

function causes(thrown: unknown): Cause[] {
  const chain: Cause[] = []
  let at = thrown
  while (at instanceof Error && chain.length < 8) {
    // A host with several addresses reports one error for each; the first tells enough.
    const error: Error = at instanceof AggregateError && at.errors[0] instanceof Error ? at.errors[0] : at
    chain.push({ name: error.name, message: error.message, code: 'code' in error ? error.code : undefined })
    at = error.cause
  }
  return chain
}
