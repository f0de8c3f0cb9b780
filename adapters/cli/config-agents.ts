import {
  type AgentPolicy,
  type AgentsPolicy,
  defaultAgent,
  defaultAgents,
  defaultScheduler,
  defaultSession,
  type LaneName,
  type LanePolicy,
  type SchedulerPolicy,
  type SessionPolicy,
  type Shares,
  type TurnCaps,
} from '../../systems/agents/policy.ts'
import { circuitWeights } from '../../systems/daimoi/weights.ts'
import { attempt, type ConfigProblems, nearest } from './config-problems.ts'

type Optional<T> = { readonly [K in keyof T]?: T[K] }
const budgetNames = [
  'turns_minute_max',
  'tokens_minute_max',
  'calls_minute_max',
  'tokens_day_max',
  'cost_day_max',
  'bot_turns_max',
] as const
type Budgets = Optional<Pick<SessionPolicy, (typeof budgetNames)[number]>>
type Same = 'lane' | 'weight' | 'circuit' | 'instructions' | 'model' | 'filters' | 'envelope' | 'queue_max'
type Also = 'overflow' | 'permissions' | 'tools' | 'scope' | 'related_max'

/** A session as the config writes it: what it leaves out is as in `defaultSession`. */
export type SessionConfig = { readonly name: string } & Optional<Pick<SessionPolicy, Same | Also>> & {
    /** A turn of its own accord this often: `10m`, `30s`, `2h`. */
    readonly interval?: string
    readonly shares?: Optional<Shares>
    readonly caps?: Optional<TurnCaps>
    readonly budgets?: Budgets
  }
/** An agent as the config writes it: without sessions it has one, `chat`. */
export type AgentConfig = { readonly name: string } & Optional<Omit<AgentPolicy, 'name' | 'sessions'>> & {
    readonly sessions?: readonly SessionConfig[]
  }
export type SchedulerConfig = {
  readonly turns_in_flight_max?: number
  readonly ageing_ms?: number
  readonly lanes?: { readonly [L in LaneName]?: Optional<LanePolicy> }
}

const unit_ms: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A shorter interval would be a loop, not a habit. */
const intervalMin_ms = 1_000

/** What the config says of agents as the policy says it. What contradicts itself is a problem. */
export function agentsFrom(
  agents: readonly AgentConfig[] | undefined,
  problems: ConfigProblems,
): readonly AgentPolicy[] {
  if (agents === undefined) return defaultAgents
  refuseTwice(agents, 'agents', problems)
  return agents.map((agent, index) => agentFrom(agent, `agents.${index}`, problems))
}

function agentFrom({ sessions, ...given }: AgentConfig, path: string, problems: ConfigProblems): AgentPolicy {
  const agent = { ...defaultAgent, ...given }
  if (agent.answer_tokens_max * 2 > agent.window_tokens) {
    const most = `half of window_tokens, which is ${agent.window_tokens}`
    problems.add(`${path}.answer_tokens_max`, `must be at most ${most}, not ${agent.answer_tokens_max}`)
  }
  const priced = given.prices !== undefined
  if (!priced && agent.cost_day_max > 0) problems.add(`${path}.cost_day_max`, 'needs prices: costs are not counted')
  const described = sessions ?? [{ name: 'chat' }]
  refuseTwice(described, `${path}.sessions`, problems)
  return {
    ...agent,
    sessions: described.map((session, index) =>
      sessionFrom(session, `${path}.sessions.${index}`, { priced, problems }),
    ),
  }
}

type Surroundings = { readonly priced: boolean; readonly problems: ConfigProblems }

function sessionFrom(given: SessionConfig, path: string, { priced, problems }: Surroundings): SessionPolicy {
  const { interval, budgets = {}, caps, shares, ...plain } = given
  const session: SessionPolicy = {
    filters: [],
    ...defaultSession,
    ...plain,
    ...budgets,
    caps: { ...defaultSession.caps, ...caps },
    shares: { ...defaultSession.shares, ...shares },
    interval_ms: interval === undefined ? 0 : durationOf(interval),
  }
  const { circuit, interval_ms, cost_day_max } = session
  attempt(problems, `${path}.circuit`, () => circuitWeights(circuit))
  if (interval !== undefined && interval_ms < intervalMin_ms) {
    problems.add(`${path}.interval`, `must be at least ${intervalMin_ms} ms, not ${interval}`)
  }
  if (!priced && cost_day_max > 0) {
    problems.add(`${path}.budgets.cost_day_max`, "needs the agent's prices: costs are not counted")
  }
  const sum = Object.values(session.shares).reduce((total, share) => total + share, 0)
  if (sum > 1) problems.add(`${path}.shares`, `add up to ${sum.toFixed(2)}, more than the whole window`)
  return session
}

function refuseTwice(named: readonly { readonly name: string }[], path: string, problems: ConfigProblems): void {
  const seen = new Set<string>()
  for (const [index, { name }] of named.entries()) {
    if (seen.has(name)) problems.add(`${path}.${index}.name`, `${name} is the name of another one too`)
    seen.add(name)
  }
}

/** A duration like `10m` in milliseconds; the schema has checked its form. */
export function durationOf(text: string): number {
  const digits = /^\d+/.exec(text)?.[0] ?? ''
  return Number(digits) * (unit_ms[text.slice(digits.length)] ?? 0)
}

/** What the config says of the scheduler, over the defaults. More reserved places than there are is a problem. */
export function schedulerFrom(given: SchedulerConfig, problems: ConfigProblems): SchedulerPolicy {
  const { lanes } = defaultScheduler
  const merged: SchedulerPolicy = {
    ...defaultScheduler,
    ...given,
    lanes: {
      interactive: { ...lanes.interactive, ...given.lanes?.interactive },
      operational: { ...lanes.operational, ...given.lanes?.operational },
      maintenance: { ...lanes.maintenance, ...given.lanes?.maintenance },
    },
  }
  const reserved = Object.values(merged.lanes).reduce((sum, lane) => sum + lane.reserved, 0)
  if (reserved > merged.turns_in_flight_max) {
    const places = `turns_in_flight_max is ${merged.turns_in_flight_max}`
    problems.add('scheduler', `the lanes reserve ${reserved} turns, but ${places}`)
  }
  return merged
}

/** Patterns of tools in sessions that no tool matches; asked once all tools are known, those of `extend` included. */
export function unknownTools(
  { agents }: Pick<AgentsPolicy, 'agents'>,
  names: readonly string[],
): { path: string; text: string }[] {
  return agents.flatMap((agent, a) =>
    agent.sessions.flatMap((session, s) =>
      session.tools.flatMap((pattern, t) => {
        if (names.some((name) => matchesTool(pattern, name))) return []
        const text = `no tool is named ${pattern}${nearest(pattern, names)}`
        return [{ path: `agents.${a}.sessions.${s}.tools.${t}`, text }]
      }),
    ),
  )
}

/** Whether a pattern of a session's `tools` means a tool: its name, or a beginning before `*`. */
export function matchesTool(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
