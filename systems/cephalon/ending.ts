import type { Tick } from '../../engine/system.ts'
import { Call, CallState, Message, OpenCall, Running, Session, Turn, TurnState } from '../agents/columns.ts'
import { turnEnded } from '../agents/ready.ts'
import { TurnEnded, TurnReturned } from '../events.ts'
import { appendResults, callRecord, callStateName, unansweredOf } from './history.ts'

/** How a turn ended. The code is stable and empty where all went well; the reason is a sentence for people. */
export type End = {
  readonly state: 'done' | 'failed' | 'cancelled'
  readonly code: string
  readonly reason: string
  /** The message that it said, row in Message. */
  readonly message?: number
}

const reasonUnits = 1_000
const shownUnits = 2_000

/**
 * Ends a turn, once: calls that are still open end with it, the conversation is made whole, and its session may get another
 * turn. What was asked for and not answered yet is taken back, and ignored where it cannot be. O(open calls + turns under way).
 */
export function endTurn(tick: Tick, turn: number, { state, code, reason, message = 0 }: End): void {
  const { world } = tick
  const turns = world.of(Turn)
  turns.state[turn] = TurnState[state]
  if (turns.effect_id[turn] !== 0) tick.withdraw(turns.effect_id[turn]!)
  turns.effect_id[turn] = 0
  turns.retry_at_ms[turn] = 0
  turns.ended_at_ms[turn] = tick.now_ms
  closeRound(tick, turn)
  const { turn: turnOf } = world.of(Running)
  for (const id of world.each(Running)) if (turnOf[id] === turn) world.kill(id)
  const session = turns.session[turn]!
  world.of(Session).blocked_until_ms[session] = 0
  turnEnded(world, session)
  const said = { state, code, reason: reason.slice(0, reasonUnits).toWellFormed() }
  tick.put('outcome', turn, JSON.stringify(message === 0 ? said : { ...said, message }))
  const spent = {
    rounds: turns.rounds[turn]!,
    calls: turns.calls[turn]!,
    tokens_in: turns.tokens_in[turn]!,
    tokens_out: turns.tokens_out[turn]!,
  }
  tick.emit(TurnEnded, { turn, session: world.keyOf(Session, session), ...said, ...spent })
}

/** Whether a call has come to its end. */
export function hasEnded(tick: Tick, call: number): boolean {
  return tick.world.of(Call).ended_at_ms[call]! > 0
}

/** A call ends with a text for the model, which is kept, and is no longer open. O(open calls). */
export function endCall(tick: Tick, call: number, state: number, text: string): void {
  const { world } = tick
  const calls = world.of(Call)
  calls.state[call] = state
  calls.ended_at_ms[call] = tick.now_ms
  calls.expires_at_ms[call] = 0
  tick.put('result', call, text)
  const { call: callOf } = world.of(OpenCall)
  for (const id of world.each(OpenCall)) if (callOf[id] === call) world.kill(id)
  const turn = calls.turn[call]!
  tick.emit(TurnReturned, {
    turn,
    session: world.keyOf(Session, world.of(Turn).session[turn]!),
    call,
    tool: callRecord(tick, call).name,
    state: callStateName(state),
    text: text.slice(0, shownUnits).toWellFormed(),
  })
}

/**
 * Lets go of calls that ended in the tick in which they began: what is spawned in a tick can be killed in the next one only.
 * O(open calls)
 */
export function dropEnded(tick: Tick): void {
  const { world } = tick
  const { call } = world.of(OpenCall)
  for (const id of world.each(OpenCall)) if (hasEnded(tick, call[id]!)) world.kill(id)
}

/** Calls that nobody waits for any more end, and all results of their round are appended. */
function closeRound(tick: Tick, turn: number): void {
  const asking = unansweredOf(tick, turn)
  if (asking === 0) return
  const { call: firstOf, calls: countOf } = tick.world.of(Message)
  const first = firstOf[asking]!
  for (let call = first; call < first + countOf[asking]!; call++) {
    if (!hasEnded(tick, call)) abandon(tick, call)
  }
  appendResults(tick, turn, asking)
}

/** What had left for a tool that runs once may have happened; everything else has not, or does not matter. */
function abandon(tick: Tick, call: number): void {
  const { state: states, effect_id } = tick.world.of(Call)
  const runs = states[call] === CallState.running
  const takenBack = runs && tick.withdraw(effect_id[call]!)
  const once = runs && !takenBack && callRecord(tick, call).once === true
  const text = once
    ? 'The turn ended while this was under way. It is not known whether it happened; it must not be repeated.'
    : 'The turn ended before this did: it was cancelled.'
  const state = once ? CallState.unknown : runs ? CallState.failed : CallState.denied
  endCall(tick, call, state, text)
}
