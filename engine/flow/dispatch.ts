import { reasonOf } from '../errors.ts'
import { EffectFailure, type EffectHandler, type Log } from './adapter.ts'
import type { EffectType } from './effect.ts'
import type { EventInput, Payload } from './event.ts'

/** An effect that may leave: it is durable, and the outbox has released it. */
export type Departure = {
  readonly effect_id: number
  readonly type: EffectType
  readonly request: Payload
  /** 1 for the first. */
  readonly attempt: number
}

type Call = { readonly controller: AbortController; readonly type: EffectType }

/** Carries effects to their adapters and brings exactly one answer back for each, whatever the adapter does. */
export class Dispatch {
  readonly #handlers: ReadonlyMap<string, EffectHandler>
  readonly #deliver: (answer: EventInput) => void
  readonly #log: Log
  readonly #calls = new Map<number, Call>()
  #idle: (() => void)[] = []

  constructor(handlers: ReadonlyMap<string, EffectHandler>, deliver: (answer: EventInput) => void, log: Log) {
    this.#handlers = handlers
    this.#deliver = deliver
    this.#log = log
  }

  /** How many effects are out. */
  get count(): number {
    return this.#calls.size
  }

  send({ effect_id, type, request, attempt }: Departure): void {
    const handler = this.#handlers.get(type.name)
    if (handler === undefined) {
      const reason = `no adapter performs ${type.name}; add one to createEngine or to the config`
      this.#answer(type.failed.name, { effect_id, code: 'EFFECT_UNHANDLED', reason })
      return
    }
    const controller = new AbortController()
    const call: Call = { controller, type }
    this.#calls.set(effect_id, call)
    const timer = setTimeout(() => {
      this.#fail(
        call,
        effect_id,
        type,
        new EffectFailure('TIMEOUT', `no answer within ${type.deadline_ms} ms`, { transient: true }),
      )
      controller.abort()
    }, type.deadline_ms)
    controller.signal.addEventListener('abort', () => clearTimeout(timer))
    new Promise<Payload>((resolve) => resolve(handler(request, { effect_id, attempt, signal: controller.signal })))
      .then(
        (answer) => this.#finish(call, effect_id, type.done.name, { ...answer, effect_id }),
        (thrown: unknown) => this.#fail(call, effect_id, type, thrown),
      )
      .finally(() => clearTimeout(timer))
      .catch((thrown: unknown) => {
        // Only an answer that breaks its own schema ends here: the adapter is at fault, the effect must still end.
        this.#log.error({ effect_id, type: type.name, reason: reasonOf(thrown) }, 'an adapter gave an invalid answer')
        this.#answer(type.failed.name, { effect_id, code: 'ANSWER_INVALID', reason: reasonOf(thrown) })
      })
  }

  /** Resolves when nothing is out any more. */
  async drained(): Promise<void> {
    if (this.#calls.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Gives up what is still out without an answer: it stays open in the world and is taken up at the next start. */
  park(which: (type: EffectType) => boolean = () => true): void {
    for (const [effect_id, { type }] of [...this.#calls]) if (which(type)) this.#drop(effect_id, 'parked')
  }

  /** Ends an effect that is out, if it is: nobody waits for its answer any more. */
  drop(effect_id: number): void {
    this.#drop(effect_id, 'withdrawn')
  }

  #drop(effect_id: number, cause: 'parked' | 'withdrawn'): void {
    const call = this.#calls.get(effect_id)
    if (call === undefined) return
    this.#calls.delete(effect_id)
    call.controller.abort(new DOMException(`the effect was ${cause}`, { name: 'AbortError', cause }))
    this.#settled()
  }

  #fail(call: Call, effect_id: number, type: EffectType, thrown: unknown): void {
    const failure = thrown instanceof EffectFailure ? thrown : new EffectFailure('ADAPTER_THREW', reasonOf(thrown))
    const { code, transient, retry_after_ms } = failure
    const wait = retry_after_ms === undefined ? {} : { retry_after_ms }
    this.#finish(call, effect_id, type.failed.name, { effect_id, code, reason: failure.message, transient, ...wait })
  }

  /** Only the call that is still awaited may answer; a late one is dropped here. */
  #finish(call: Call, effect_id: number, type: string, payload: Payload): void {
    if (this.#calls.get(effect_id) !== call) return
    this.#calls.delete(effect_id)
    try {
      this.#answer(type, payload)
    } finally {
      this.#settled()
    }
  }

  #answer(type: string, payload: Payload): void {
    this.#deliver({ type, payload })
  }

  #settled(): void {
    if (this.#calls.size > 0) return
    const idle = this.#idle
    this.#idle = []
    for (const resume of idle) resume()
  }
}
