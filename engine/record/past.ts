import { assert } from '../errors.ts'
import type { Log } from '../flow/adapter.ts'
import type { Event, EventType } from '../flow/event.ts'
import type { Limits } from '../limits.ts'
import type { Parts } from '../tick.ts'
import type { First, FirstOptions } from './first.ts'
import type { Forked, ForkOptions } from './fork.ts'
import { decodeEntry } from './journal.ts'
import { Marker } from './mark.ts'
import type { CoreOptions, Recovered } from './recover.ts'
import type { Store } from './store.ts'
import { beginningOf, type Pause, type Visit, visit } from './visit.ts'

/** A request of an effect, with its type, as JSON. */
export type Requested = { readonly effect_id: number; readonly text: string }

/** A tick of the journal as lines: its head as JSON, and each of its events. */
export type PastEntry = { readonly tick: number; readonly lines: string }

/** The ticks of a record before the one at which its world stands. Nothing here changes the record. */
export class Past {
  readonly #parts: Parts
  readonly #store: Store
  readonly #limits: Limits
  readonly #log: Log
  readonly #types: readonly EventType[]
  readonly #last: () => number

  constructor(
    parts: Parts & { readonly store: Store },
    about: { limits: Limits; log: Log; types: readonly EventType[]; last(): number },
  ) {
    this.#parts = parts
    this.#store = parts.store
    this.#limits = about.limits
    this.#log = about.log
    this.#types = about.types
    this.#last = about.last
  }

  /** The first tick that can be visited: 1, or where the past was dropped. O(1). */
  get firstTick(): number {
    return beginningOf(this.#store)
  }

  /** What the journal holds up to a tick, oldest first. @throws EngineError JOURNAL_DAMAGED */
  *entries(until: number): Iterable<PastEntry> {
    for (const { tick, bytes } of this.#store.journal(0, until)) {
      const { head, batchText } = decodeEntry(bytes, tick)
      yield { tick, lines: batchText === '' ? JSON.stringify(head) : `${JSON.stringify(head)}\n${batchText}` }
    }
  }

  /** See `Engine.visit`. */
  async visit(tick: number, pause?: Pause): Promise<Visit> {
    this.#known(tick, 0)
    const { backoff_max_ms } = this.#limits
    return visit(this.#parts, this.#store, { tick, backoff_max_ms, log: this.#log, pause })
  }

  /**
   * What entered in a tick and what was asked for in it, by replay; nothing for a tick in which nothing happened.
   * @throws EngineError TICK_GONE
   */
  async tickAt(tick: number, pause?: Pause): Promise<{ events: readonly Event[]; requests: readonly Requested[] }> {
    this.#known(tick, this.firstTick)
    const [entry] = [...this.#store.journal(tick, tick)]
    if (entry === undefined) return { events: [], requests: [] }
    const { events } = decodeEntry(entry.bytes, tick)
    // Where the past begins with a snapshot of that very tick, what it asked for is not known any more.
    const begins = tick === this.firstTick && tick > 1
    const { core } = await this.visit(begins ? tick : tick - 1, pause)
    if (!begins) core.apply(events)
    return { events, requests: core.outcome.requests.map(({ effect_id, text }) => ({ effect_id, text })) }
  }

  /**
   * The first tick at which a condition holds, by replay; see `firstWhere`.
   * @throws EngineError TICK_GONE for a range outside of what the record holds
   */
  async firstWhere(options: Omit<FirstOptions, 'backoff_max_ms'>): Promise<First | undefined> {
    const { from, to, every = 1 } = options
    this.#known(from, this.firstTick)
    this.#known(to, from)
    assert(Number.isInteger(every) && every >= 1, 'LIMIT_INVALID', `every ${every} ticks is no step`, every)
    // Most who run an engine never go back: what that takes is loaded when it is asked for.
    const { firstWhere } = await import('./first.ts')
    return firstWhere(this.#parts, this.#store, { ...options, backoff_max_ms: this.#limits.backoff_max_ms })
  }

  /**
   * Runs what was recorded after a tick on under something else; see `fork`.
   * @throws EngineError TICK_GONE; EVENT_TYPE_UNKNOWN, EVENT_INVALID for a change that cannot enter the world
   */
  async fork(options: ForkOptions): Promise<Forked> {
    const { tick, until = this.#last() } = options
    this.#known(tick, this.firstTick)
    this.#known(until, tick)
    const { fork } = await import('./fork.ts')
    return fork(this.#parts, this.#store, { ...options, until, limits: this.#limits, types: this.#types })
  }

  #known(tick: number, from: number): void {
    const [first, last] = [Math.max(from, this.firstTick), this.#last()]
    const held = Number.isInteger(tick) && tick >= from && tick <= last
    assert(held, 'TICK_GONE', `tick ${tick} cannot be reached; the record holds ticks ${first} to ${last}`, tick)
  }
}

/** The world as it was after the tick `parts.at`, as if the record ended there. @throws EngineError TICK_GONE */
export async function recoverAt(
  parts: Parts & { readonly at?: number },
  store: Store,
  head: number,
  options: CoreOptions,
): Promise<Recovered> {
  const { at: tick = head } = parts
  const last = Math.max(head, store.snapshots()[0] ?? 0)
  const held = Number.isInteger(tick) && tick >= 1 && tick <= last
  assert(
    held,
    'TICK_GONE',
    `tick ${tick} cannot be reached; the record holds ticks ${beginningOf(store)} to ${last}`,
    tick,
  )
  const { core, from_tick, journal_tick } = await visit(parts, store, { ...options, tick })
  return {
    core,
    journal_tick,
    snapshot_tick: from_tick,
    ticks_replayed: tick - from_tick,
    journal_bytes: 0,
    warnings: [],
    marker: new Marker(),
  }
}
