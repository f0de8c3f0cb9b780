import { effectType } from '../../engine/flow/effect.ts'
import { eventType, type Json, objectOf } from '../../engine/flow/event.ts'
import { anyObject, count, flag, row, text, time } from './schemas.ts'

/** Events and effects of agents: sessions, turns, tools and approvals. */

const name = { type: 'string', minLength: 1, maxLength: 200 } as const

/**
 * What one filter of a subscription asks of an event. Fields AND, filters OR. `type` may end in `*` (a prefix); `path` is
 * a glob with `*`, `**` and `?`; all other fields are compared as they are.
 */
export type Filter = {
  readonly type?: string
  /** Kind of the source: `fs`, `discord`, `operator`. */
  readonly kind?: string
  readonly channel?: string
  readonly thread?: string
  readonly author?: string
  readonly tool?: string
  readonly tag?: string
  readonly path?: string
}
export const filterSchema = objectOf({
  'type?': name,
  'kind?': name,
  'channel?': name,
  'thread?': name,
  'author?': name,
  'tool?': name,
  'tag?': name,
  'path?': { type: 'string', minLength: 1, maxLength: 4096 },
})

/** A session comes to be besides those of the policy: what an operator began to talk in. Heard only from the operator. */
export type SessionOpened = { session: string }
export const SessionOpened = eventType<SessionOpened>('session.opened', objectOf({ session: name }))
/** A session hears more, or less. What the policy or the operator locked stays. */
export type SessionSubscription = { session: string; order: 'add' | 'remove'; filter: Filter }
export const SessionSubscription = eventType<SessionSubscription>(
  'session.subscription',
  objectOf({ session: name, order: { enum: ['add', 'remove'] }, filter: filterSchema }),
)
/** A wish about what a session hears was refused, and why. The row in Subscription keeps it for ever. */
export type SessionRefused = { session: string; order: string; filter: string; reason: string; row: number }
export const SessionRefused = eventType<SessionRefused>(
  'session.refused',
  objectOf({ session: text, order: text, filter: text, reason: text, row: count }),
)
/** The turn under way ends, what waits is dropped or, with `keep`, stays. Heard only from the operator. */
export type SessionCancel = { session: string; keep?: boolean }
export const SessionCancel = eventType<SessionCancel>('session.cancel', objectOf({ session: name, 'keep?': flag }))

/** A turn has begun, with the events it answers (rows in Input). */
export type TurnStarted = { turn: number; session: string; inputs: number[] }
export const TurnStarted = eventType<TurnStarted>(
  'turn.started',
  objectOf({ turn: row, session: name, inputs: { type: 'array', items: row } }),
)
/** What was put before the model: how many tokens, and which memories. */
export type TurnAsked = { turn: number; session: string; round: number; tokens: number; memory_ids: number[] }
export const TurnAsked = eventType<TurnAsked>(
  'turn.asked',
  objectOf({ turn: row, session: name, round: count, tokens: count, memory_ids: { type: 'array', items: row } }),
)
/** The model asked for a tool; `verdict` says what became of it: `allow`, `ask`, `deny`, or `invalid`. */
export type TurnCalled = {
  turn: number
  session: string
  call: number
  tool: string
  arguments: string
  verdict: string
  reason: string
}
export const TurnCalled = eventType<TurnCalled>(
  'turn.called',
  objectOf({ turn: row, session: name, call: row, tool: text, arguments: text, verdict: text, reason: text }),
)
/** A call has ended: `done`, `failed`, `denied` or `unknown`. The text is cut to what a person would read. */
export type TurnReturned = { turn: number; session: string; call: number; tool: string; state: string; text: string }
export const TurnReturned = eventType<TurnReturned>(
  'turn.returned',
  objectOf({ turn: row, session: name, call: row, tool: text, state: text, text }),
)
/** The turn waits: for the operator's yes, or until a model that is down is asked again. */
export type TurnWaiting = { turn: number; session: string; why: 'approval' | 'model'; reason: string; until_ms: number }
export const TurnWaiting = eventType<TurnWaiting>(
  'turn.waiting',
  objectOf({ turn: row, session: name, why: { enum: ['approval', 'model'] }, reason: text, until_ms: time }),
)
/** What a session's agent says: it is remembered as its own words. `trust` is the least trusted text it had before it. */
export type SessionSaid = {
  turn: number
  session: string
  agent: string
  text: string
  trust: string
  /** The channel and kind of source that the answered event came from. */
  to: { kind: string; channel: string; thread: string }
}
const target = objectOf({ kind: text, channel: text, thread: text })
export const SessionSaid = eventType<SessionSaid>(
  'session.said',
  objectOf({ turn: row, session: name, agent: name, text, trust: text, to: target }),
)
/** A turn has ended: `done`, `failed` or `cancelled`, with a stable code and a sentence where it did not end well. */
export type TurnEnded = {
  turn: number
  session: string
  state: string
  code: string
  reason: string
  rounds: number
  calls: number
  tokens_in: number
  tokens_out: number
}
export const TurnEnded = eventType<TurnEnded>(
  'turn.ended',
  objectOf({
    turn: row,
    session: name,
    state: text,
    code: text,
    reason: text,
    rounds: count,
    calls: count,
    tokens_in: count,
    tokens_out: count,
  }),
)
/** A cap was reached: of tokens or money, a day or a minute, of a session, an agent or a lane. */
export type BudgetExhausted = { scope: string; name: string; budget: string; until_ms: number }
export const BudgetExhausted = eventType<BudgetExhausted>(
  'budget.exhausted',
  objectOf({ scope: text, name: text, budget: text, until_ms: time }),
)

/** The operator's yes is wanted for one call with exactly these arguments. `hash` names tool, arguments and turn. */
export type ApprovalAsked = {
  turn: number
  session: string
  call: number
  tool: string
  arguments: string
  risk: string
  why: string
  hash: string
  expires_ms: number
}
export const ApprovalAsked = eventType<ApprovalAsked>(
  'approval.asked',
  objectOf({
    turn: row,
    session: name,
    call: row,
    tool: text,
    arguments: text,
    risk: text,
    why: text,
    hash: text,
    expires_ms: time,
  }),
)
/** The operator's answer; heard only from the operator's own channel, once, before it expires, for this hash. */
export type ApprovalGiven = { hash: string; allow: boolean }
export const ApprovalGiven = eventType<ApprovalGiven>('approval.given', objectOf({ hash: text, allow: flag }))

export type ToolCallRequest = {
  tool: string
  arguments: { [name: string]: Json }
  /** Who asks, for tools that act on a session or remember where something came from. */
  session: string
  agent: string
  turn: number
  call: number
  /** The least trusted text that the model had before it: what it makes is believed no more than that. */
  trust: string
  /** The same for ever for this call: a far side that knows it does nothing twice. */
  key: string
}
/** What a tool gave, as text that is data: cut when it was long, `failed` when the tool says so itself. */
export type ToolCallDone = { text: string; cut: boolean; failed: boolean }
const call = {
  tool: name,
  arguments: anyObject,
  session: name,
  agent: name,
  turn: row,
  call: row,
  trust: text,
  key: text,
}
const outcome = { text, cut: flag, failed: flag }
/**
 * Runs a tool that may be run twice. Fails with TOOL_UNKNOWN, TOOL_TIMEOUT, TOOL_FAILED or the tool's own code.
 * The deadline of the tool itself is shorter.
 */
export const ToolSafe = effectType<ToolCallRequest, ToolCallDone>('tool.safe', {
  retry: 'safe',
  deadline_ms: 150_000,
  attempts_max: 2,
  in_flight_max: 32,
  request: call,
  done: outcome,
})
/** Runs a tool that must not be run twice; after a crash its answer is `tool.once.unknown`. */
export const ToolOnce = effectType<ToolCallRequest, ToolCallDone>('tool.once', {
  retry: 'once',
  deadline_ms: 150_000,
  attempts_max: 1,
  in_flight_max: 16,
  request: call,
  done: outcome,
})
