import { assert } from '../../engine/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { type ProfileName, profileAt, profileNames, profiles } from './profiles.ts'

export type OpenaiOptions = {
  /** Where the API begins, for instance `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`. */
  readonly base_url: string
  /** Asked for when a request names no other. */
  readonly model: string
  /** Leave it out for servers that need none. */
  readonly api_key?: string | undefined
  /** What a failure tells the operator to check, for instance `env:OPENAI_API_KEY`. Default: the option's name. */
  readonly api_key_name?: string
  /** What kind of server it is. Default: as its address says; what it refuses is learned in any case. */
  readonly profile?: ProfileName
  /**
   * Hears the text of answers while it comes, with the id of its `llm.chat`; one that comes whole is heard whole. When an
   * attempt fails in the middle, the next one begins anew.
   */
  readonly onDelta?: (effect_id: number, text: string) => void
  /** Whether answers are streamed, which lets the first byte come early. Default true. */
  readonly stream?: boolean
  /** Deadline from the request to the first byte of the answer's body, in milliseconds. Default 30,000; unstreamed `total_ms`. */
  readonly first_byte_ms?: number
  /** Longest silence within an answer, in milliseconds. Default 30,000. */
  readonly idle_ms?: number
  /** Deadline for the whole answer, in milliseconds. Default 120,000. */
  readonly total_ms?: number
  /** Largest answer, in bytes of UTF-8. Default 1 MiB. */
  readonly answer_bytes_max?: number
  /** Longest wait within which a call is tried again, in milliseconds; who asks for more gets DEFERRED. Default 120,000. */
  readonly retry_after_max_ms?: number
  readonly temperature?: number
  /** Whether the endpoint may be asked for answers of a JSON Schema; it is found out when it cannot. Default true. */
  readonly json_schema?: boolean
  /** The model that `llm.embed` is answered by; without one this adapter does not answer it. */
  readonly embed_model?: string
  /** Dimensions that are asked for and insisted on; without them, as many as the model gives. */
  readonly embed_dimensions?: number
}

/** The longest time a timer can hold. */
const timeMax = 2_147_483_647

/** Checks options and fills in defaults. Messages never hold the key, nor a URL that may. @throws EngineError ADAPTER_OPTION */
export function endpointOf(options: OpenaiOptions): Endpoint {
  const total_ms = ranged(options, 'total_ms', 120_000, 1, timeMax - 60_000)
  const stream = options.stream ?? true
  const { temperature, embed_model, embed_dimensions } = options
  assert(options.model !== '', 'ADAPTER_OPTION', 'model must name a model')
  assert(embed_model !== '', 'ADAPTER_OPTION', 'embed_model must name a model')
  assert(
    embed_dimensions === undefined ||
      (Number.isInteger(embed_dimensions) && embed_dimensions >= 1 && embed_dimensions <= 8192),
    'ADAPTER_OPTION',
    'embed_dimensions must be a whole number from 1 to 8192',
    embed_dimensions,
  )
  assert(
    temperature === undefined || (temperature >= 0 && temperature <= 2),
    'ADAPTER_OPTION',
    'temperature must lie between 0 and 2',
    temperature,
  )
  const base_url = checkedUrl(options.base_url)
  const { profile } = options
  const known = profile === undefined || profileNames.includes(profile)
  assert(known, 'ADAPTER_OPTION', `profile must be one of ${profileNames.join(', ')}`, profile)
  return {
    base_url,
    profile: profile === undefined ? profileAt(base_url) : profiles[profile],
    model: options.model,
    api_key: checkedKey(options.api_key),
    api_key_name: options.api_key_name ?? "the adapter's api_key",
    stream,
    json_schema: options.json_schema ?? true,
    temperature,
    embed_model,
    embed_dimensions,
    first_byte_ms: ranged(options, 'first_byte_ms', stream ? 30_000 : total_ms, 1, timeMax),
    idle_ms: ranged(options, 'idle_ms', 30_000, 1, timeMax),
    total_ms,
    answer_bytes_max: ranged(options, 'answer_bytes_max', 1_048_576, 1, 268_435_456),
    retry_after_max_ms: ranged(options, 'retry_after_max_ms', 120_000, 0, timeMax),
  }
}

type Numeric = 'first_byte_ms' | 'idle_ms' | 'total_ms' | 'answer_bytes_max' | 'retry_after_max_ms'

function ranged(options: OpenaiOptions, name: Numeric, usual: number, least: number, most: number): number {
  const value = options[name] ?? usual
  assert(value >= least && value <= most, 'ADAPTER_OPTION', `${name} must lie between ${least} and ${most}`, value)
  return value
}

function checkedUrl(base_url: string): string {
  const url = URL.canParse(base_url) ? new URL(base_url) : undefined
  const http = url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')
  assert(http, 'ADAPTER_OPTION', 'base_url must begin with http:// or https://')
  assert(url.username === '' && url.password === '', 'ADAPTER_OPTION', 'base_url must hold no password: use api_key')
  assert(url.search === '' && url.hash === '', 'ADAPTER_OPTION', 'base_url must end with a path, without ? or #')
  return url.href.replace(/\/+$/, '')
}

function checkedKey(api_key: string | undefined): string {
  const key = (api_key ?? '').trim()
  assert(/^[\x21-\x7e]*$/.test(key), 'ADAPTER_OPTION', 'api_key holds a character that no header can carry')
  return key
}
