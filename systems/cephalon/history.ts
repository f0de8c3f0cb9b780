import type { Json } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Call, CallState, Input, Message, Session, Turn, TurnInput } from '../agents/columns.ts'
import { agentRecord } from '../agents/quotes.ts'
import { MemoryRole, Trust } from '../components.ts'
import type { ChatMessage, ToolCallAsked } from '../events.ts'
import { leastTrust } from './step.ts'
import { resultTrust } from './tools.ts'

/**
 * A session's conversation: rows of Message, each linked to the one before it. It is well-formed after every tick but while
 * calls run: then the newest message is the assistant's that asked for them, and what they gave is appended all at once.
 */

/** An event as its record `input` holds it. */
export type InputEvent = {
  readonly id: string
  readonly ts: number
  readonly type: string
  readonly source: {
    readonly kind: string
    readonly channel?: string
    readonly thread?: string
    readonly author?: string
  }
  readonly payload: { readonly [key: string]: Json }
}

/** A call as its record `call` holds it; `arguments` is the JSON that will run, or what the model gave when that is none. */
export type CallRecord = {
  readonly id: string
  readonly name: string
  readonly arguments: string
  /** Which call of its turn it is, from 1. */
  readonly n: number
  /** The tool must not be run twice. */
  readonly once: boolean
  /** Of the last one of an answer: how many more were asked for than may be at once. */
  readonly left_out?: number
}

type About = {
  readonly role: number
  readonly trust: number
  readonly input?: number
  readonly call?: number
  readonly calls?: number
}

/** Puts a message at the end of its session's conversation; returns its row. O(length). */
export function appendMessage(tick: Tick, turn: number, message: ChatMessage, about: About): number {
  const { world } = tick
  const session = world.of(Turn).session[turn]!
  const row = world.append(Message)
  const messages = world.of(Message)
  const sessions = world.of(Session)
  messages.session[row] = session
  messages.turn[row] = turn
  messages.role[row] = about.role
  messages.previous[row] = sessions.newest_message[session]!
  messages.input[row] = about.input ?? 0
  messages.call[row] = about.call ?? 0
  messages.calls[row] = about.calls ?? 0
  messages.trust[row] = about.trust
  sessions.newest_message[session] = row
  tick.put('message', row, JSON.stringify(message))
  return row
}

/** What a turn answers becomes messages of the user, in the order in which it came. O(inputs). */
export function appendInputs(tick: Tick, turn: number): void {
  const { world } = tick
  const { first_input, inputs } = world.of(Turn)
  const first = first_input[turn]!
  for (let at = 0; at < inputs[turn]!; at++) {
    const input = world.of(TurnInput).input[first + at]!
    const message: ChatMessage = { role: 'user', content: contentOf(inputEvent(tick, input)) }
    appendMessage(tick, turn, message, { role: MemoryRole.user, input, trust: world.of(Input).trust[input]! })
  }
}

/** The newest event that a turn answers; undefined for a turn of its own accord. */
export function newestInput(tick: Tick, turn: number): InputEvent | undefined {
  const { first_input, inputs } = tick.world.of(Turn)
  const count = inputs[turn]!
  if (count === 0) return undefined
  return inputEvent(tick, tick.world.of(TurnInput).input[first_input[turn]! + count - 1]!)
}

/** What the assistant says, or what it asks tools for: `calls` rows in Call from `first_call` on. */
export function appendAnswer(
  tick: Tick,
  turn: number,
  text: string,
  asked: { readonly tool_calls: ToolCallAsked[]; readonly first_call: number } = { tool_calls: [], first_call: 0 },
): number {
  const { tool_calls, first_call } = asked
  const message: ChatMessage = { role: 'assistant', content: text }
  if (tool_calls.length > 0) message.tool_calls = tool_calls
  const trust = leastTrust(tick.world.of(Turn).trust[turn]!, Trust.own)
  return appendMessage(tick, turn, message, {
    role: MemoryRole.assistant,
    trust,
    call: first_call,
    calls: tool_calls.length,
  })
}

/** The assistant's message whose calls have no results in the conversation yet: its row, or 0. O(1). */
export function unansweredOf(tick: Tick, turn: number): number {
  const { world } = tick
  const newest = world.of(Session).newest_message[world.of(Turn).session[turn]!]!
  const messages = world.of(Message)
  return newest !== 0 && messages.turn[newest] === turn && messages.calls[newest]! > 0 ? newest : 0
}

/** The results of all calls of an assistant's message, in the order in which they were asked for. All must have ended. O(calls). */
export function appendResults(tick: Tick, turn: number, asking: number): void {
  const { world } = tick
  const first = world.of(Message).call[asking]!
  const count = world.of(Message).calls[asking]!
  for (let call = first; call < first + count; call++) {
    const { id, name, left_out = 0 } = callRecord(tick, call)
    const state = world.of(Call).state[call]!
    const text = agentRecord(tick, 'result', call) ?? ''
    const content: { [key: string]: Json } = { tool: name, state: callStateName(state), text }
    if (left_out > 0) content['note'] = `${left_out} more calls of this answer were left out: ask for fewer at once`
    const came = state === CallState.done || state === CallState.failed
    const trust = came ? resultTrust(name) : Trust.operator
    appendMessage(tick, turn, { role: 'tool', content, tool_call_id: id }, { role: MemoryRole.tool, call, trust })
  }
}

/** What was asked for by a call (row in Call). */
export function callRecord(tick: Tick, call: number): CallRecord {
  const text = agentRecord(tick, 'call', call)
  return text === undefined ? { id: '', name: '', arguments: '{}', n: 0, once: true } : (JSON.parse(text) as CallRecord)
}

/** The name of a CallState. */
export function callStateName(state: number): string {
  return Object.entries(CallState).find(([, value]) => value === state)?.[0] ?? 'none'
}

function inputEvent(tick: Tick, input: number): InputEvent {
  const text = agentRecord(tick, 'input', input)
  if (text === undefined) return { id: '', ts: 0, type: '', source: { kind: '' }, payload: {} }
  return JSON.parse(text) as InputEvent
}

/** The operator's words are words; everybody else's are data that says whose they are. */
function contentOf({ type, source, payload }: InputEvent): ChatMessage['content'] {
  const { text, agent } = payload
  if (typeof text !== 'string') return { event: type, ...whence(source), payload }
  if (source.kind === 'operator') return text
  return { ...whence(source), ...(typeof agent === 'string' ? { author: agent } : {}), text }
}

function whence({ kind, channel, thread, author }: InputEvent['source']): { [key: string]: Json } {
  return {
    ...(author === undefined ? {} : { author }),
    ...(channel === undefined ? {} : { channel }),
    ...(thread === undefined ? {} : { thread }),
    kind,
  }
}
