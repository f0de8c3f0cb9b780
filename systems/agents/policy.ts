import type { Tick } from '../../engine/system.ts'
import { Policy } from '../components.ts'
import type { Filter } from '../events.ts'
import type { ToolSpec } from './tools.ts'

/** What the policy says of agents: the part of the config that decides what sessions hear, may do and may spend. */
export type AgentsPolicy = {
  readonly agents: readonly AgentPolicy[]
  readonly tools: readonly ToolSpec[]
  readonly scheduler: SchedulerPolicy
  /** `exact`: models whose tokenizer is known are counted by it; it has to be there then, also to replay. */
  readonly tokens: 'estimate' | 'exact'
}

export type AgentPolicy = {
  /** `duck`; with a session's name behind a slash it is the session's key: `duck/general`. */
  readonly name: string
  /** Who it is and how it should speak, for the developer's part of every context. */
  readonly instructions: string
  /** Asked for at the endpoint; without one, as the endpoint is configured. */
  readonly model?: string
  /** What fits into the model at once. */
  readonly window_tokens: number
  readonly answer_tokens_max: number
  /** 0 = no cap. */
  readonly tokens_day_max: number
  /** Of tokens, in any currency; without it costs are not counted. */
  readonly prices?: { readonly in_per_million: number; readonly out_per_million: number }
  readonly cost_day_max: number
  readonly sessions: readonly SessionPolicy[]
}

export type LaneName = 'interactive' | 'operational' | 'maintenance'
/** `read`: tools that only read. `ask`: everything else needs a yes. `auto`: side effects need none in a trusted context. */
export type PermissionMode = 'read' | 'ask' | 'auto'
export type Shares = {
  readonly headers: number
  readonly persistent: number
  readonly recent: number
  readonly related: number
  readonly safety: number
}

export type SessionPolicy = {
  readonly name: string
  readonly lane: LaneName
  readonly weight: number
  /** A lens on recall and prompts: survival, permission, symbolic, alignment, sensory, procedural, meta, mythic. */
  readonly circuit?: string
  readonly instructions: string
  readonly model?: string
  /** Locked by the operator: no tool can take them back. */
  readonly filters: readonly Filter[]
  /** Filters that a tool may add must match one of these in every field that it names; none: a tool may add nothing. */
  readonly envelope: readonly Filter[]
  readonly queue_max: number
  readonly overflow: 'block' | 'coalesce' | 'drop_oldest'
  readonly permissions: PermissionMode
  /** Names of tools, `memory.*` for several. */
  readonly tools: readonly string[]
  /** A turn of its own accord this often; 0 = never. */
  readonly interval_ms: number
  /** `private`: what was said in it is never put before another session. */
  readonly scope: 'shared' | 'private'
  readonly shares: Shares
  readonly related_max: number
  readonly caps: TurnCaps
  readonly turns_minute_max: number
  readonly tokens_minute_max: number
  readonly calls_minute_max: number
  readonly tokens_day_max: number
  readonly cost_day_max: number
  /** Turns in a row that no person asked for. */
  readonly bot_turns_max: number
}

/** Each of them ends the turn, not only the tool. */
export type TurnCaps = {
  readonly rounds_max: number
  readonly calls_max: number
  /** Of one answer of the model. */
  readonly calls_round_max: number
  readonly repeats_max: number
  readonly repairs_max: number
  readonly tokens_max: number
  readonly approval_ms: number
  readonly model_retries_max: number
  /** Inputs that one turn answers. */
  readonly inputs_max: number
}

export type LanePolicy = {
  readonly turns_minute_max: number
  readonly tokens_minute_max: number
  readonly calls_minute_max: number
  /** Turns under way that are kept for this lane, so that another cannot starve it. */
  readonly reserved: number
}
export type SchedulerPolicy = {
  readonly turns_in_flight_max: number
  readonly lanes: { readonly [L in LaneName]: LanePolicy }
  /** Waiting this long doubles a session's claim. */
  readonly ageing_ms: number
}

const lane: LanePolicy = { turns_minute_max: 600, tokens_minute_max: 10_000_000, calls_minute_max: 2_000, reserved: 1 }

export const defaultScheduler: SchedulerPolicy = {
  turns_in_flight_max: 8,
  lanes: { interactive: lane, operational: lane, maintenance: { ...lane, reserved: 0 } },
  ageing_ms: 60_000,
}

export const defaultSession: Omit<SessionPolicy, 'name' | 'filters'> = {
  lane: 'interactive',
  weight: 1,
  instructions: '',
  envelope: [],
  queue_max: 256,
  overflow: 'block',
  permissions: 'ask',
  tools: ['memory.*', 'notes.*', 'session.*', 'time.now'],
  interval_ms: 0,
  scope: 'shared',
  shares: { headers: 0.06, persistent: 0.08, recent: 0.18, related: 0.42, safety: 0.03 },
  related_max: 40,
  caps: {
    rounds_max: 12,
    calls_max: 32,
    calls_round_max: 16,
    repeats_max: 3,
    repairs_max: 2,
    tokens_max: 400_000,
    approval_ms: 600_000,
    model_retries_max: 20,
    inputs_max: 16,
  },
  turns_minute_max: 60,
  tokens_minute_max: 2_000_000,
  calls_minute_max: 200,
  tokens_day_max: 0,
  cost_day_max: 0,
  bot_turns_max: 3,
}

export const defaultAgent: Omit<AgentPolicy, 'name' | 'sessions'> = {
  instructions: '',
  window_tokens: 32_000,
  answer_tokens_max: 2_048,
  tokens_day_max: 0,
  cost_day_max: 0,
}

/** What the operator says reaches the session whose name is the channel: `promethean chat` publishes it so. */
export function operatorFilter(session: string): Filter {
  return { type: 'chat.message', kind: 'operator', channel: session }
}

/** Without a word about agents there is one, with one session to talk in. */
export const defaultAgents: readonly AgentPolicy[] = [
  { ...defaultAgent, name: 'promethean', sessions: [{ ...defaultSession, name: 'chat', filters: [] }] },
]

export const defaultAgentsPolicy: AgentsPolicy = {
  agents: defaultAgents,
  tools: [],
  scheduler: defaultScheduler,
  tokens: 'estimate',
}

/** Reading is pure, so what one row says can be kept; only the newest is. */
let kept: { readonly text: string; readonly policy: AgentsPolicy } | undefined

/** The policy of agents in force. `undefined` in the text, as in journals of before there were agents, means the default. */
export function agentsOf(tick: Pick<Tick, 'world' | 'read'>): AgentsPolicy {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  if (text === undefined) return defaultAgentsPolicy
  if (kept?.text !== text) kept = { text, policy: { ...defaultAgentsPolicy, ...partOf(text) } }
  return kept.policy
}

function partOf(text: string): Partial<AgentsPolicy> {
  const { agents, tools, scheduler, tokens } = JSON.parse(text) as Partial<AgentsPolicy>
  return {
    ...(agents === undefined ? {} : { agents }),
    ...(tools === undefined ? {} : { tools }),
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(tokens === undefined ? {} : { tokens }),
  }
}

type Found = { readonly agent: AgentPolicy; readonly session: SessionPolicy }

/** The policy of a session that it names, by its key `agent/name`. What it does not name has none, and no rights. */
export function sessionPolicy(policy: AgentsPolicy, key: string): Found | undefined {
  const { agent, name } = partsOf(policy, key)
  const session = agent?.sessions.find((each) => each.name === name)
  return agent === undefined || session === undefined ? undefined : { agent, session }
}

/** What a session has that the operator opened beside those of the policy: the policy of its agent's first. */
export function openedPolicy(policy: AgentsPolicy, key: string): Found | undefined {
  const { agent, name } = partsOf(policy, key)
  const named = sessionPolicy(policy, key)
  const [first] = agent?.sessions ?? []
  if (named !== undefined || agent === undefined || first === undefined) return named
  return { agent, session: { ...first, name } }
}

function partsOf(policy: AgentsPolicy, key: string): { agent: AgentPolicy | undefined; name: string } {
  const slash = key.indexOf('/')
  return { agent: policy.agents.find(({ name }) => name === key.slice(0, slash)), name: key.slice(slash + 1) }
}
