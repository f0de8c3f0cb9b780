import type { Event } from '../../engine/flow/event.ts'
import { Core } from '../../engine/tick.ts'
import { defaultAgent, defaultScheduler, defaultSession } from '../../systems/agents/policy.ts'
import { Awake, Edge, Key, KeyKind, Memory, MemoryKind, MemoryRole, Trust } from '../../systems/components.ts'
import { ConfigSet, type events } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { wake } from '../../systems/memory/usage.ts'
import { corpusOf, generator } from '../corpus.ts'

const begin_ms = 1_760_000_000_000
const edgesEach = 8
const awake_max = 10_000
const sessions = 100
/** Of one busy tick. */
const said = 40
const repeated = 16
const used = 8

/** A world of so many memories as a year leaves it, made without reading a text: columns only. */
export class BenchWorld {
  readonly core: Core
  /** Milliseconds that each system took in the tick before, in the order of the mind's systems. */
  readonly took_ms: Float64Array
  readonly #records = new Map<string, Map<number, string>>()
  readonly #corpus = corpusOf(7)
  readonly #memories: number
  #mark = 0
  #told = 0

  constructor(memories: number) {
    const parts = mind()
    this.#memories = memories
    this.took_ms = new Float64Array(parts.systems.length)
    this.core = new Core(parts, {
      read: (table, id) => this.#records.get(table)?.get(id),
      ran: (index) => {
        const now = performance.now()
        this.took_ms[index] = now - this.#mark
        this.#mark = now
      },
      backoff_max_ms: 1000,
    })
    this.tick([clock(), policySet()])
    this.#fill()
    this.tick([])
  }

  /** One tick. @returns how long it took, in milliseconds */
  tick(batch: readonly Event[]): number {
    const began = performance.now()
    this.#mark = began
    const { puts } = this.core.apply(batch)
    const took_ms = performance.now() - began
    for (const { table, key, text } of puts) this.#table(table).set(key, text)
    return took_ms
  }

  /** What comes in a busy tick: people and programs talk, memories are used. Never the same twice. */
  busy(): Event[] {
    const batch: Event[] = []
    for (let n = 0; n < said; n++) {
      const { payload, source } = this.#corpus.event(this.#memories + this.#told)
      const heard = { ...source!, channel: `c${this.#told % sessions}` }
      batch.push(this.#event('chat.message', heard, payload))
    }
    for (let n = 0; n < repeated; n++) {
      const text = `build ${this.#told} of runner ${n % 4} took ${this.#told % 97} s: passed`
      batch.push(this.#event('chat.message', { kind: 'chat', channel: 'builds', author: 'ci' }, { text, bot: true }))
    }
    for (let n = 0; n < used; n++) {
      const memory_ids = [1 + ((this.#told * 7919 + n * 104_729) % this.#memories)]
      batch.push(this.#event('memory.used', { kind: 'bench' }, { memory_ids }))
    }
    return batch
  }

  #event(type: (typeof events)[number]['name'], source: Event['source'], payload: Event['payload']): Event {
    const n = ++this.#told
    return { id: `b${n}`, ts: begin_ms + n * 1000, type, source, payload }
  }

  #table(name: string): Map<number, string> {
    const known = this.#records.get(name) ?? new Map<number, string>()
    this.#records.set(name, known)
    return known
  }

  #fill(): void {
    const { world } = this.core
    const next = generator(11)
    const keys = Math.max(1, Math.floor(this.#memories * 0.7))
    for (let row = 1; row <= keys; row++) world.append(Key)
    const key = world.of(Key)
    for (let row = 1; row <= keys; row++) {
      key.kind[row] = KeyKind.entity
      key.key_high[row] = Math.imul(row, 0x9e3779b1)
      key.key_low[row] = row
    }
    world.append(Memory, this.#memories)
    world.append(Edge, this.#memories * edgesEach)
    const memory = world.of(Memory)
    const edge = world.of(Edge)
    for (let row = 1; row <= this.#memories; row++) {
      memory.kind[row] = MemoryKind.chat
      memory.role[row] = MemoryRole.user
      memory.trust[row] = Trust.person
      memory.stored_at_ms[row] = begin_ms - row * 1000
      memory.source_high[row] = Math.imul(row, 0x85ebca6b)
      memory.source_low[row] = row
      memory.first_edge[row] = (row - 1) * edgesEach + 1
      memory.edges[row] = edgesEach
      for (let n = 0; n < edgesEach; n++) {
        const at = (row - 1) * edgesEach + 1 + n
        const to = 1 + Math.floor(next() * keys)
        edge.memory_id[at] = row
        edge.key[at] = to
        edge.older[at] = key.newest_edge[to]!
        key.newest_edge[to] = at
        key.degree[to]!++
      }
    }
    for (let row = 1; row <= Math.min(this.#memories, awake_max); row++) wake(world, row, begin_ms)
    world.settle()
    if (world.each(Awake).length === 0) throw new Error('nothing is awake')
  }
}

function clock(): Event {
  return { id: 'clock', ts: begin_ms, type: 'clock.set', source: { kind: 'engine' }, payload: { now_ms: begin_ms } }
}

/** A hundred sessions, each of which hears one of the channels. */
function policySet(): Event {
  const policy = JSON.parse(
    JSON.stringify({
      agents: [
        {
          ...defaultAgent,
          name: 'bench',
          sessions: Array.from({ length: sessions }, (_, n) => ({
            ...defaultSession,
            name: `s${n}`,
            overflow: 'drop_oldest',
            filters: [{ channel: `c${n}` }],
          })),
        },
      ],
      tools: [],
      scheduler: defaultScheduler,
    }),
  ) as Event['payload']
  return { id: 'policy', ts: begin_ms, type: ConfigSet.name, source: { kind: 'config' }, payload: { policy } }
}
