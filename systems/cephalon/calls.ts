import type { Json } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { chargeCall, exhausted, policyOf } from '../agents/budget.ts'
import { Call, CallState, Message, OpenCall, Turn, TurnState } from '../agents/columns.ts'
import { agentsOf } from '../agents/policy.ts'
import { Risk, type ToolSpec } from '../agents/tools.ts'
import {
  type ToolCallAsked,
  type ToolCallDone,
  type ToolCallRequest,
  ToolOnce,
  ToolSafe,
  TurnCalled,
  TurnWaiting,
} from '../events.ts'
import { askApproval } from './approvals.ts'
import { endCall, hasEnded } from './ending.ts'
import { appendAnswer, appendResults, type CallRecord, callRecord, unansweredOf } from './history.ts'
import { riskOf, verdictOf } from './permissions.ts'
import { capped, leastTrust, type Step, trustName } from './step.ts'
import { offeredTool, resultTrust } from './tools.ts'
import { askAgain } from './turn.ts'

/** Tool calls of a turn: each is judged, runs or waits for a yes, and ends with a text that the model can read. */

/** A call as it was understood: the tool and its arguments, or what is wrong with it. */
export type ReadCall = {
  /** As it stands in the conversation from now on. */
  readonly asked: ToolCallAsked
  /** Undefined when no tool of that name was offered. */
  readonly spec: ToolSpec | undefined
  /** What the model is told; empty when the call can be carried out. */
  readonly wrong: string
}

const resultBytesMax = 65_536
const shownUnits = 4_000

/**
 * The calls of one answer begin, all at once; the model is asked again when the last has ended. O(calls).
 * @param left_out how many more were asked for than may be at once
 */
export function beginCalls(step: Step, text: string, calls: readonly ReadCall[], left_out: number): void {
  const { tick, turn } = step
  const turns = tick.world.of(Turn)
  const before = turns.calls[turn]!
  const first = tick.world.append(Call, calls.length)
  turns.state[turn] = TurnState.calling
  turns.calls[turn] = before + calls.length
  appendAnswer(tick, turn, text, { tool_calls: calls.map(({ asked }) => asked), first_call: first })
  calls.forEach((call, at) => {
    const isLast = at === calls.length - 1
    const record: CallRecord = {
      ...call.asked,
      n: before + at + 1,
      once: call.spec?.retry !== 'safe',
      ...(isLast && left_out > 0 ? { left_out } : {}),
    }
    judge(step, first + at, call, record)
  })
  goOn(step)
}

/** The operator has answered: the call runs, or ends. `allow` is undefined when nobody answered in time. */
export function approved(step: Step, call: number, allow: boolean | undefined): void {
  const { tick } = step
  if (hasEnded(tick, call)) return
  const refused = allow === true ? refusalNow(step, call) : ''
  if (refused !== '') endCall(tick, call, CallState.denied, refused)
  else if (allow === true) run(step, call, callRecord(tick, call))
  else if (allow === false) endCall(tick, call, CallState.denied, 'The operator said no.')
  else endCall(tick, call, CallState.denied, 'Nobody with the right to say yes answered in time, so it was not done.')
  goOn(step)
}

/** Why a call that has its yes may not run after all: the operator may have set a stricter policy since it was asked. */
function refusalNow({ tick, turn, limits }: Step, call: number): string {
  const { permissions, tools } = limits.session
  const spec = offeredTool(agentsOf(tick).tools, tools, callRecord(tick, call).name)
  if (spec === undefined) return 'This session may not use this tool any more, so it was not done.'
  const trust = tick.world.of(Turn).trust[turn]!
  const { verdict, why } = verdictOf({ risk: riskOf(spec), mode: permissions, trust })
  return verdict === 'deny' ? `It was not done, although the operator said yes: ${why}.` : ''
}

/** A tool has answered. */
export function returned(step: Step, call: number, { text, failed }: ToolCallDone): void {
  finish(step, call, failed ? CallState.failed : CallState.done, text)
}

/** A tool could not answer, which is a result too. */
export function callFailed(step: Step, call: number, code: string, reason: string): void {
  finish(step, call, CallState.failed, `${code}: ${reason}`)
}

/** A tool that must not run twice was interrupted. */
export function callUnknown(step: Step, call: number): void {
  const text =
    'It is not known whether this happened: the process stopped while it was under way. It must not be repeated; say so.'
  finish(step, call, CallState.unknown, text)
}

/** The open call that waits for this answer, row in Call, or 0: then it came late, or is for somebody else. O(open calls). */
export function openCallOf(tick: Tick, turn: number, effect_id: number): number {
  const { world } = tick
  const open = world.of(OpenCall)
  const { effect_id: awaited, state } = world.of(Call)
  for (const id of world.each(OpenCall)) {
    const call = open.call[id]!
    if (open.turn[id] === turn && awaited[call] === effect_id && state[call] === CallState.running) return call
  }
  return 0
}

/** Decides what becomes of one call. */
function judge(step: Step, call: number, { asked, spec, wrong }: ReadCall, record: CallRecord): void {
  const { tick, turn, limits } = step
  const { world } = tick
  const calls = world.of(Call)
  calls.turn[call] = turn
  // Names that a model made up are not kept among the names of the world.
  calls.tool[call] = spec === undefined ? 0 : world.names.id(spec.name)
  calls.risk[call] = spec === undefined ? Risk.destructive : riskOf(spec)
  tick.put('call', call, JSON.stringify(record))
  if (wrong !== '') {
    say(step, call, asked, 'invalid', wrong)
    endCall(tick, call, CallState.failed, wrong)
    return
  }
  const { permissions } = limits.session
  const { verdict, why } = verdictOf({ risk: calls.risk[call]!, mode: permissions, trust: world.of(Turn).trust[turn]! })
  say(step, call, asked, verdict, why)
  if (verdict === 'allow') run(step, call, record)
  else if (verdict === 'ask') waitForYes(step, call, why)
  else endCall(tick, call, CallState.denied, `This call is not allowed: ${why}.`)
}

/** Lets a call leave, if there is still something to spend. */
function run({ tick, turn, session, key, limits }: Step, call: number, record: CallRecord): void {
  const { world } = tick
  const spec = policyOf(tick).tools.find(({ name }) => name === record.name)
  const spent = exhausted(tick, session)
  if (spec === undefined || spent !== undefined) {
    const why = spent === undefined ? 'the tool is no longer there' : `the budget ${spent.budget} is spent`
    endCall(tick, call, CallState.denied, `This was not done: ${why}.`)
    return
  }
  chargeCall(tick, turn)
  const request: ToolCallRequest = {
    tool: record.name,
    arguments: JSON.parse(record.arguments) as { [name: string]: Json },
    session: key,
    agent: limits.agent.name,
    turn,
    call,
    trust: trustName(world.of(Turn).trust[turn]!),
    key: `turn/${turn}/call/${record.n}`,
  }
  const calls = world.of(Call)
  // As the call was judged: a policy that came since cannot make a tool run twice.
  calls.effect_id[call] = tick.request(record.once ? ToolOnce : ToolSafe, request, turn)
  if (calls.state[call] !== CallState.approved) open(tick, turn, call)
  calls.state[call] = CallState.running
}

function waitForYes({ tick, turn, key }: Step, call: number, why: string): void {
  askApproval(tick, call)
  open(tick, turn, call)
  const until_ms = tick.world.of(Call).expires_at_ms[call]!
  tick.emit(TurnWaiting, { turn, session: key, why: 'approval', reason: why, until_ms })
}

function open({ world }: Tick, turn: number, call: number): void {
  const id = world.spawn(OpenCall)
  const columns = world.of(OpenCall)
  columns.call[id] = call
  columns.turn[id] = turn
}

/** What came from outside makes the turn as little trusted as it is itself. */
function finish(step: Step, call: number, state: number, text: string): void {
  const { tick, turn } = step
  const turns = tick.world.of(Turn)
  const { name } = callRecord(tick, call)
  if (state !== CallState.unknown) turns.trust[turn] = leastTrust(turns.trust[turn]!, resultTrust(name))
  endCall(tick, call, state, capped(text, resultBytesMax))
  goOn(step)
}

/** Asks the model again once every call of the round has ended. */
function goOn(step: Step): void {
  const { tick, turn } = step
  const asking = unansweredOf(tick, turn)
  if (asking === 0) return
  const { call: firstOf, calls: countOf } = tick.world.of(Message)
  const first = firstOf[asking]!
  for (let call = first; call < first + countOf[asking]!; call++) if (!hasEnded(tick, call)) return
  appendResults(tick, turn, asking)
  askAgain(step)
}

function say({ tick, turn, key }: Step, call: number, asked: ToolCallAsked, verdict: string, reason: string): void {
  const shown = asked.arguments.slice(0, shownUnits).toWellFormed()
  tick.emit(TurnCalled, { turn, session: key, call, tool: asked.name, arguments: shown, verdict, reason })
}
