import type { Failure } from '../../engine/flow/effect.ts'
import { exhausted, type Spent } from '../agents/budget.ts'
import { Message, Session, SessionState, Turn, TurnState } from '../agents/columns.ts'
import {
  LlmChat,
  type LlmChatRequest,
  MemoryRecall,
  MemoryUsed,
  type RecallDone,
  TurnAsked,
  TurnWaiting,
} from '../events.ts'
import { type Context, firstContext, laterContext, queryOf, recallOptionsOf } from './context.ts'
import { endTurn } from './ending.ts'
import { appendInputs } from './history.ts'
import { leastTrust, type Step } from './step.ts'

/** The steps of a turn up to its question to the model, and what becomes of a question that failed. */

/** Rows of Message that a turn must find free when it begins: it ends with fewer, before it has done anything. */
const messagesMin = 4_096
/** First wait for a model that is down; it doubles each time, up to the second. */
const wait_ms = 5_000
const waitMax_ms = 300_000
/** The longest wait that a far side may ask for, and the longest that a spent budget may be waited for with a turn open. */
const askedWaitMax_ms = 86_400_000
const budgetWaitMax_ms = 60_000
/** Characters of the question that are told to whoever keeps what is used. */
const usedUnits_max = 1_000
/** How often a context that is too long is made smaller. */
const shrinksMax = 3

/** Failures that may pass, also when the adapter that reports them has given up trying. */
const passing = new Set([
  'RATE_LIMITED',
  'SERVER',
  'TIMEOUT',
  'NETWORK',
  'BAD_RESPONSE',
  'TRUNCATED',
  'UNAVAILABLE',
  'DEFERRED',
])

/** Times that an endpoint which answers with what is no answer is asked again: waiting mends it seldom. */
const badResponses_max = 2

/** A turn that was just given: its inputs join the conversation, and memory is asked. O(inputs). */
export function begin(step: Step): void {
  const { tick, turn } = step
  if (tick.world.room(Message) < messagesMin) {
    endTurn(tick, turn, { state: 'failed', code: 'TABLE_FULL', reason: 'the table of messages is full' })
    return
  }
  appendInputs(tick, turn)
  const turns = tick.world.of(Turn)
  const query = queryOf(tick, turn)
  if (query.trim() === '') {
    recalled(step, undefined)
    return
  }
  turns.state[turn] = TurnState.recalling
  turns.effect_id[turn] = tick.request(MemoryRecall, { query, options: recallOptionsOf(tick, turn) }, turn)
}

/** Memory has answered, or could not: the context is made of it, and the model is asked. O(context). */
export function recalled(step: Step, found: RecallDone | undefined): void {
  ask(step, firstContext(step.tick, step.turn, found))
}

/** The next question of a turn whose context is known: after tools, or after a wait. O(context). */
export function askAgain(step: Step): void {
  ask(step, laterContext(step.tick, step.turn))
}

/** The time of a turn that waited has come. */
export function resume(step: Step): void {
  const { tick, turn, session } = step
  const sessions = tick.world.of(Session)
  sessions.state[session] = SessionState.running
  sessions.blocked_until_ms[session] = 0
  tick.world.of(Turn).retry_at_ms[turn] = 0
  askAgain(step)
}

/** A question was not answered: the turn waits for the model, makes its context smaller, or ends. */
export function questionFailed(step: Step, { code, reason, transient, retry_after_ms }: Failure): void {
  const { tick, turn, limits } = step
  const turns = tick.world.of(Turn)
  const retries = turns.retries[turn]!
  turns.effect_id[turn] = 0
  if (code === 'CONTEXT_TOO_LONG' && turns.shrinks[turn]! < shrinksMax) {
    turns.shrinks[turn]!++
    ask(step, laterContext(tick, turn))
    return
  }
  const mayPass = transient === true || retry_after_ms !== undefined || passing.has(code)
  const most = code === 'BAD_RESPONSE' ? badResponses_max : 255
  if (!mayPass || retries >= Math.min(most, limits.session.caps.model_retries_max)) {
    endTurn(tick, turn, { state: 'failed', code, reason })
    return
  }
  turns.retries[turn] = retries + 1
  let pause_ms = wait_ms
  for (let n = 0; n < retries && pause_ms < waitMax_ms; n++) pause_ms *= 2
  const asked_ms = Math.min(retry_after_ms ?? 0, askedWaitMax_ms)
  wait(step, tick.now_ms + Math.max(Math.min(pause_ms, waitMax_ms), asked_ms), `${code}: ${reason}`)
}

/** Asks the model, within the caps of the turn and the budgets of its session. */
function ask(step: Step, context: Context): void {
  const { tick, turn, session, key, limits } = step
  const turns = tick.world.of(Turn)
  const { caps } = limits.session
  turns.trust[turn] = leastTrust(turns.trust[turn]!, context.trust)
  if (turns.rounds[turn]! >= caps.rounds_max) {
    const reason = `the model was asked ${caps.rounds_max} times, which is as often as one turn may`
    endTurn(tick, turn, { state: 'failed', code: 'ROUNDS', reason })
    return
  }
  if (context.crowded) {
    const { window_tokens } = limits.agent
    const reason = `instructions and tools leave no room for the question in a window of ${window_tokens} tokens: set a larger window_tokens, or offer fewer tools`
    endTurn(tick, turn, { state: 'failed', code: 'CONTEXT_TOO_LONG', reason })
    return
  }
  const left = caps.tokens_max - turns.tokens_in[turn]! - turns.tokens_out[turn]!
  if (left <= 0) {
    const reason = `the turn has used the ${caps.tokens_max} tokens that one turn may`
    endTurn(tick, turn, { state: 'failed', code: 'TOKENS', reason })
    return
  }
  const spent = exhausted(tick, session)
  if (spent !== undefined) {
    waitForBudget(step, spent)
    return
  }
  turns.state[turn] = TurnState.asking
  turns.effect_id[turn] = tick.request(LlmChat, requestOf(step, context, left), turn)
  const { tokens, memory_ids } = context
  tick.emit(TurnAsked, { turn, session: key, round: turns.rounds[turn]! + 1, tokens, memory_ids })
  const isFirst = turns.rounds[turn] === 0 && turns.retries[turn] === 0 && turns.shrinks[turn] === 0
  if (isFirst && memory_ids.length > 0)
    tick.emit(MemoryUsed, { memory_ids, query: queryOf(tick, turn).slice(0, usedUnits_max) })
}

function requestOf({ limits }: Step, { messages, tools }: Context, left: number): LlmChatRequest {
  const model = limits.session.model ?? limits.agent.model
  return {
    task: 'turn',
    messages,
    ...(model === undefined ? {} : { model }),
    ...(tools.length === 0 ? {} : { tools }),
    tokens_max: Math.max(1, Math.min(limits.agent.answer_tokens_max, Math.floor(left))),
  }
}

/** A minute's budget is waited for; a day's is not, because the turn would hold what it knows until then. */
function waitForBudget(step: Step, { scope, name, budget, until_ms }: Spent): void {
  const { tick, turn } = step
  const reason = `the budget ${budget} of the ${scope} ${name} is spent`
  if (until_ms - tick.now_ms > budgetWaitMax_ms) endTurn(tick, turn, { state: 'failed', code: 'BUDGET', reason })
  else wait(step, until_ms, reason)
}

/** The turn waits, for all to see; its session is blocked meanwhile, and others go on. */
function wait({ tick, turn, session, key }: Step, until_ms: number, reason: string): void {
  const turns = tick.world.of(Turn)
  const sessions = tick.world.of(Session)
  turns.state[turn] = TurnState.waiting
  turns.effect_id[turn] = 0
  turns.retry_at_ms[turn] = until_ms
  sessions.state[session] = SessionState.blocked
  sessions.blocked_until_ms[session] = until_ms
  tick.emit(TurnWaiting, { turn, session: key, why: 'model', reason, until_ms })
}
