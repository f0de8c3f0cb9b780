import type { Event, Payload, Source } from '../../engine/flow/event.ts'
import type { Parts } from '../../engine/tick.ts'
import { Core } from '../../engine/tick.ts'
import { World } from '../../engine/world/world.ts'
import { LockedBy, Session, Slot, Subscription } from '../../systems/agents/columns.ts'
import { type AgentPolicy, defaultAgent, defaultSession, type SessionPolicy } from '../../systems/agents/policy.ts'
import { filterTextOf } from '../../systems/agents/sessions.ts'
import { archetypes, records } from '../../systems/components.ts'
import { effects, events, type Filter } from '../../systems/events.ts'
import { policy } from '../../systems/policy.ts'
import { route } from '../../systems/route.ts'

/** The policy and the router alone, ticking only when told; what tests of routing share. */

export type Routing = {
  readonly core: Core
  readonly world: World
  /** Records, by table and row. */
  readonly read: (table: string, row: number) => string | undefined
  /** A tick that hears these events. Returns what was emitted in it. */
  tick(...heard: readonly Event[]): readonly Event[]
}

/** A router over a new world. */
export function routing(): Routing {
  const kept = new Map<string, string>()
  const read = (table: string, row: number) => kept.get(`${table} ${row}`)
  const parts: Parts = {
    archetypes,
    systems: [policy, route],
    events: [...events] as Parts['events'],
    effects: [...effects] as Parts['effects'],
    records,
  }
  const core = new Core(parts, { read, backoff_max_ms: 1000 })
  const tick = (...heard: readonly Event[]) => {
    const { puts } = core.apply(heard)
    for (const { table, key, text } of puts) {
      if (kept.has(`${table} ${key}`)) throw new Error(`record ${table} ${key} was written twice`)
      kept.set(`${table} ${key}`, text)
    }
    return [...core.emitted]
  }
  return { core, world: core.world, read, tick }
}

/** The same world, as it comes out of a snapshot. */
export function restored({ world }: Routing): World {
  const again = new World(world.archetypes)
  again.restore(world.shape(), new Map([...world.bytes()].map(({ name, bytes }) => [name, bytes.slice()])))
  return again
}

let said = 0
/** An event with an identity of its own. */
export function event(type: string, source: Source, payload: Payload = {}): Event {
  return { id: `e${++said}`, ts: 5, type, source, payload }
}

/** A policy that is set. */
export function policySet(...agents: readonly AgentPolicy[]): Event {
  return event('config.set', { kind: 'operator' }, { policy: JSON.parse(JSON.stringify({ agents })) })
}

/** An agent with these sessions. */
export function agentOf(name: string, ...sessions: readonly SessionPolicy[]): AgentPolicy {
  return { ...defaultAgent, name, sessions }
}

/** A session that hears these filters. */
export function sessionOf(name: string, filters: readonly Filter[], more: Partial<SessionPolicy> = {}): SessionPolicy {
  return { ...defaultSession, name, filters, ...more }
}

/** Ids of the events that wait in the queue of a session, oldest first. */
export function waiting({ world, read }: Routing, key: string): string[] {
  const ids: string[] = []
  const { input, next } = world.of(Slot)
  for (let slot = world.of(Session).queue_head[world.find(Session, key)]!; slot !== 0; slot = next[slot]!) {
    ids.push((JSON.parse(read('input', input[slot]!) ?? '{}') as Event).id)
  }
  return ids
}

/** The filters of a session that are in force, with who locked them. */
export function heardBy(bare: Routing, key: string): string[] {
  const { world } = bare
  const { session, ended, locked_by } = world.of(Subscription)
  const found: string[] = []
  for (let row = 1; row <= world.rows(Subscription); row++) {
    if (session[row] !== world.find(Session, key) || ended[row] === 1) continue
    const lock = Object.entries(LockedBy).find(([, value]) => value === locked_by[row])?.[0]
    found.push(`${lock} ${filterTextOf(bare, row)}`)
  }
  return found
}
