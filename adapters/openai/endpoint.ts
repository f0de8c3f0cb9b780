import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { Profile } from './profiles.ts'

/** Where and how a model is asked: the checked options of the adapter. Times in milliseconds. */
export type Endpoint = {
  readonly base_url: string
  readonly model: string
  /** Empty when the endpoint needs none. */
  readonly api_key: string
  /** Where the operator finds the key, for reasons: never the key. */
  readonly api_key_name: string
  readonly profile: Profile
  readonly stream: boolean
  readonly json_schema: boolean
  readonly temperature: number | undefined
  readonly embed_model: string | undefined
  readonly embed_dimensions: number | undefined
  readonly first_byte_ms: number
  readonly idle_ms: number
  readonly total_ms: number
  readonly answer_bytes_max: number
  readonly retry_after_max_ms: number
}

const reasonLengthMax = 400
/** Shapes of keys that a far side may echo, beside the one we sent. */
const keyShapes = /\b(?:sk|pk|rk|key|api)-[\w*-]{6,}|\bBearer\s+\S+/gi

/** One line without the key, or anything shaped like one, and of bounded length. */
export function scrubbed(text: string, key: string): string {
  let clean = text.slice(0, 4 * reasonLengthMax + key.length)
  // A key of a few characters is a placeholder, and replacing it would garble the sentence.
  if (key.length >= 4) for (const form of [key, encodeURIComponent(key)]) clean = clean.replaceAll(form, '[key]')
  clean = clean
    .replace(keyShapes, '[key]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .toWellFormed()
  return clean.length <= reasonLengthMax ? clean : `${clean.slice(0, reasonLengthMax - 1).toWellFormed()}…`
}

/** A failure whose reason is safe to show. */
export function failure(
  endpoint: Pick<Endpoint, 'api_key'>,
  code: string,
  reason: string,
  options: { transient?: boolean; retry_after_ms?: number | undefined } = {},
): EffectFailure {
  return new EffectFailure(code, scrubbed(reason, endpoint.api_key), options)
}
