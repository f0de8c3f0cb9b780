import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import type { Filter } from '../events.ts'
import { Agent, Lane, LockedBy, Overflow, Pool, Session, SessionState, Subscription } from './columns.ts'
import { filterOf, filterText, isWithin } from './filters.ts'
import {
  type AgentsPolicy,
  agentsOf,
  openedPolicy,
  operatorFilter,
  type SessionPolicy,
  sessionPolicy,
} from './policy.ts'
import { boundQueue } from './queue.ts'
import { markReady } from './ready.ts'

/** Agents, sessions and what they hear, brought in line with the policy. */

/** The name of an agent by its row. */
export function agentKey(world: World, agent: number): string {
  return world.keyOf(Agent, agent)
}

/** The key of a session, `agent/name`, by its row. */
export function sessionKey(world: World, session: number): string {
  return world.keyOf(Session, session)
}

/**
 * Makes agents, sessions and subscriptions what the policy in force says. What it no longer names stays as a row that is not
 * present, with its queue, and comes back as it was; its filters end, also those that a tool had added and that the
 * envelope no longer allows. O(agents + sessions + subscriptions), only when the policy may have changed.
 */
export function bringSessions(tick: Tick): void {
  const { world } = tick
  const policy = agentsOf(tick)
  bringAgents(world, policy)
  const sessions = world.of(Session)
  for (let row = 1; row <= world.rows(Session); row++) sessions.present[row] = 0
  const wanted = new Map<number, Wanted>()
  for (const agent of policy.agents) {
    for (const session of agent.sessions) {
      const row = bringSession(tick, `${agent.name}/${session.name}`, session)
      wanted.set(row, { filters: new Set(session.filters.map(filterText)), envelope: session.envelope })
    }
  }
  for (let row = 1; row <= world.rows(Session); row++) {
    if (sessions.opened[row] === 0 || sessions.present[row] === 1) continue
    const found = openedPolicy(policy, sessionKey(world, row))
    if (found === undefined) continue
    bringSession(tick, sessionKey(world, row), found.session)
    wanted.set(row, { filters: new Set(), envelope: found.session.envelope })
  }
  endUnwanted(tick, wanted)
  for (const [session, { filters }] of wanted) {
    for (const filter of filters) subscribe(tick, session, LockedBy.operator, filter)
  }
}

/**
 * A session that the operator opened. It has the policy of its agent's first session, but hears what it is told and not what
 * that one hears: an answer to the same event is wanted once. False when there is no such agent, or no room.
 */
export function openSession(tick: Tick, key: string): boolean {
  const { world } = tick
  const found = openedPolicy(agentsOf(tick), key)
  const known = world.find(Session, key)
  if (known !== 0 && world.of(Session).present[known] === 1) return true
  if (found === undefined || !isName(found.session.name) || (known === 0 && world.room(Session) === 0)) return false
  const row = bringSession(tick, key, found.session)
  world.of(Session).opened[row] = sessionPolicy(agentsOf(tick), key) === undefined ? 1 : 0
  return true
}

/** Whether what was said in a session, by its key, is put before no other. What is no session has no secrets. */
export function isPrivate(world: World, key: string): boolean {
  return world.of(Session).private[world.find(Session, key)] === 1
}

/**
 * The text of a filter by its row, whoever locked it; undefined when it has none. The system's own follow from the key of
 * their session and have no record, so that worlds of before there were agents write nothing that they had not written.
 */
export function filterTextOf(looking: Pick<Tick, 'world' | 'read'>, row: number): string | undefined {
  const { session, locked_by } = looking.world.of(Subscription)
  if (locked_by[row] !== LockedBy.system) return looking.read('filter', row)
  return filterText(operatorFilter(sessionKey(looking.world, session[row]!)))
}

/** A filter of a session (its canonical text) is in force from now on. Returns its row, or 0 when there is no room. */
export function subscribe(tick: Tick, session: number, locked_by: number, filter: string): number {
  const { world } = tick
  if (world.room(Subscription) === 0) return 0
  const row = world.append(Subscription)
  const subscriptions = world.of(Subscription)
  subscriptions.session[row] = session
  subscriptions.locked_by[row] = locked_by
  if (locked_by !== LockedBy.system) tick.put('filter', row, filter)
  world.of(Pool).version[1]!++
  return row
}

/** A filter is no longer in force; its row stays. */
export function unsubscribe(world: World, row: number): void {
  world.of(Subscription).ended[row] = 1
  world.of(Pool).version[1]!++
}

/** Of a session: the operator's filters that have no row yet, and what a tool may add. */
type Wanted = { readonly filters: Set<string>; readonly envelope: readonly Filter[] }

function bringAgents(world: World, policy: AgentsPolicy): void {
  const agents = world.of(Agent)
  for (let row = 1; row <= world.rows(Agent); row++) agents.present[row] = 0
  for (const { name } of policy.agents) {
    const row = world.appendKeyed(Agent, name)
    agents.present[row] = 1
  }
}

/** The scheduler looks at it in this tick: it may be due by itself, or have inputs from the time when it was last present. */
function bringSession(tick: Tick, key: string, policy: SessionPolicy): number {
  const { world } = tick
  const isNew = world.find(Session, key) === 0
  const row = world.appendKeyed(Session, key)
  const sessions = world.of(Session)
  sessions.agent[row] = world.find(Agent, key.slice(0, key.indexOf('/')))
  sessions.present[row] = 1
  // What was said in it while it was private stays its own until the operator says of this very session that it is shared.
  const named = sessionPolicy(agentsOf(tick), key) !== undefined
  if (named || policy.scope === 'private') sessions.private[row] = policy.scope === 'private' ? 1 : 0
  sessions.lane[row] = Lane[policy.lane]
  sessions.weight[row] = policy.weight
  boundQueue(world, row, policy.queue_max, Overflow[policy.overflow])
  if (isNew) {
    sessions.state[row] = SessionState.idle
    subscribe(tick, row, LockedBy.system, filterText(operatorFilter(key)))
  }
  markReady(world, row)
  return row
}

/** Ends what the policy no longer wants, and takes what is in force already off the lists of what is wanted. */
function endUnwanted(tick: Tick, wanted: ReadonlyMap<number, Wanted>): void {
  const { world } = tick
  const { session, locked_by, ended } = world.of(Subscription)
  for (let row = 1; row <= world.rows(Subscription); row++) {
    if (ended[row] === 1 || locked_by[row] === LockedBy.system) continue
    const wish = wanted.get(session[row]!)
    if (wish === undefined && locked_by[row] === LockedBy.session) continue
    const text = tick.read('filter', row) ?? '{}'
    const stays =
      locked_by[row] === LockedBy.operator
        ? wish?.filters.delete(text) === true
        : isWithin(filterOf(text), wish?.envelope ?? [])
    if (!stays) unsubscribe(world, row)
  }
}

function isName(name: string): boolean {
  return name !== '' && !name.includes('/')
}
