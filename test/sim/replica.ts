import type { Engine } from '../../engine/engine.ts'
import type { View } from '../../engine/flow/adapter.ts'
import { Effect } from '../../engine/flow/effect.ts'
import type { Event } from '../../engine/flow/event.ts'
import { decodeEntry, type Entry } from '../../engine/record/journal.ts'
import { firstDifference, markOf } from '../../engine/record/mark.ts'
import { freshCore, readRecord, runIdle } from '../../engine/record/recover.ts'
import type { Store } from '../../engine/record/store.ts'
import type { Core, Parts } from '../../engine/tick.ts'
import { Policy, Sentinel, SentinelPhase } from '../../systems/components.ts'
import { ChatSaid, FsWrite, NoteReady, NoteWritten } from '../../systems/events.ts'
import type { PolicyData } from '../../systems/sentinel/policy.ts'
import type { Court } from './violation.ts'

/** What is durable, as the journal tells it from its first entry on. */
export type Heard = {
  readonly written: Set<string>
  /** What makes two deliveries of a thing the same, for each thing that was to become a memory. */
  readonly identities: Set<string>
  readonly answered: Set<number>
  readonly requested: Set<number>
}

/**
 * A second world that lives from the journal alone, from genesis on, and never crashes. It follows the first from one full
 * check to the next, so that all of them together run each entry once again.
 */
export class Replica {
  readonly heard: Heard = { written: new Set(), identities: new Set(), answered: new Set(), requested: new Set() }
  readonly core: Core
  /** Entries of the journal that it has run. */
  entries = 0
  readonly #court: Court
  readonly #store: Store
  #tick = 0
  #policy = { row: 0, write: false }

  constructor(court: Court, parts: Parts, store: Store) {
    this.#court = court
    this.#store = store
    this.core = freshCore(parts, store, { backoff_max_ms: 120_000 })
  }

  /** Runs what has become durable since: it must come to the same digest as the other one. O(new entries) */
  follow(engine: Engine): void {
    for (const { tick, bytes } of this.#store.journal(this.#tick + 1)) {
      this.#run(decodeEntry(bytes, tick))
      this.#tick = tick
      this.entries++
    }
    const { holds } = this.#court
    holds(this.core.digest === engine.digest(), 'replay', () => `at tick ${this.#tick} the replica has another digest`)
  }

  /** Follows, and holds this world against the other one where its last journaled tick was. O(bytes of the world) */
  compare(engine: Engine): void {
    this.follow(engine)
    if (engine.tick !== this.#tick) return
    const { holds } = this.#court
    const column = firstDifference(engine.mark(), markOf(this.core))
    holds(column === undefined, 'replay', () => `at tick ${this.#tick} the replica has another ${column}`)
  }

  /** Catches up with the idle ticks that no entry tells of; nothing can be followed after this. */
  finish(engine: Engine): void {
    this.follow(engine)
    runIdle(this.core, engine.tick)
    const column = firstDifference(engine.mark(), markOf(this.core))
    this.#court.holds(column === undefined, 'replay', () => `at the end the replica has another ${column}`)
  }

  #run(entry: Entry): void {
    const { core } = this
    const { tick, digest } = entry.head
    runIdle(core, tick - 1)
    const leave = this.#mayWrite()
    core.apply(entry.events)
    for (const event of core.outcome.heard) this.#hear(event)
    // A policy that comes in the middle of a tick's events holds for those behind it.
    const allowed = leave || this.#mayWrite()
    for (const { effect_id, text } of core.outcome.requests) this.#request(effect_id, text, allowed)
    const linked = core.link(entry.batchText)
    this.#court.holds(linked === digest, 'replay', () => `tick ${tick} computes something else when it runs again`)
  }

  #hear(event: Event): void {
    const { written, identities, requested, answered } = this.heard
    const { id, source, payload } = event
    // A note without any words is nothing to remember.
    if (NoteReady.is(event) && event.payload.text !== '') identities.add(`fs\n${payload['path']}\n${payload['hash']}`)
    if (ChatSaid.is(event) || NoteWritten.is(event)) identities.add(`${source.kind}\n${source.channel ?? ''}\n${id}`)
    if (NoteWritten.is(event)) written.add(id)
    const effect_id = payload['effect_id']
    if (typeof effect_id !== 'number') return
    const { holds } = this.#court
    holds(!answered.has(effect_id), 'applied once', () => `systems heard of effect ${effect_id} twice`)
    holds(requested.has(effect_id), 'applied once', () => `effect ${effect_id} was answered, never asked for`)
    answered.add(effect_id)
  }

  /** A write is asked for only where the policy allows it, or where the operator takes one back. */
  #request(effect_id: number, text: string, allowed: boolean): void {
    const { holds } = this.#court
    const { requested } = this.heard
    const { core } = this
    holds(!requested.has(effect_id), 'applied once', () => `effect ${effect_id} was asked for twice`)
    requested.add(effect_id)
    if ((JSON.parse(text) as { type: string }).type !== FsWrite.name) return
    const owner = core.world.of(Effect).owner[core.openEffect(effect_id)]!
    const undoing = core.world.of(Sentinel).phase[owner] === SentinelPhase.taking_back
    holds(undoing || allowed, 'policy', () => `tick ${core.tick} asked for a write without leave`)
  }

  #mayWrite(): boolean {
    const row = this.core.world.rows(Policy)
    if (row === this.#policy.row) return this.#policy.write
    const text = readRecord(this.#store, 'policy', row)
    this.#policy = { row, write: text !== undefined && (JSON.parse(text) as PolicyData).write }
    return this.#policy.write
  }
}

/** A world to look at as adapters do. */
export function viewOf(core: Core, store: Store): View {
  return {
    world: core.world,
    tick: core.tick,
    now_ms: core.now_ms,
    read: (table, id) => readRecord(store, table, id),
  }
}
