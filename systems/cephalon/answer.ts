import { chargeTokens, policyOf } from '../agents/budget.ts'
import { Call, Message, Turn } from '../agents/columns.ts'
import { type LlmChatDone, SessionSaid, type ToolCallAsked } from '../events.ts'
import { ModelUse, modelRow } from '../olympia/columns.ts'
import { beginCalls, type ReadCall } from './calls.ts'
import { laterContext } from './context.ts'
import { endTurn } from './ending.ts'
import { appendAnswer, type InputEvent, newestInput } from './history.ts'
import { withoutLeaks } from './leaks.ts'
import { repetition } from './loops.ts'
import { normalCalls, readArguments } from './repair.ts'
import { type Step, trustName } from './step.ts'
import { argumentsCheck, offeredTool } from './tools.ts'

/** What the model answered: words, which end the turn, or calls, which are held against everything that bounds them. */

const countMax = 0xffff_ffff
const repairsMax = 255
/** Bytes of text that are taken for a token where the far side does not count: rather too many tokens than too few. */
const bytesPerToken = 3
const problemsShown = 5
/** What is kept of arguments that nobody can read. */
const unreadUnits = 4_000

/** An answer has come. O(its length + messages of the turn). */
export function answered(step: Step, done: LlmChatDone): void {
  const { tick, turn } = step
  const turns = tick.world.of(Turn)
  turns.effect_id[turn] = 0
  count(step, done)
  turns.rounds[turn]!++
  const calls = done.tool_calls ?? []
  if (calls.length === 0) speak(step, done)
  else if (done.finish === 'length') {
    const reason = 'the answer was cut off while the model asked for tools, so none of them was run'
    endTurn(tick, turn, { state: 'failed', code: 'TRUNCATED', reason })
  } else obey(step, done, calls)
}

/** Counts what an answer cost: as reported, else by an estimate. */
function count({ tick, turn }: Step, { content, model, tool_calls = [], tokens_in, tokens_out }: LlmChatDone): void {
  const turns = tick.world.of(Turn)
  const bytes = Buffer.byteLength(content) + Buffer.byteLength(JSON.stringify(tool_calls))
  const came = tokens_out ?? Math.ceil(bytes / bytesPerToken)
  const went = tokens_in ?? laterContext(tick, turn).tokens
  turns.tokens_in[turn] = Math.min(countMax, turns.tokens_in[turn]! + went)
  turns.tokens_out[turn] = Math.min(countMax, turns.tokens_out[turn]! + came)
  const cost = chargeTokens(tick, turn, went, came)
  // A row for a model that costs nothing is made by who counts its calls.
  if (cost > 0) tick.world.of(ModelUse).cost[modelRow(tick.world, model)]! += cost
}

/** The turn ends with words. */
function speak({ tick, turn, key, limits }: Step, { content, finish }: LlmChatDone): void {
  const trust = tick.world.of(Turn).trust[turn]!
  const text = withoutLeaks(content.toWellFormed(), trust).trim()
  if (text === '') {
    endTurn(tick, turn, { state: 'done', code: 'EMPTY', reason: 'the model had nothing to say' })
    return
  }
  const message = appendAnswer(tick, turn, text)
  const to = whither(newestInput(tick, turn))
  const agent = limits.agent.name
  tick.emit(SessionSaid, { turn, session: key, agent, text, trust: trustName(trust), to })
  const cut = finish === 'length'
  const reason = cut ? 'the answer was cut off at the most tokens that it may have' : ''
  endTurn(tick, turn, { state: 'done', code: cut ? 'TRUNCATED' : '', reason, message })
}

/** Where the answered event came from: of what another agent said, its session; of a turn of its own accord, nowhere. */
function whither(event: InputEvent | undefined): SessionSaid['to'] {
  if (event === undefined) return { kind: '', channel: '', thread: '' }
  const { kind, channel = '', thread = '' } = event.source
  const session = event.payload['session']
  const isSaid = event.type === SessionSaid.name && typeof session === 'string'
  return isSaid ? { kind: 'session', channel: session, thread } : { kind, channel, thread }
}

/** The turn goes on with calls, unless they are beyond what it may do. */
function obey(step: Step, { content }: LlmChatDone, all: readonly ToolCallAsked[]): void {
  const { tick, turn, limits } = step
  const { caps } = limits.session
  const turns = tick.world.of(Turn)
  const kept = all.slice(0, Math.max(1, caps.calls_round_max))
  const read = normalCalls(kept, (n) => `turn-${turn}-call-${turns.calls[turn]! + n + 1}`).map((each) =>
    readCall(step, each),
  )
  const { repeats, circles } = repetition(
    tick,
    turn,
    read.map(({ asked }) => asked),
    caps.repeats_max,
  )
  turns.repeats[turn] = Math.min(255, repeats)
  const stop = (code: string, reason: string): void => endTurn(tick, turn, { state: 'failed', code, reason })
  const tokens = turns.tokens_in[turn]! + turns.tokens_out[turn]!
  if (read.every(({ wrong }) => wrong !== '')) {
    turns.repairs[turn] = Math.min(repairsMax, turns.repairs[turn]! + 1)
    if (turns.repairs[turn]! > caps.repairs_max) {
      stop(
        'REPAIRS',
        `the model asked ${turns.repairs[turn]} times for nothing that can be done; last: ${read[0]!.wrong}`,
      )
      return
    }
  }
  if (repeats >= caps.repeats_max) stop('REPEATS', `the model asked for the same ${repeats} times in a row`)
  else if (circles) stop('REPEATS', 'the model went round in circles')
  else if (turns.calls[turn]! + read.length > caps.calls_max) {
    stop('CALLS', `the model asked for more than the ${caps.calls_max} calls that one turn may make`)
  } else if (turns.rounds[turn]! >= caps.rounds_max) {
    stop('ROUNDS', `the model was asked ${caps.rounds_max} times, which is as often as one turn may`)
  } else if (tokens >= caps.tokens_max)
    stop('TOKENS', `the turn has used the ${caps.tokens_max} tokens that one turn may`)
  else if (tick.world.room(Call) < read.length || tick.world.room(Message) <= read.length) {
    stop('TABLE_FULL', 'the table of calls or of messages is full')
  } else beginCalls(step, withoutLeaks(content.toWellFormed(), turns.trust[turn]!), read, all.length - kept.length)
}

/** What a call asks for: a tool that was offered, and arguments that are what its schema asks. */
function readCall({ tick, limits }: Step, asked: ToolCallAsked): ReadCall {
  const spec = offeredTool(policyOf(tick).tools, limits.session.tools, asked.name)
  const read = readArguments(asked.arguments)
  const shown = read.ok ? JSON.stringify(read.value) : asked.arguments.slice(0, unreadUnits).toWellFormed()
  const own = { id: asked.id, name: spec?.name ?? asked.name, arguments: shown }
  if (spec === undefined) return { asked: own, spec, wrong: `There is no tool ${asked.name} here.` }
  if (!read.ok) return { asked: own, spec, wrong: `The arguments of ${spec.name} ${read.reason}.` }
  const problems = argumentsCheck(spec)(read.value).slice(0, problemsShown)
  const wrong = problems.map(({ path, message }) => `${path === '' ? 'the whole' : path} ${message}`).join('; ')
  return { asked: own, spec, wrong: wrong === '' ? '' : `The arguments of ${spec.name} are wrong: ${wrong}.` }
}
