import { randomUUID } from 'node:crypto'
import { EngineError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { type Check, compileSchema } from '../schema.ts'
import { wallClock } from './clock.ts'
import type { Event, EventInput, EventType } from './event.ts'
import { Ring } from './ring.ts'

/** An event at rest in a ring: as the systems will see it, and as the journal will hold it. */
export type Parcel = {
  readonly event: Event
  readonly text: string
  /** Who waits for it to be durable: told the tick, or why it never will be. */
  readonly waiting: { resolve(tick: number): void; reject(reason: EngineError): void } | undefined
}

/**
 * The edge of the world. Every event is checked against its schema here, once, and turned into JSON and back:
 * what the systems hear is what the journal holds, and the publisher's object is not kept.
 */
export class Inbox {
  readonly #rings: Ring<Parcel>[] = []
  readonly #checks = new Map<string, Check>()
  readonly #limits: Limits
  #waiting: (() => void)[] = []

  constructor(types: readonly EventType[], limits: Limits) {
    this.#limits = limits
    for (const type of types) this.#checks.set(type.name, compileSchema(type.schema, `payload of ${type.name}`))
  }

  /** A new ring; rings are drained in the order in which they were made. */
  ring(limit: number = this.#limits.inbox_max): Ring<Parcel> {
    const ring = new Ring<Parcel>(limit)
    this.#rings.push(ring)
    return ring
  }

  /** @throws EngineError EVENT_TYPE_UNKNOWN, EVENT_INVALID, EVENT_TOO_LARGE */
  parcel(input: EventInput, source: string, waiting?: Parcel['waiting']): Parcel {
    const check = this.#checks.get(input.type)
    if (check === undefined) {
      throw new EngineError('EVENT_TYPE_UNKNOWN', `no event type ${input.type} was given to createEngine`, {
        value: input.type,
      })
    }
    const problems = check(input.payload)
    if (problems.length > 0) {
      const [first] = problems
      throw new EngineError('EVENT_INVALID', `${input.type}: ${first?.path || 'payload'} ${first?.message}`, {
        value: problems,
      })
    }
    const text = JSON.stringify({
      id: input.id ?? randomUUID(),
      ts: input.ts ?? wallClock(),
      type: input.type,
      source: input.source ?? { kind: source },
      payload: input.payload,
    })
    if (text.length > this.#limits.event_bytes_max) {
      throw new EngineError(
        'EVENT_TOO_LARGE',
        `${input.type} has ${text.length} bytes; ${this.#limits.event_bytes_max} are allowed`,
        {
          value: text.length,
        },
      )
    }
    return { event: JSON.parse(text) as Event, text, waiting }
  }

  /** How many events wait. */
  get count(): number {
    let count = 0
    for (const ring of this.#rings) count += ring.count
    return count
  }

  /**
   * Takes at most `batch_max` events and `batch_bytes_max` bytes, ring by ring in their fixed order. Each ring first
   * gets an equal share, so a flood in one cannot hold back the others.
   */
  drain(into: Parcel[]): void {
    const { batch_max, batch_bytes_max } = this.#limits
    const share = Math.max(1, Math.floor(batch_max / this.#rings.length))
    let bytes = 0
    for (const most of [share, batch_max]) {
      for (const ring of this.#rings) {
        for (let taken = 0; taken < most && into.length < batch_max && bytes < batch_bytes_max; taken++) {
          const parcel = ring.shift()
          if (parcel === undefined) break
          bytes += parcel.text.length
          into.push(parcel)
        }
      }
    }
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  /** Resolves after the next drain. */
  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
