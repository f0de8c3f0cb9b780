import { nodeCrypto } from '../crypto.ts'
import { EngineError, reasonOf } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { checkLater, type JsonSchema, type LateCheck } from '../schema.ts'
import { Arena, type Span } from './arena.ts'
import type { Event, EventInput, EventType } from './event.ts'
import { plainCopy } from './plain.ts'
import { Ring } from './ring.ts'

/** An event at rest in a ring: as the systems will see it, and as the journal will hold it. */
export type Parcel = Span & {
  readonly event: Event
  /** Who waits for it to be durable: told the tick, or why it never will be. */
  readonly waiting: { resolve(tick: number): void; reject(reason: EngineError): void } | undefined
}

/** Who waits for a ring: what had entered it by then is counted. */
type Flush = { readonly ring: Ring<Parcel>; readonly until: number; resolve(): void; reject(reason: EngineError): void }

const text = { type: 'string' }
/** All of an event but its payload, which has a schema of its own. */
const envelope: JsonSchema = {
  type: 'object',
  properties: {
    id: text,
    ts: { type: 'number' },
    source: {
      type: 'object',
      properties: { kind: text, channel: text, thread: text, author: text },
      required: ['kind'],
    },
  },
  required: ['id', 'ts', 'source'],
}

/**
 * The edge of the world. Every event is copied here as JSON would give it back, and then checked against its schema,
 * once: what the systems hear is what the journal holds, and the publisher's object is not kept.
 */
export class Inbox {
  readonly #rings: Ring<Parcel>[] = []
  /** How much of what entered a ring is durable. */
  readonly #durable = new Map<Ring<Parcel>, number>()
  readonly #checks = new Map<string, LateCheck>()
  readonly #checkEnvelope: LateCheck = checkLater(envelope, 'event')
  readonly #limits: Limits
  readonly #arena = new Arena()
  #waiting: (() => void)[] = []
  #flushing: Flush[] = []

  constructor(types: readonly EventType[], limits: Limits) {
    this.#limits = limits
    for (const type of types) this.#checks.set(type.name, checkLater(type.schema, `payload of ${type.name}`))
  }

  /** Compiles the schemas that no event has needed yet. @throws EngineError SCHEMA_INVALID */
  compile(): void {
    this.#checkEnvelope.compile()
    for (const check of this.#checks.values()) check.compile()
  }

  /** A new ring; rings are drained in the order in which they were made. */
  ring(limit: number = this.#limits.inbox_max): Ring<Parcel> {
    const ring = new Ring<Parcel>(limit)
    this.#rings.push(ring)
    return ring
  }

  /**
   * @param ts time of an event that has none
   * @throws EngineError EVENT_TYPE_UNKNOWN, EVENT_INVALID, EVENT_TOO_LARGE
   */
  parcel(input: EventInput, source: string, ts = 0, waiting?: Parcel['waiting']): Parcel {
    const { type, payload } = input
    const check = this.#checks.get(type)
    if (check === undefined) {
      throw new EngineError('EVENT_TYPE_UNKNOWN', `no event type ${type} was given to createEngine`, { value: type })
    }
    const id = input.id === undefined ? nodeCrypto().randomUUID() : input.id
    const given = {
      id,
      ts: input.ts === undefined ? ts : input.ts,
      type,
      source: input.source ?? { kind: source },
      payload,
    }
    const copy = plainCopy(given)
    const text = jsonOf(copy ?? given, type)
    const most = this.#limits.event_bytes_max
    if (text.length > most) throw tooLarge(type, Buffer.byteLength(text), most)
    const event = (copy ?? JSON.parse(text)) as Event
    const outer = this.#checkEnvelope(event)
    const problems = outer.length > 0 ? outer : check(event.payload)
    if (problems.length > 0) {
      const [first] = problems
      throw new EngineError('EVENT_INVALID', `${type}: ${first?.path || 'payload'} ${first?.message}`, {
        value: problems,
      })
    }
    const { chunk, start, end } = this.#arena.write(text)
    if (end - start > most) {
      chunk.live--
      throw tooLarge(type, end - start, most)
    }
    return { event, chunk, start, end, waiting }
  }

  /** An event that has been through here before. */
  again(event: Event): Parcel {
    return { event, ...this.#arena.write(JSON.stringify(event)), waiting: undefined }
  }

  /** How many events wait. */
  get count(): number {
    let count = 0
    for (const ring of this.#rings) count += ring.count
    return count
  }

  /**
   * Takes at most `batch_max` events and `batch_bytes_max` bytes, ring by ring in their fixed order. Each ring first
   * gets an equal share, so a flood in one cannot hold back the others. What `into` held before does not count.
   * @param usual bytes from which on it is one event a ring
   */
  drain(into: Parcel[], usual: number = this.#limits.batch_bytes_max): void {
    const { batch_max, batch_bytes_max } = this.#limits
    const share = Math.max(1, Math.floor(batch_max / this.#rings.length))
    const full = into.length + batch_max
    let bytes = 0
    for (const most of [share, batch_max]) {
      for (const ring of this.#rings) {
        for (let taken = 0; taken < most && into.length < full; taken++) {
          const parcel = ring.peek()
          if (parcel === undefined) break
          bytes += parcel.end - parcel.start
          if (bytes > batch_bytes_max) return this.#resume()
          ring.shift()
          into.push(parcel)
          if (bytes >= usual) break
        }
      }
    }
    this.#resume()
  }

  /** Resolves after the next drain. */
  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when all that is in a ring now, and all that has left it, is durable. */
  flushed(ring: Ring<Parcel>): Promise<void> {
    const until = ring.taken + ring.count
    if ((this.#durable.get(ring) ?? 0) >= until) return Promise.resolve()
    return new Promise((resolve, reject) => this.#flushing.push({ ring, until, resolve, reject }))
  }

  /** All that has been drained so far is durable. */
  committed(): void {
    for (const ring of this.#rings) this.#durable.set(ring, ring.taken)
    if (this.#flushing.length === 0) return
    const flushing = this.#flushing
    this.#flushing = flushing.filter(({ ring, until }) => ring.taken < until)
    for (const { ring, until, resolve } of flushing) if (ring.taken >= until) resolve()
  }

  /** Nothing will become durable any more. */
  close(reason: EngineError): void {
    const flushing = this.#flushing
    this.#flushing = []
    for (const { reject } of flushing) reject(reason)
  }

  #resume(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }
}

function tooLarge(type: string, bytes: number, most: number): EngineError {
  return new EngineError('EVENT_TOO_LARGE', `${type} has ${bytes} bytes; ${most} are allowed`, { value: bytes })
}

/** @throws EngineError EVENT_INVALID when it is no JSON */
function jsonOf(event: unknown, type: string): string {
  try {
    return JSON.stringify(event)
  } catch (thrown) {
    throw new EngineError('EVENT_INVALID', `${type} cannot be written as JSON: ${reasonOf(thrown)}`, {
      cause: thrown,
    })
  }
}
