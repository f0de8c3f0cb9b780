import { EffectFailure, type Log, type Outside } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'
import { events, MemoryOrder, NoteWritten, SessionSubscription, type ToolCallRequest } from '../../systems/events.ts'
import type { ToolContext, ToolEvent } from './tool.ts'

/** What one call is given, and what it may say. */

/** Of the mind's own types, those that tools may say; config, orders of the operator, answers and verdicts are not. */
const allowed = new Set<string>([NoteWritten.name, MemoryOrder.name, SessionSubscription.name])
const own = new Set<string>(events.map(({ name }) => name))
/** Answers to effects, also to those that an extension declares. */
const answer = /\.(?:done|failed|unknown)$/

/** The context of one call. */
export function contextOf(
  request: ToolCallRequest,
  outside: Outside,
  recall: ToolContext['recall'],
  signal: AbortSignal,
  log: Log,
): ToolContext {
  const { session, agent, turn, call, key, trust } = request
  const ingest = async (event: ToolEvent): Promise<number> => {
    const input = eventOf(request, event)
    if (signal.aborted) throw new EffectFailure('TOOL_TIMEOUT', 'the call was ended before anything was said')
    return outside.ingest(input)
  }
  return { session, agent, turn, call, key, trust, signal, view: outside.view, log, ingest, recall }
}

/** A tool's event under its session's name, believed no more than what the model had read. @throws EffectFailure TOOL_FORBIDDEN */
function eventOf({ session, agent, key, trust }: ToolCallRequest, { type, payload, id = key }: ToolEvent): EventInput {
  if (answer.test(type) || (own.has(type) && !allowed.has(type))) {
    throw new EffectFailure('TOOL_FORBIDDEN', `no tool may say ${JSON.stringify(type.slice(0, 100))}`)
  }
  const source = { kind: 'tool', channel: session, author: agent }
  return { type, id, source, payload: type === NoteWritten.name ? { ...payload, trust } : payload }
}
