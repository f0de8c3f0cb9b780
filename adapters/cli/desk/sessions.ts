import type { View } from '../../../engine/flow/adapter.ts'
import { limitsOf } from '../../../systems/agents/budget.ts'
import {
  Agent,
  Call,
  CallState,
  Lane,
  OpenCall,
  Running,
  Session,
  SessionState,
  Turn,
  TurnState,
} from '../../../systems/agents/columns.ts'
import { agentsOf, sessionPolicy } from '../../../systems/agents/policy.ts'

/** A session as it stands. Times in milliseconds since 1970, 0 = none. */
export type SessionView = {
  readonly session: string
  readonly state: string
  readonly lane: string
  /** What it waits for, in words; empty when it waits for nothing. */
  readonly why: string
  readonly queued: number
  readonly queue_max: number
  readonly dropped: number
  readonly turns: number
  /** Its turn under way, and where that stands. */
  readonly turn: number
  readonly turn_state: string
  readonly tokens_day: number
  readonly tokens_day_max: number
  readonly cost_day: number
  readonly blocked_until_ms: number
  readonly due_at_ms: number
}

/** How agents fare, in few numbers. */
export type AgentCounts = {
  readonly agents: number
  readonly sessions: number
  readonly turns: number
  readonly running: number
  readonly waiting: number
  readonly queued: number
  readonly calls_asking: number
  readonly tokens_today: number
}

const sessionStates = Object.keys(SessionState)
const turnStates = Object.keys(TurnState)
const lanes = Object.keys(Lane)

/** Every session of the policy, opened by the operator or with a turn under way, in the order of the policy. O(sessions). */
export function sessionsOf(view: View): SessionView[] {
  const { world } = view
  const policy = agentsOf(view)
  const keys = new Set(policy.agents.flatMap(({ name, sessions }) => sessions.map((each) => `${name}/${each.name}`)))
  const { present, running } = world.of(Session)
  // Also one that the policy no longer names, while its turn is under way.
  for (let row = 1; row <= world.rows(Session); row++)
    if (present[row] === 1 || running[row] !== 0) keys.add(world.keyOf(Session, row))
  return [...keys].map((key) => {
    const row = world.find(Session, key)
    const { session, agent } = (row === 0 ? sessionPolicy(policy, key) : limitsOf(view, row)) ?? {}
    const tokens_day_max = session?.tokens_day_max || agent?.tokens_day_max || 0
    return row === 0 ? unborn(key, session?.lane ?? 'interactive', tokens_day_max) : shown(view, row, tokens_day_max)
  })
}

/** A session that nothing was ever sent to. */
function unborn(session: string, lane: string, tokens_day_max: number): SessionView {
  const counts = { queued: 0, queue_max: 0, dropped: 0, turns: 0, turn: 0, tokens_day: 0, cost_day: 0 }
  const none = { why: '', turn_state: '', blocked_until_ms: 0, due_at_ms: 0 }
  return { session, state: 'idle', lane, ...counts, ...none, tokens_day_max }
}

function shown(view: View, row: number, tokens_day_max: number): SessionView {
  const { world } = view
  const sessions = world.of(Session)
  const turn = sessions.running[row]!
  return {
    session: world.keyOf(Session, row),
    state: sessionStates[sessions.state[row]!] ?? '',
    lane: lanes[sessions.lane[row]!] ?? '',
    why: whyWaiting(view, row),
    queued: sessions.queued[row]!,
    queue_max: sessions.queue_max[row]!,
    dropped: sessions.dropped[row]!,
    turns: sessions.turns[row]!,
    turn,
    turn_state: turn === 0 ? '' : (turnStates[world.of(Turn).state[turn]!] ?? ''),
    tokens_day: isToday(sessions.day[row]!, view) ? sessions.tokens_day[row]! : 0,
    tokens_day_max,
    cost_day: isToday(sessions.day[row]!, view) ? sessions.cost_day[row]! : 0,
    blocked_until_ms: sessions.blocked_until_ms[row]!,
    due_at_ms: sessions.due_at_ms[row]!,
  }
}

function whyWaiting(view: View, row: number): string {
  const { world } = view
  const sessions = world.of(Session)
  const turn = sessions.running[row]!
  if (turn !== 0) {
    const { state, retry_at_ms, retries } = world.of(Turn)
    if (state[turn] === TurnState.waiting) {
      const seconds = Math.max(0, Math.ceil((retry_at_ms[turn]! - view.now_ms) / 1000))
      return `the model is down; asked again in ${seconds} s (${retries[turn]} times so far)`
    }
    const asked = askedCalls(view).filter((call) => world.of(Call).turn[call] === turn).length
    return asked === 0 ? '' : `${asked} tool ${asked === 1 ? 'call waits' : 'calls wait'} for your yes`
  }
  const until_ms = sessions.blocked_until_ms[row]!
  if (sessions.state[row] !== SessionState.blocked) return ''
  return until_ms > 0 ? 'a budget is spent' : 'blocked'
}

/** Rows of the calls that wait for the operator's yes, ascending. O(open calls). */
export function askedCalls({ world }: View): number[] {
  const { call } = world.of(OpenCall)
  const { state } = world.of(Call)
  return [...world.each(OpenCall)]
    .map((entity) => call[entity]!)
    .filter((row) => state[row] === CallState.asked)
    .sort((a, b) => a - b)
}

/** What `status` tells of agents. O(sessions). */
export function agentCounts(view: View): AgentCounts {
  const { world } = view
  const agents = world.of(Agent)
  const sessions = world.of(Session)
  const turn = world.of(Turn)
  const running = [...world.each(Running)].map((entity) => world.of(Running).turn[entity]!)
  const sum = (rows: number, of: (row: number) => number): number => {
    let total = 0
    for (let row = 1; row <= rows; row++) total += of(row)
    return total
  }
  return {
    agents: sum(world.rows(Agent), (row) => agents.present[row]!),
    sessions: sum(world.rows(Session), (row) => sessions.present[row]!),
    turns: world.rows(Turn),
    running: running.length,
    waiting: running.filter((row) => turn.state[row] === TurnState.waiting).length,
    queued: sum(world.rows(Session), (row) => sessions.queued[row]!),
    calls_asking: askedCalls(view).length,
    tokens_today: sum(world.rows(Agent), (row) => (isToday(agents.day[row]!, view) ? agents.tokens_day[row]! : 0)),
  }
}

function isToday(day: number, { now_ms }: View): boolean {
  return day === Math.floor(now_ms / 86_400_000)
}
