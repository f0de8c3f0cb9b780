import { archetype, singleton, states, table } from '../../engine/world/archetype.ts'

/** The columns of agents: sessions and what they hear, turns and what they call, and what all of that may spend. */

/** A named agent. Keyed by its name. What it may do is in the policy. */
export const Agent = table(
  'Agent',
  {
    present: 'u8', //          1 while the policy names it
    day: 'u32', //             days since 1970 that `tokens_day` and `cost_day` are of
    tokens_day: 'f64',
    cost_day: 'f64', //        in the currency of the policy's prices
    exhausted: 'u8', //        1 once it was said today that its budget is spent
  },
  { capacity: 16, rows_max: 10_000 },
)

export const Lane = states('none', 'interactive', 'operational', 'maintenance')
export const Overflow = states('none', 'block', 'coalesce', 'drop_oldest')
/** `blocked` sessions have spent a budget or wait for a model that is down; what comes meanwhile waits in their queue. */
export const SessionState = states('none', 'idle', 'ready', 'running', 'blocked')

/** One facet of an agent. Keyed by `agent/name`. */
export const Session = table(
  'Session',
  {
    agent: 'u32', //           row in Agent
    present: 'u8', //          1 while the policy names it or the operator opened it
    opened: 'u8', //           1 when the operator opened it: it has the policy of its agent's first session
    private: 'u8', //          1 while what was said in it is its own; also when the policy no longer names it
    state: 'u8', //            SessionState
    lane: 'u8', //             Lane
    weight: 'f32', //          its share of the lane
    finish: 'f64', //          virtual time at which its last turn ended: weighted fair queueing
    queue_head: 'u32', //      row in Slot; 0 = empty
    queue_tail: 'u32',
    queued: 'u32',
    queue_max: 'u32',
    overflow: 'u8', //         Overflow
    dropped: 'u32', //         inputs that a full queue has lost, for all to see
    ready_at_ms: 'f64', //     since when its oldest input waits
    running: 'u32', //         its turn under way, row in Turn; 0 = none
    turns: 'u32', //           that have begun
    newest_message: 'u32', //  of its conversation, row in Message
    bot_turns: 'u16', //       turns in a row that no person asked for
    due_at_ms: 'f64', //       next turn of its own accord; 0 = never
    blocked_until_ms: 'f64',
    minute: 'u32', //          minutes since 1970 that the next three are of
    turns_minute: 'u32',
    tokens_minute: 'f64',
    calls_minute: 'u32',
    day: 'u32', //             days since 1970 that the next two are of
    tokens_day: 'f64',
    cost_day: 'f64',
  },
  { rows_max: 1_000_000 },
)

export const LockedBy = states('none', 'session', 'operator', 'system')

/** One filter of a session. Record: `filter`, its JSON. */
export const Subscription = table(
  'Subscription',
  {
    session: 'u32',
    locked_by: 'u8', //        LockedBy: only `session` may be taken back by a tool
    ended: 'u8', //            1 when it was taken back, or its policy is no longer in force
  },
  { rows_max: 16_000_000 },
)

/** An event that at least one session was sent. Record: `input`, the event's JSON. */
export const Input = table(
  'Input',
  {
    at_ms: 'f64',
    trust: 'u8', //            Trust of its text, see systems/components.ts
    bot: 'u8', //              1 when a program or an agent said it
    hidden_tick: 'u32', //     see systems/hidden.ts
  },
  { rows_max: 16_000_000 },
)

/** A place in a queue. Rows are used again: free ones are listed through `next`, from `Pool.free`. */
export const Slot = table(
  'Slot',
  {
    input: 'u32', //           row in Input; 0 = free
    session: 'u32',
    next: 'u32', //            the slot behind it; 0 = last
    key_high: 'u32', //        of a queue that coalesces: hash of what makes two inputs the same
    key_low: 'u32',
  },
  { rows_max: 4_000_000 },
)

/** Counts of routing and queues. `version` grows whenever a subscription changes. */
export const Pool = singleton('Pool', {
  free: 'u32', //              first free slot; 0 = none
  used: 'u32',
  version: 'u32',
  routed: 'f64', //            inputs put into queues
  dropped: 'f64',
  coalesced: 'f64',
  held: 'f64', //              inputs that now wait beyond `queue_max` in queues that block
})

/** Where a turn stands. */
export const TurnState = states(
  'none',
  'queued', //     the scheduler has given it; the cephalon takes it up in the same tick
  'recalling',
  'asking', //     a model answers
  'calling', //    tools run, or wait for the operator's yes
  'waiting', //    the model is down; asked again at `retry_at_ms`
  'done',
  'failed',
  'cancelled',
)

/** One turn of a session, kept for ever. Records: `context` (JSON of what was put before the model), `outcome` (how it ended). */
export const Turn = table(
  'Turn',
  {
    session: 'u32',
    state: 'u8', //            TurnState
    lane: 'u8',
    trust: 'u8', //            the least trusted text in its context: Trust
    effect_id: 'u32', //       the recall or the question to the model that it waits for; 0 = none
    first_input: 'u32', //     row in TurnInput; its inputs are rows from here on
    inputs: 'u16',
    rounds: 'u16', //          questions that the model has answered
    calls: 'u16', //           tool calls
    repairs: 'u8', //          rounds with a call that could not be carried out
    repeats: 'u8', //          identical calls in a row
    shrinks: 'u8', //          times its context was made smaller
    retries: 'u8', //          times it waited for a model that was down
    tokens_in: 'u32',
    tokens_out: 'u32',
    opened_at_ms: 'f64',
    ended_at_ms: 'f64',
    retry_at_ms: 'f64',
    root: 'u32', //            the turn whose tools led to this one; itself when none did
    hidden_tick: 'u32', //     of its context, see systems/hidden.ts
  },
  { rows_max: 16_000_000 },
)

/** Which inputs a turn answers. */
export const TurnInput = table('TurnInput', { turn: 'u32', input: 'u32' }, { rows_max: 16_000_000 })

/** A turn that is under way: dies when it ends. */
export const Running = archetype('Running', { turn: 'u32' })

/** A message of a session's conversation. Record: `message`, a ChatMessage as JSON. */
export const Message = table(
  'Message',
  {
    session: 'u32',
    turn: 'u32',
    role: 'u8', //             MemoryRole
    previous: 'u32', //        the message before it in its session; 0 = none
    input: 'u32', //           the Input it quotes; 0 = none
    call: 'u32', //            the Call whose result it is, or the first of those an assistant asks for; 0 = none
    trust: 'u8',
    calls: 'u16', //           of an assistant's message: how many tool messages must follow it
    hidden_tick: 'u32', //     see systems/hidden.ts
  },
  { rows_max: 16_000_000 },
)

export const CallState = states('none', 'asked', 'approved', 'running', 'done', 'failed', 'denied', 'unknown')

/** A tool call. Records: `call` (JSON: id, name, arguments), `result` (text). */
export const Call = table(
  'Call',
  {
    turn: 'u32',
    state: 'u8', //            CallState: `asked` waits for the operator
    risk: 'u8', //             Risk, see systems/agents/tools.ts
    effect_id: 'u32',
    tool: 'u32', //            name
    hash_high: 'u32', //       of tool, arguments and turn: what an approval is bound to
    hash_low: 'u32',
    asked_at_ms: 'f64',
    expires_at_ms: 'f64', //   of the wait for a yes; 0 = none is waited for
    ended_at_ms: 'f64',
    hidden_tick: 'u32', //     of its arguments and its result, see systems/hidden.ts
  },
  { rows_max: 16_000_000 },
)

/** A call that runs or waits for a yes: dies when it ends. */
export const OpenCall = archetype('OpenCall', { call: 'u32', turn: 'u32' })

/** The lanes' budgets, one row a lane in the order of Lane; virtual time of its fair queue. */
export const LaneBudget = table(
  'LaneBudget',
  {
    minute: 'u32',
    turns_minute: 'u32',
    tokens_minute: 'f64',
    calls_minute: 'u32',
    virtual: 'f64', //         the queue's virtual time
    ready: 'u32', //           sessions that wait
    running: 'u32', //         turns under way
  },
  { capacity: 4, rows_max: 4 },
)

export const agentArchetypes = [
  Agent,
  Session,
  Subscription,
  Input,
  Slot,
  Pool,
  Turn,
  TurnInput,
  Running,
  Message,
  Call,
  OpenCall,
  LaneBudget,
] as const
export const agentRecords = ['filter', 'input', 'context', 'outcome', 'message', 'call', 'result'] as const
