import type { JsonSchema } from '../../engine/schema.ts'
import type { ChatMessage, LlmChatRequest } from '../../systems/events.ts'
import type { Endpoint } from './endpoint.ts'
import type { StatusFailure } from './failures.ts'

/** What an endpoint has shown to understand; learned from its refusals. */
export type Abilities = {
  /** How an answer of a given shape may be asked for; `text` only by asking in words. */
  readonly format: 'json_schema' | 'json_object' | 'text'
  /** Whether a stream may be asked to count tokens. */
  readonly usage: boolean
}

export type ChatBody = {
  model: string
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[]
  stream: boolean
  temperature?: number
  stream_options?: { include_usage: boolean }
  response_format?:
    | { type: 'json_object' }
    | { type: 'json_schema'; json_schema: { name: string; strict: boolean; schema: Record<string, unknown> } }
}

/** The request as the endpoint is sent it. */
export function bodyOf(request: LlmChatRequest, endpoint: Endpoint, abilities: Abilities): ChatBody {
  const { schema } = request
  const messages = request.messages.map(plainMessage)
  const body: ChatBody = { model: request.model ?? endpoint.model, messages, stream: endpoint.stream }
  if (endpoint.temperature !== undefined) body.temperature = endpoint.temperature
  if (endpoint.stream && abilities.usage) body.stream_options = { include_usage: true }
  if (schema === undefined) return body
  if (abilities.format === 'json_schema') {
    body.response_format = { type: 'json_schema', json_schema: { name: 'answer', strict: false, schema } }
  } else {
    askInWords(messages, schema)
    if (abilities.format === 'json_object') body.response_format = { type: 'json_object' }
  }
  return body
}

/** `developer` goes as `system`: every endpoint knows that role, and those that know both treat them alike. */
function plainMessage({ role, content }: ChatMessage): ChatBody['messages'][number] {
  return {
    role: role === 'developer' ? 'system' : role === 'tool' ? 'user' : role,
    content: typeof content === 'string' ? content : JSON.stringify(content),
  }
}

function askInWords(messages: ChatBody['messages'], schema: JsonSchema): void {
  const words = `Answer with one JSON object and nothing else. It must match this JSON Schema:\n${JSON.stringify(schema)}`
  const first = messages[0]
  // Some chat templates accept a single system message, and only at the start.
  if (first?.role === 'system') messages[0] = { role: 'system', content: `${first.content}\n\n${words}` }
  else messages.unshift({ role: 'system', content: words })
}

/** What to ask for after a refusal, or nothing when asking otherwise would not help. */
export function lesser(refusal: StatusFailure, sent: ChatBody, abilities: Abilities): Abilities | undefined {
  if (refusal.code !== 'BAD_REQUEST' || (refusal.status !== 400 && refusal.status !== 422)) return undefined
  if (sent.stream_options !== undefined && /stream_options|include_usage/.test(refusal.said)) {
    return { ...abilities, usage: false }
  }
  if (sent.response_format === undefined) return undefined
  return { ...abilities, format: sent.response_format.type === 'json_schema' ? 'json_object' : 'text' }
}
