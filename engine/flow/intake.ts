import { assert, EngineError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Health } from '../options.ts'
import type { Log, Outside, View } from './adapter.ts'
import { ClockSet, EffectsHeld, EngineStarted, type Event, type EventInput, type EventType } from './event.ts'
import { Inbox, type Parcel } from './inbox.ts'
import type { Ring } from './ring.ts'
import { untilAborted } from './waiting.ts'

/** What the intake asks of the engine around it. */
export type IntakeHost = {
  health(): Health
  wake(): void
  clock(): number
  committed(listener: (tick: number) => void): () => void
  readonly view: View
  readonly signal: AbortSignal
  readonly log: Log
}

/** Time, who writes the journal, and what never left, are nobody else's to say. */
const ownTypes = new Set([ClockSet.name, EngineStarted.name, EffectsHeld.name])

/** Every way in: answers to effects, the library's, and a ring for each adapter. */
export class Intake {
  readonly #host: IntakeHost
  readonly #inbox: Inbox
  readonly #answers: Ring<Parcel>
  readonly #library: Ring<Parcel>
  /** Events refused at the edge. */
  refused = 0

  constructor(types: readonly EventType[], limits: Limits, answersMax: number, host: IntakeHost) {
    this.#host = host
    this.#inbox = new Inbox(types, limits)
    this.#answers = this.#inbox.ring(answersMax)
    this.#library = this.#inbox.ring()
  }

  /** Compiles the schemas that no event has needed yet. @throws EngineError SCHEMA_INVALID */
  compile(): void {
    this.#inbox.compile()
  }

  /** How many events wait. */
  get count(): number {
    return this.#inbox.count
  }

  /** @param usual bytes from which on the batch is full enough */
  drain(into: Parcel[], usual?: number): void {
    this.#inbox.drain(into, usual)
  }

  /** An event of the engine's own, not through a ring. */
  own(input: EventInput): Parcel {
    return this.#inbox.parcel(input, 'engine', this.#host.clock())
  }

  /** An event that has been taken in before. */
  again(event: Event): Parcel {
    return this.#inbox.again(event)
  }

  /** False when there is no room. @throws EngineError EVENT_TYPE_UNKNOWN, EVENT_INVALID, EVENT_TOO_LARGE */
  publish(input: EventInput, ring: Ring<Parcel> = this.#library, source = 'library'): boolean {
    if (this.#host.health() !== 'ok' || ring.full) return false
    ring.push(this.#parcel(input, source))
    this.#host.wake()
    return true
  }

  /** Resolves when `publish` would take an event. @throws EngineError ENGINE_STATE when it never will */
  async room(ring: Ring<Parcel> = this.#library, signal?: AbortSignal): Promise<void> {
    while (this.#waits(ring)) await untilAborted(this.#inbox.room(), signal)
    this.#assertOpen()
  }

  /** Resolves with the tick at which the event is durable; waits while the ring is full. */
  async ingest(
    input: EventInput,
    {
      ring = this.#library,
      source = 'library',
      signal,
    }: { ring?: Ring<Parcel>; source?: string; signal?: AbortSignal } = {},
  ): Promise<number> {
    signal?.throwIfAborted()
    while (this.#waits(ring)) await untilAborted(this.#inbox.room(), signal)
    this.#assertOpen()
    const durable = new Promise<number>((resolve, reject) => {
      ring.push(this.#parcel(input, source, { resolve, reject }))
      this.#host.wake()
    })
    return untilAborted(durable, signal)
  }

  /** Resolves when all that was published so far is durable. @throws EngineError the reason why it never will be */
  flushed(ring: Ring<Parcel> = this.#library): Promise<void> {
    return this.#inbox.flushed(ring)
  }

  /** All that has been drained so far is durable. */
  committed(): void {
    this.#inbox.committed()
  }

  /** The answer to an effect; there is always room for it. Its id comes from the effect's, so it is the same in every run. */
  answer(input: EventInput): void {
    const id = `${input.type}:${input.payload['effect_id']}`
    const parcel = this.#parcel({ ...input, id }, 'effect')
    assert(this.#answers.push(parcel), 'INBOX_FULL', 'more answers than effects can be out', input.type)
    this.#host.wake()
  }

  /** Nothing more is taken in: whoever waits for an event to become durable learns why it never will. */
  close(reason: EngineError): void {
    const left: Parcel[] = []
    do {
      left.length = 0
      this.#inbox.drain(left)
      for (const parcel of left) parcel.waiting?.reject(reason)
    } while (left.length > 0)
    this.#inbox.close(reason)
  }

  /** What an adapter is given. An invalid event of an adapter's is logged and counted: offering it again is no use. */
  outside(name: string): Outside {
    const ring = this.#inbox.ring()
    return {
      publish: (input) => {
        try {
          return this.publish(input, ring, name)
        } catch (thrown) {
          if (!(thrown instanceof EngineError)) throw thrown
          this.#host.log.warn({ adapter: name, code: thrown.code, type: input.type }, thrown.message)
          return true
        }
      },
      ingest: (input) => this.ingest(input, { ring, source: name }),
      room: () => this.room(ring),
      flushed: () => this.flushed(ring),
      view: this.#host.view,
      committed: (listener) => this.#host.committed(listener),
      log: this.#host.log,
      signal: this.#host.signal,
    }
  }

  #waits(ring: Ring<Parcel>): boolean {
    return ring.full || this.#host.health() === 'store_full'
  }

  #assertOpen(): void {
    const health = this.#host.health()
    assert(health === 'ok', 'ENGINE_STATE', `the engine is ${health} and takes nothing in`)
  }

  #parcel(input: EventInput, source: string, waiting?: Parcel['waiting']): Parcel {
    try {
      assert(!ownTypes.has(input.type), 'EVENT_TYPE_UNKNOWN', `${input.type} is the engine's own to say`, input.type)
      const ts = input.ts === undefined ? this.#host.clock() : 0
      return this.#inbox.parcel(input, source, ts, waiting)
    } catch (thrown) {
      this.refused++
      throw thrown
    }
  }
}
