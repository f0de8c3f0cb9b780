import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Policy } from '../components.ts'
import { BudgetExhausted } from '../events.ts'
import { Agent, LaneBudget, Session, Turn } from './columns.ts'
import {
  type AgentPolicy,
  type AgentsPolicy,
  agentsOf,
  type LaneName,
  type LanePolicy,
  openedPolicy,
  type SessionPolicy,
} from './policy.ts'

/**
 * What sessions, agents and lanes have spent, and whether they may go on. Minutes and days are those of world time, in UTC.
 * A cap of 0 is no cap. Turns and calls are counted before they happen and never go beyond their cap; what an answer of a
 * model costs is known when it is there, so the last answer of a period may go beyond, and nothing follows it.
 */

/** A budget that is spent: of a `session`, `agent` or `lane`, and when it is whole again, in world time. */
export type Spent = BudgetExhausted
export type Limits = { readonly agent: AgentPolicy; readonly session: SessionPolicy }

const minute_ms = 60_000
const day_ms = 86_400_000

/** A turn of a session begins. O(1). */
export function chargeTurn(tick: Tick, session: number): void {
  const { world, now_ms } = tick
  const sessions = world.of(Session)
  rollSession(world, session, now_ms)
  sessions.turns_minute[session]!++
  const lane = sessions.lane[session]!
  const row = rollLane(world, lane, now_ms)
  const lanes = world.of(LaneBudget)
  lanes.turns_minute[row]!++
  const { turns_minute_max } = lanePolicy(policyOf(tick), lane)
  if (lanes.turns_minute[row] === turns_minute_max) sayLane(tick, lane, 'turns_minute')
}

/** A turn (row in Turn) has had an answer of a model: counted for its session, its agent and its lane. Changes no column of Turn. O(1). @returns what it cost by the agent's prices */
export function chargeTokens(tick: Tick, turn: number, tokens_in: number, tokens_out: number): number {
  const { world, now_ms } = tick
  const session = world.of(Turn).session[turn]!
  const lane = world.of(Turn).lane[turn]!
  const sessions = world.of(Session)
  const prices = limitsOf(tick, session)?.agent.prices
  const cost =
    prices === undefined ? 0 : (tokens_in * prices.in_per_million + tokens_out * prices.out_per_million) / 1_000_000
  const tokens = tokens_in + tokens_out
  rollSession(world, session, now_ms)
  sessions.tokens_minute[session]! += tokens
  sessions.tokens_day[session]! += tokens
  sessions.cost_day[session]! += cost
  const agent = sessions.agent[session]!
  rollAgent(world, agent, now_ms)
  world.of(Agent).tokens_day[agent]! += tokens
  world.of(Agent).cost_day[agent]! += cost
  sayAgent(tick, session)
  const row = rollLane(world, lane, now_ms)
  const lanes = world.of(LaneBudget)
  const { tokens_minute_max } = lanePolicy(policyOf(tick), lane)
  const before = reached(lanes.tokens_minute[row]!, tokens_minute_max)
  lanes.tokens_minute[row]! += tokens
  if (!before && reached(lanes.tokens_minute[row]!, tokens_minute_max)) sayLane(tick, lane, 'tokens_minute')
  return cost
}

/** A turn (row in Turn) is about to call a tool. O(1). */
export function chargeCall(tick: Tick, turn: number): void {
  const { world, now_ms } = tick
  const session = world.of(Turn).session[turn]!
  const lane = world.of(Turn).lane[turn]!
  rollSession(world, session, now_ms)
  world.of(Session).calls_minute[session]!++
  const row = rollLane(world, lane, now_ms)
  const lanes = world.of(LaneBudget)
  lanes.calls_minute[row]!++
  const { calls_minute_max } = lanePolicy(policyOf(tick), lane)
  if (lanes.calls_minute[row] === calls_minute_max) sayLane(tick, lane, 'calls_minute')
}

/**
 * What a turn under way has run out of: tokens, calls or money of its session, its agent or its lane. Turns are not among
 * them, because this one has been paid for. The longest wait is named. O(1).
 */
export function exhausted(tick: Tick, session: number): Spent | undefined {
  const lane = tick.world.of(Session).lane[session]!
  return spentADay(tick, session) ?? spentAMinute(tick, session, false) ?? spentByLane(tick, lane, false)
}

/** What keeps a session from its next turn: a budget of its own or of its agent, turns among them. O(1). */
export function spentBySession(tick: Tick, session: number): Spent | undefined {
  return spentADay(tick, session) ?? spentAMinute(tick, session, true)
}

/** What keeps a lane from more turns in this minute, or with `turns` false from more tokens and calls. O(1). */
export function spentByLane(tick: Tick, lane: number, turns = true): Spent | undefined {
  const { world, now_ms } = tick
  const row = rollLane(world, lane, now_ms)
  const { turns_minute, tokens_minute, calls_minute } = world.of(LaneBudget)
  const most = lanePolicy(policyOf(tick), lane)
  const budget =
    turns && reached(turns_minute[row]!, most.turns_minute_max)
      ? 'turns_minute'
      : reached(tokens_minute[row]!, most.tokens_minute_max)
        ? 'tokens_minute'
        : reached(calls_minute[row]!, most.calls_minute_max)
          ? 'calls_minute'
          : undefined
  if (budget === undefined) return undefined
  return { scope: 'lane', name: laneName(lane), budget, until_ms: nextMinute(now_ms) }
}

/** Says that an agent's budget of today is spent, when it is and nobody has said so today. */
export function sayAgent(tick: Tick, session: number): void {
  const { world } = tick
  const agent = world.of(Session).agent[session]!
  const spent = agentSpent(tick, session)
  if (spent === undefined || world.of(Agent).exhausted[agent] === 1) return
  world.of(Agent).exhausted[agent] = 1
  tick.emit(BudgetExhausted, spent)
}

/** The name of a lane as the policy has it. */
export function laneName(lane: number): LaneName {
  return lane === 1 ? 'interactive' : lane === 2 ? 'operational' : 'maintenance'
}

/** The row of a lane in LaneBudget; its row is its number, and all rows come to be with the first. */
export function laneRow(world: World, lane: number): number {
  if (world.rows(LaneBudget) === 0) world.append(LaneBudget, 3)
  return Math.min(3, Math.max(1, lane))
}

type Known = { readonly row: number; readonly policy: AgentsPolicy; readonly byKey: Map<string, Limits> }
/** What the newest policy row says, read once for each world: a policy with many sessions is long. */
const knownOf = new WeakMap<World, Known>()

/** The policy in force. Reads its record only when it has changed. */
export function policyOf(tick: Pick<Tick, 'world' | 'read'>): AgentsPolicy {
  return known(tick).policy
}

/** The policies of a session (row) and of its agent; undefined when the policy knows neither. O(1). */
export function limitsOf(tick: Pick<Tick, 'world' | 'read'>, session: number): Limits | undefined {
  const { policy, byKey } = known(tick)
  const key = tick.world.keyOf(Session, session)
  const there = byKey.get(key)
  if (there !== undefined) return there
  // Those that the policy names are in there already.
  return tick.world.of(Session).opened[session] === 1 ? openedPolicy(policy, key) : undefined
}

function known(tick: Pick<Tick, 'world' | 'read'>): Known {
  const row = tick.world.rows(Policy)
  const there = knownOf.get(tick.world)
  if (there?.row === row) return there
  const policy = agentsOf(tick)
  const byKey = new Map<string, Limits>()
  for (const agent of policy.agents) {
    for (const session of agent.sessions) {
      const key = `${agent.name}/${session.name}`
      if (!byKey.has(key)) byKey.set(key, { agent, session })
    }
  }
  const made = { row, policy, byKey }
  knownOf.set(tick.world, made)
  return made
}

function lanePolicy(policy: AgentsPolicy, lane: number): LanePolicy {
  return policy.scheduler.lanes[laneName(lane)]
}

function sayLane(tick: Tick, lane: number, budget: string): void {
  tick.emit(BudgetExhausted, { scope: 'lane', name: laneName(lane), budget, until_ms: nextMinute(tick.now_ms) })
}

function spentADay(tick: Tick, session: number): Spent | undefined {
  const limits = limitsOf(tick, session)
  if (limits === undefined) return undefined
  const { world, now_ms } = tick
  rollSession(world, session, now_ms)
  const { tokens_day, cost_day } = world.of(Session)
  const budget = dayBudget(tokens_day[session]!, cost_day[session]!, limits.session)
  if (budget === undefined) return agentSpent(tick, session)
  return { scope: 'session', name: world.keyOf(Session, session), budget, until_ms: nextDay(now_ms) }
}

function agentSpent(tick: Tick, session: number): Spent | undefined {
  const limits = limitsOf(tick, session)
  if (limits === undefined) return undefined
  const { world, now_ms } = tick
  const agent = world.of(Session).agent[session]!
  rollAgent(world, agent, now_ms)
  const { tokens_day, cost_day } = world.of(Agent)
  const budget = dayBudget(tokens_day[agent]!, cost_day[agent]!, limits.agent)
  return budget === undefined
    ? undefined
    : { scope: 'agent', name: limits.agent.name, budget, until_ms: nextDay(now_ms) }
}

function dayBudget(
  tokens: number,
  cost: number,
  most: { readonly tokens_day_max: number; readonly cost_day_max: number },
): string | undefined {
  if (reached(tokens, most.tokens_day_max)) return 'tokens_day'
  return reached(cost, most.cost_day_max) ? 'cost_day' : undefined
}

function spentAMinute(tick: Tick, session: number, turns: boolean): Spent | undefined {
  const limits = limitsOf(tick, session)?.session
  if (limits === undefined) return undefined
  const { world, now_ms } = tick
  rollSession(world, session, now_ms)
  const { turns_minute, tokens_minute, calls_minute } = world.of(Session)
  const budget =
    turns && reached(turns_minute[session]!, limits.turns_minute_max)
      ? 'turns_minute'
      : reached(tokens_minute[session]!, limits.tokens_minute_max)
        ? 'tokens_minute'
        : reached(calls_minute[session]!, limits.calls_minute_max)
          ? 'calls_minute'
          : undefined
  if (budget === undefined) return undefined
  return { scope: 'session', name: world.keyOf(Session, session), budget, until_ms: nextMinute(now_ms) }
}

function reached(used: number, most: number): boolean {
  return most > 0 && used >= most
}

function nextMinute(now_ms: number): number {
  return (Math.floor(now_ms / minute_ms) + 1) * minute_ms
}

function nextDay(now_ms: number): number {
  return (Math.floor(now_ms / day_ms) + 1) * day_ms
}

function rollSession(world: World, session: number, now_ms: number): void {
  const sessions = world.of(Session)
  const minute = Math.floor(now_ms / minute_ms)
  if (sessions.minute[session] === minute) return
  sessions.minute[session] = minute
  sessions.turns_minute[session] = 0
  sessions.tokens_minute[session] = 0
  sessions.calls_minute[session] = 0
  const day = Math.floor(now_ms / day_ms)
  if (sessions.day[session] === day) return
  sessions.day[session] = day
  sessions.tokens_day[session] = 0
  sessions.cost_day[session] = 0
}

function rollAgent(world: World, agent: number, now_ms: number): void {
  const agents = world.of(Agent)
  const day = Math.floor(now_ms / day_ms)
  if (agents.day[agent] === day) return
  agents.day[agent] = day
  agents.tokens_day[agent] = 0
  agents.cost_day[agent] = 0
  agents.exhausted[agent] = 0
}

function rollLane(world: World, lane: number, now_ms: number): number {
  const row = laneRow(world, lane)
  const lanes = world.of(LaneBudget)
  const minute = Math.floor(now_ms / minute_ms)
  if (lanes.minute[row] === minute) return row
  lanes.minute[row] = minute
  lanes.turns_minute[row] = 0
  lanes.tokens_minute[row] = 0
  lanes.calls_minute[row] = 0
  return row
}
