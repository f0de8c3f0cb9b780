import type { EventInput, Payload } from './event.ts'

/** Structured logging, as the daemon or an embedder provides it. Never give it a secret. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** What an adapter is given to reach the world. */
export type Outside = {
  /** Offers an event. False when there is no room: keep it, or find it again later. An invalid one is logged and not worth keeping. */
  publish(event: EventInput): boolean
  /** Resolves with the tick at which the event is durable; waits while the ring is full. */
  ingest(event: EventInput): Promise<number>
  readonly log: Log
  /** Aborted when the engine stops. */
  readonly signal: AbortSignal
}

export type EffectCall = {
  readonly effect_id: number
  /** 1 for the first. */
  readonly attempt: number
  /** Aborted at the effect's deadline and when the engine stops. */
  readonly signal: AbortSignal
}

/**
 * Carries out one effect. Resolves with the payload of `<type>.done` without `effect_id`.
 * Throws `EffectFailure` when it could not; anything else thrown counts as a final failure with code `ADAPTER_THREW`.
 */
export type EffectHandler = (request: Payload, call: EffectCall) => Promise<Payload>

/** A neighbour of the world: asynchronous code that publishes events and answers effects. */
export type Adapter = {
  readonly name: string
  readonly effects?: { readonly [type: string]: EffectHandler }
  start?(outside: Outside): void | Promise<void>
  stop?(): void | Promise<void>
}

/** How a handler says that an effect failed. */
export class EffectFailure extends Error {
  override readonly name = 'EffectFailure'
  readonly code: string
  readonly transient: boolean
  readonly retry_after_ms: number | undefined

  /** @param code stable upper-snake code; @param reason one sentence without secrets */
  constructor(
    code: string,
    reason: string,
    options: { transient?: boolean; retry_after_ms?: number | undefined } = {},
  ) {
    super(reason)
    this.code = code
    this.transient = options.transient ?? false
    this.retry_after_ms = options.retry_after_ms
  }
}
