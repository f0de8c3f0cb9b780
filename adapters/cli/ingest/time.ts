/** A time as it was given, made milliseconds since 1970; with a code where it had to be read as something else. */
export type TimeRead =
  | { readonly ts: number; readonly code: '' | 'TIME_SECONDS' | 'TIME_MICROSECONDS' | 'TIME_TEXT' | 'TIME_ROUNDED' }
  | { readonly ts: undefined; readonly code: 'TIME_INVALID' | 'TIME_PAST' | 'TIME_FUTURE'; readonly reason: string }

const ahead_max_ms = 86_400_000
/** A number between these, taken as milliseconds, is a day of 1970 to 1973; taken as seconds, one of 1973 to 5138. */
const seconds_min = 1e8
const seconds_max = 1e11
/** Beyond these a number is a day after 9999 in milliseconds, in microseconds: it is one since 1978 in the next finer unit. */
const micros_min = 2.6e14
const nanos_min = 2.6e17

const unknown: TimeRead = { ts: 0, code: '' }

/**
 * Reads the time of an event. Missing or 0 is unknown. Milliseconds are meant; what can only be seconds, microseconds,
 * nanoseconds or a date in words is converted and said. Before 1970, and more than a day ahead, nothing can have happened.
 */
export function readTime(value: unknown, now_ms: number): TimeRead {
  if (value === undefined || value === null || value === 0) return unknown
  if (typeof value === 'string') return ofText(value, now_ms)
  if (typeof value !== 'number' || !Number.isFinite(value)) return invalid(value)
  return ofNumber(value, now_ms)
}

function ofNumber(value: number, now_ms: number): TimeRead {
  if (value < 0) return { ts: undefined, code: 'TIME_PAST', reason: `ts ${value} is before 1970; give 0 for unknown` }
  if (value >= seconds_min && value < seconds_max) return within(Math.floor(value * 1000), 'TIME_SECONDS', now_ms)
  if (value >= nanos_min) return within(Math.floor(value / 1e6), 'TIME_MICROSECONDS', now_ms)
  if (value >= micros_min) return within(Math.floor(value / 1000), 'TIME_MICROSECONDS', now_ms)
  return within(Math.floor(value), Number.isInteger(value) ? '' : 'TIME_ROUNDED', now_ms)
}

function ofText(text: string, now_ms: number): TimeRead {
  const trimmed = text.trim()
  if (trimmed === '') return { ts: 0, code: 'TIME_TEXT' }
  if (/^-?\d{5,}(\.\d+)?$/.test(trimmed)) {
    const read = ofNumber(Number(trimmed), now_ms)
    return read.ts === undefined ? read : { ts: read.ts, code: 'TIME_TEXT' }
  }
  const ms = /^\d{4}-\d\d(-\d\d)?([T ]|$)/.test(trimmed) ? Date.parse(trimmed) : Number.NaN
  if (Number.isNaN(ms)) return invalid(text)
  if (ms < 0)
    return { ts: undefined, code: 'TIME_PAST', reason: `ts ${shown(text)} is before 1970; give 0 for unknown` }
  return within(ms, 'TIME_TEXT', now_ms)
}

function within(ts: number, code: (TimeRead & { ts: number })['code'], now_ms: number): TimeRead {
  if (ts <= now_ms + ahead_max_ms) return { ts, code }
  return { ts: undefined, code: 'TIME_FUTURE', reason: `ts ${ts} lies more than a day ahead; give 0 for unknown` }
}

function invalid(value: unknown): TimeRead {
  const reason = `ts ${shown(value)} is no time; give milliseconds since 1970, or 0 for unknown`
  return { ts: undefined, code: 'TIME_INVALID', reason }
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value).slice(0, 60)
}
