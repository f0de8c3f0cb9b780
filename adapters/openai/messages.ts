import type { JsonSchema } from '../../engine/schema.ts'
import type { ChatMessage } from '../../systems/events.ts'
import type { WireNames } from './names.ts'

type WireCall = { id: string; type: 'function'; function: { name: string; arguments: string } }
/** A message as the endpoint is sent it. */
export type WireMessage =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string; tool_calls?: WireCall[] }
  | { role: 'tool'; content: string; tool_call_id: string }

/** `developer` goes as `system`: every endpoint knows that role, and those that know both treat them alike. */
export function messageOf({ role, content, tool_calls, tool_call_id }: ChatMessage, names: WireNames): WireMessage {
  const text = textOf(content)
  if (role === 'tool') return { role, content: text, tool_call_id: tool_call_id ?? '' }
  if (role !== 'assistant') return { role: role === 'user' ? 'user' : 'system', content: text }
  if (tool_calls === undefined || tool_calls.length === 0) return { role, content: text }
  const calls = tool_calls.map(
    ({ id, name, arguments: given }): WireCall => ({
      id,
      type: 'function',
      function: { name: names.sent(name), arguments: readableArguments(given) },
    }),
  )
  return { role, content: text, tool_calls: calls }
}

/**
 * A message for a model that knows no tools: what it asked for and what came of it are told in words.
 * @param asked names of tools by the ids of earlier calls; those of this message are added
 */
export function messageWithoutTools(message: ChatMessage, asked: Map<string, string>): WireMessage {
  const { role, content, tool_calls = [], tool_call_id = '' } = message
  const text = textOf(content)
  if (role === 'tool') return { role: 'user', content: `Result of ${asked.get(tool_call_id) ?? 'a tool'}:\n${text}` }
  if (role !== 'assistant') return { role: role === 'user' ? 'user' : 'system', content: text }
  for (const { id, name } of tool_calls) asked.set(id, name)
  const words = tool_calls.map(({ name, arguments: given }) => `I asked ${name} with ${given}.`)
  return { role, content: [text, ...words].filter((part) => part !== '').join('\n') }
}

/** Asks for JSON of a schema in words, as part of the first system message: some chat templates accept only one. */
export function askInWords(messages: WireMessage[], schema: JsonSchema): void {
  const words = `Answer with one JSON object and nothing else. It must match this JSON Schema:\n${JSON.stringify(schema)}`
  const first = messages[0]
  if (first?.role === 'system') messages[0] = { role: 'system', content: `${first.content}\n\n${words}` }
  else messages.unshift({ role: 'system', content: words })
}

/** One system message at the start that holds all of them, and no two messages of the user in a row. */
export function inStrictOrder(messages: readonly WireMessage[]): WireMessage[] {
  const systems = messages.filter(({ role }) => role === 'system').map(({ content }) => content)
  const ordered: WireMessage[] = systems.length === 0 ? [] : [{ role: 'system', content: systems.join('\n\n') }]
  for (const message of messages) {
    if (message.role === 'system') continue
    const last = ordered.at(-1)
    if (message.role === 'user' && last?.role === 'user') {
      ordered[ordered.length - 1] = { role: 'user', content: `${last.content}\n\n${message.content}` }
    } else ordered.push(message)
  }
  return ordered
}

function textOf(content: ChatMessage['content']): string {
  return typeof content === 'string' ? content : JSON.stringify(content)
}

/**
 * Several servers parse the arguments of earlier calls and refuse the whole request when one is no object: then the model is
 * shown what it wrote, as text.
 */
function readableArguments(given: string): string {
  return holdsObject(given) ? given : JSON.stringify({ unreadable: given })
}

function holdsObject(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
  } catch {
    return false
  }
}
