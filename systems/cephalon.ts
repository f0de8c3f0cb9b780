import type { Event } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import { Call, Running, Turn, TurnState } from './agents/columns.ts'
import { answered } from './cephalon/answer.ts'
import { approvalOf, expired } from './cephalon/approvals.ts'
import { approved, callFailed, callUnknown, openCallOf, returned } from './cephalon/calls.ts'
import { cancel } from './cephalon/cancel.ts'
import { dropEnded, endTurn } from './cephalon/ending.ts'
import { isUnderWay, type Step, stepOf } from './cephalon/step.ts'
import { begin, questionFailed, recalled, resume } from './cephalon/turn.ts'
import { withdrawMessages, withdrawQuoting } from './cephalon/withdraw.ts'
import { ApprovalGiven, LlmChat, MemoryOrder, MemoryRecall, SessionCancel, ToolOnce, ToolSafe } from './events.ts'

/**
 * Moves turns: recall, context, question, tools, answer. Each answer moves the one turn that waits for it; one that nobody
 * waits for any more changes nothing. O(events + turns under way), and the work of those that move.
 */
export const cephalon = system('cephalon', (tick) => {
  dropEnded(tick)
  // Before any answer: memory has hidden what it quotes, wherever the order stands among the events.
  if (tick.events.some((event) => MemoryOrder.is(event))) withdrawQuoting(tick)
  for (const event of tick.events) hear(tick, event)
  for (const call of expired(tick)) {
    const turn = tick.world.of(Call).turn[call]!
    take(tick, turn, (step) => approved(step, call, undefined))
  }
  const { turn: turnOf } = tick.world.of(Running)
  for (const id of tick.world.each(Running)) advance(tick, turnOf[id]!)
})

function hear(tick: Tick, event: Event): void {
  const effect_id = event.payload['effect_id']
  if (typeof effect_id === 'number') {
    const turn = tick.ownerOf(effect_id)
    if (turn !== 0) answer(tick, event, turn, effect_id)
  } else if (event.source.kind === 'discord') withdrawMessages(tick, event)
  else if (SessionCancel.is(event)) cancel(tick, event)
  else if (ApprovalGiven.is(event)) {
    const given = approvalOf(tick, event)
    if (given === undefined) return
    take(tick, tick.world.of(Call).turn[given.call]!, (step) => approved(step, given.call, given.allow))
  }
}

/** Whoever asked may be no turn at all: it is one only if it waits for this very effect. */
function answer(tick: Tick, event: Event, turn: number, effect_id: number): void {
  if (isOfTool(event)) {
    const call = openCallOf(tick, turn, effect_id)
    if (call !== 0) take(tick, turn, (step) => answerCall(step, event, call))
    return
  }
  if (turn > tick.world.rows(Turn) || tick.world.of(Turn).effect_id[turn] !== effect_id) return
  if (MemoryRecall.done.is(event)) take(tick, turn, (step) => recalled(step, event.payload))
  else if (MemoryRecall.failed.is(event)) take(tick, turn, (step) => recalled(step, undefined))
  else if (LlmChat.done.is(event)) take(tick, turn, (step) => answered(step, event.payload))
  else if (LlmChat.failed.is(event)) take(tick, turn, (step) => questionFailed(step, event.payload))
}

function isOfTool({ type }: Event): boolean {
  return type.startsWith(ToolSafe.name) || type.startsWith(ToolOnce.name)
}

function answerCall(step: Step, event: Event, call: number): void {
  if (ToolSafe.done.is(event) || ToolOnce.done.is(event)) returned(step, call, event.payload)
  else if (ToolSafe.failed.is(event) || ToolOnce.failed.is(event)) {
    callFailed(step, call, event.payload.code, event.payload.reason)
  } else callUnknown(step, call)
}

/** What no answer has to come for: a turn that was just given, and one whose wait is over. */
function advance(tick: Tick, turn: number): void {
  const { state, retry_at_ms } = tick.world.of(Turn)
  if (state[turn] === TurnState.queued) take(tick, turn, begin)
  else if (state[turn] === TurnState.waiting && retry_at_ms[turn]! <= tick.now_ms) take(tick, turn, resume)
}

/** Moves a turn that is under way; it ends when the policy no longer knows its session. */
function take(tick: Tick, turn: number, move: (step: Step) => void): void {
  if (!isUnderWay(tick, turn)) return
  const step = stepOf(tick, turn)
  if (step !== undefined) move(step)
  else endTurn(tick, turn, { state: 'failed', code: 'SESSION_GONE', reason: 'the policy no longer knows its session' })
}
