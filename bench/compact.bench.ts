import type { Event } from '../engine/flow/event.ts'
import { Core } from '../engine/tick.ts'
import { Compaction, CompactPhase, Plan, PlanState } from '../systems/compact/columns.ts'
import { Group, gather, hashOf, nextLine } from '../systems/compact/groups.ts'
import { Gauge, Key, KeyKind, Memory, MemoryKind, MemoryRole, Trust } from '../systems/components.ts'
import { ConfigSet } from '../systems/events.ts'
import { mind } from '../systems/index.ts'
import { corpusOf } from './corpus.ts'
import { type Concern, percentile, type Row, type Scale } from './support.ts'

/** What a pass of compaction costs the ticks in which it happens. */
export const compacting: Concern = {
  name: 'compact',
  about: 'a whole pass over old conversations: groups and plans, summaries, commits',
  run: measured,
}

const begin_ms = 1_700_000_000_000
const later_ms = begin_ms + 90 * 86_400_000
/** Conversations go on beside each other, a turn of each after the other: a line's memories lie far apart. */
const threadsMost = 400
const threadMemories = 250
const texts = 4_096
/** A thread has some twenty turns a day. */
const apart_ms = 86_400_000 / 20
const keysMost = 1_000_000
/** Memories that a tick looks at. */
const slice = 1_024
const planGoal_ms = 2_000
const tickGoal_ms = 5

async function measured(scale: Scale): Promise<readonly Row[]> {
  const memories = scale.full ? 1_000_000 : scale.rows(100_000)
  // A daemon has run for two weeks before it compacts: nobody measures code that was never run.
  new OldWorld(scale.rows(10_000)).pass()
  const world = new OldWorld(memories)
  const looked = world.groupsAlone()
  const pass = world.pass()
  const { plans } = world
  if (plans === 0) throw new Error('nothing was compacted')
  const late = pass.ticks_ms.filter((each) => each > tickGoal_ms).length
  const each = `${memories} memories in ${world.threads} threads, ${plans} plans`
  return [
    {
      name: 'groups of all memories',
      value: looked,
      unit: 'ms',
      ...(memories < 1_000_000 ? {} : { goal: `< ${planGoal_ms} ms`, met: looked < planGoal_ms }),
      detail: `tick time in which the groups are found and hashed; ${each}`,
    },
    {
      name: 'longest tick of a pass',
      value: Math.max(...pass.ticks_ms),
      unit: 'ms',
      goal: `< ${tickGoal_ms} ms`,
      met: Math.max(...pass.ticks_ms) < tickGoal_ms,
      detail: `of ${pass.ticks_ms.length} ticks of all systems, ${late} above ${tickGoal_ms} ms; p99 ${percentile(pass.ticks_ms, 0.99).toFixed(2)}, median ${percentile(pass.ticks_ms, 0.5).toFixed(2)}`,
    },
    {
      name: 'a whole pass',
      value: pass.all_ms / 1_000,
      unit: 's',
      detail: 'tick time of compaction and of memory: words read, summaries made, put in place and read; no model',
    },
  ]
}

/** Memories of last year that nobody uses, in columns; their texts are a few thousand in turns. */
class OldWorld {
  readonly #core: Core
  readonly #texts: readonly string[]
  readonly #records = new Map<string, string>()
  readonly #memories: number
  readonly threads: number
  #now_ms = begin_ms

  constructor(memories: number) {
    const corpus = corpusOf(7)
    this.#memories = memories
    this.threads = Math.max(1, Math.min(threadsMost, Math.floor(memories / threadMemories)))
    this.#texts = Array.from({ length: texts }, (_, n) => String(corpus.event(n).payload?.['text'] ?? ''))
    this.#core = new Core(mind(), { read: (table, id) => this.#read(table, id), backoff_max_ms: 1_000 })
    this.tick([])
    this.#fill()
    this.tick([])
  }

  /** Finds and hashes the groups of everything, and does nothing with them. @returns milliseconds */
  groupsAlone(): number {
    const { world } = this.#core
    const { newest_memory } = world.of(Key)
    const group = new Group()
    const hash = new Uint32Array(2)
    let grouped = 0
    const began = performance.now()
    for (let { key } = nextLine(world, 0, keysMost); key !== 0; key = nextLine(world, key, keysMost).key) {
      for (let at = newest_memory[key]!; at !== 0; ) {
        at = gather(world, at, later_ms, later_ms, slice, group).next
        hashOf(world, group.rows.subarray(0, group.count), hash)
        grouped += group.count
      }
    }
    const took_ms = performance.now() - began
    if (grouped !== this.#memories) throw new Error(`${grouped} of ${this.#memories} were grouped`)
    return took_ms
  }

  /** A whole pass, tick by tick. */
  pass(): { readonly ticks_ms: number[]; readonly all_ms: number } {
    const { phase } = this.#core.world.of(Compaction)
    this.#now_ms = later_ms
    const policy = {
      id: 'policy',
      ts: 0,
      type: ConfigSet.name,
      source: { kind: 'config' },
      payload: { policy: { compact: {} } },
    }
    this.tick([policy])
    const ticks_ms: number[] = []
    do ticks_ms.push(this.tick([]))
    while (phase[1] !== CompactPhase.resting)
    return { ticks_ms, all_ms: ticks_ms.reduce((sum, each) => sum + each, 0) }
  }

  /** Plans in force. */
  get plans(): number {
    const { state } = this.#core.world.of(Plan)
    return state.subarray(1).reduce((count, each) => count + (each === PlanState.kept ? 1 : 0), 0)
  }

  /** One tick. @returns how long it took, in milliseconds */
  tick(events: readonly Event[]): number {
    this.#now_ms += 50
    const clock = { id: 'clock', ts: this.#now_ms, type: 'clock.set', source: { kind: 'engine' } }
    const batch = [{ ...clock, payload: { now_ms: this.#now_ms } }, ...events]
    const began = performance.now()
    const { puts } = this.#core.apply(batch)
    const took_ms = performance.now() - began
    for (const { table, key, text } of puts) this.#records.set(`${table} ${key}`, text)
    return took_ms
  }

  #read(table: string, id: number): string | undefined {
    const known = this.#records.get(`${table} ${id}`)
    if (known !== undefined || id > this.#memories) return known
    if (table === 'text') return this.#texts[id % texts]
    if (table !== 'meta') return undefined
    const thread = `t${id % this.threads}`
    return JSON.stringify({ id: `m${id}`, source: { kind: 'chat', channel: 'general', thread, author: `p${id % 7}` } })
  }

  #fill(): void {
    const { world } = this.#core
    const { threads } = this
    world.append(Key, threads)
    world.append(Memory, this.#memories)
    const key = world.of(Key)
    for (let row = 1; row <= threads; row++) {
      key.kind[row] = KeyKind.thread
      key.key_high[row] = Math.imul(row, 0x9e3779b1)
      key.key_low[row] = row
    }
    const memory = world.of(Memory)
    for (let row = 1; row <= this.#memories; row++) {
      const thread = 1 + (row % threads)
      memory.kind[row] = MemoryKind.chat
      memory.role[row] = MemoryRole.user
      memory.trust[row] = Trust.person
      memory.stored_at_ms[row] = begin_ms
      memory.happened_at_ms[row] = begin_ms - ((this.#memories - row) * apart_ms) / threads
      memory.text_bytes[row] = this.#texts[row % texts]!.length
      memory.thread[row] = thread
      memory.previous[row] = key.newest_memory[thread]!
      key.newest_memory[thread] = row
    }
    world.of(Gauge).memories[1] = this.#memories
    world.settle()
  }
}
