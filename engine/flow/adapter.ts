import type { World } from '../world/world.ts'
import type { EventInput, Payload } from './event.ts'

/** Structured logging, as the daemon or an embedder provides it. Never give it a secret. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * The world between two ticks and its records, for looking only. While a tick is being made durable it shows that
 * tick already; after a failure it may show half of one, so what must be durable is counted by `committed`.
 */
export type View = {
  readonly world: World
  readonly tick: number
  readonly now_ms: number
  /** A record's text, or undefined when there is none. @throws EngineError RECORD_DAMAGED */
  read(table: string, id: number): string | undefined
}

/** What an adapter is given to reach the world. */
export type Outside = {
  /** Offers an event. False when there is no room: keep it, or find it again later. An invalid one is logged and not worth keeping. */
  publish(event: EventInput): boolean
  /** Resolves with the tick at which the event is durable; waits while the ring is full. */
  ingest(event: EventInput): Promise<number>
  /** Resolves when the adapter's ring has room for another event: what a bulk loader awaits when `publish` says false. */
  room(): Promise<void>
  /** Resolves when all that the adapter has published so far is durable. */
  flushed(): Promise<void>
  readonly view: View
  /**
   * Hears every journaled tick once it is durable: before its effects leave, before the listeners to its events, and
   * before the next tick. Returns the way to stop. One that throws is logged and the world goes on.
   */
  committed(listener: (tick: number) => void): () => void
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
  /** Ticks begin when all adapters have started: wait for none in here, so not for `ingest`, `room` or `flushed`. */
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

/** Whether an effect was aborted because its engine stops: it is taken up again by the next run, so nothing is undone. */
export function isParked(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof DOMException && signal.reason.cause === 'parked'
}
