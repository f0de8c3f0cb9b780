import type { ChatMessage, LlmChatRequest } from '../../systems/events.ts'
import type { Endpoint } from './endpoint.ts'
import type { StatusFailure } from './failures.ts'
import { askInWords, inStrictOrder, messageOf, messageWithoutTools, type WireMessage } from './messages.ts'
import type { WireNames } from './names.ts'
import type { Format, TokensField } from './profiles.ts'

/** What an endpoint has shown to understand; learned from its refusals. */
export type Abilities = {
  /** How an answer of a given shape may be asked for; none: only in words. */
  readonly formats: readonly Format[]
  /** Fields that may bound an answer's length; none: it is as long as the model likes. */
  readonly tokens: readonly TokensField[]
  /** Whether a stream may be asked to count tokens. */
  readonly usage: boolean
  readonly tools: boolean
  /** Whether several calls in one answer are asked for by name. */
  readonly parallel: boolean
  readonly temperature: boolean
  /** Whether there is one system message only, and turns alternate. */
  readonly strict: boolean
}

type WireTool = {
  type: 'function'
  function: { name: string; description: string; parameters: Record<string, unknown> }
}
export type ChatBody = {
  model: string
  messages: WireMessage[]
  stream: boolean
  temperature?: number
  max_tokens?: number
  max_completion_tokens?: number
  tools?: WireTool[]
  parallel_tool_calls?: boolean
  stream_options?: { include_usage: boolean }
  response_format?:
    | { type: 'json_object' }
    | { type: 'json_schema'; json_schema: { name: string; strict: boolean; schema: Record<string, unknown> } }
}

/** What is believed of an endpoint before it has refused anything. */
export function abilitiesOf({ profile, json_schema }: Endpoint): Abilities {
  return {
    formats: profile.formats.filter((format) => json_schema || format !== 'json_schema'),
    tokens: profile.tokens,
    usage: profile.usage,
    tools: true,
    parallel: profile.parallel,
    temperature: true,
    strict: profile.strict,
  }
}

/** The request as the endpoint is sent it. */
export function bodyOf(request: LlmChatRequest, endpoint: Endpoint, abilities: Abilities, names: WireNames): ChatBody {
  const tools = abilities.tools ? (request.tools ?? []) : []
  const messages = messagesOf(request.messages, abilities, names)
  const body: ChatBody = { model: request.model ?? endpoint.model, messages, stream: endpoint.stream }
  if (endpoint.temperature !== undefined && abilities.temperature) body.temperature = endpoint.temperature
  const [tokensField] = abilities.tokens
  if (request.tokens_max !== undefined && tokensField !== undefined) body[tokensField] = request.tokens_max
  if (endpoint.stream && abilities.usage) body.stream_options = { include_usage: true }
  if (tools.length > 0) {
    body.tools = tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name: names.sent(name), description, parameters: { ...parameters } },
    }))
    if (abilities.parallel) body.parallel_tool_calls = true
  }
  shape(body, request, tools.length === 0 || endpoint.profile.tools_and_format ? abilities.formats : [])
  if (abilities.strict) body.messages = inStrictOrder(body.messages)
  return body
}

function messagesOf(messages: readonly ChatMessage[], { tools }: Abilities, names: WireNames): WireMessage[] {
  if (tools) return messages.map((message) => messageOf(message, names))
  const asked = new Map<string, string>()
  return messages.map((message) => messageWithoutTools(message, asked))
}

/** Asks for an answer of the request's schema, by the best form there is. */
function shape(body: ChatBody, { schema }: LlmChatRequest, [format]: readonly Format[]): void {
  if (schema === undefined) return
  if (format === 'json_schema') {
    body.response_format = { type: 'json_schema', json_schema: { name: 'answer', strict: false, schema } }
    return
  }
  askInWords(body.messages, schema)
  if (format === 'json_object') body.response_format = { type: 'json_object' }
}

const refusesTools =
  /support(?:s|ed)? (?:for )?(?:tool|function)|(?:tools?|functions?) (?:calling )?(?:is|are) not (?:supported|enabled)|--jinja|enable-auto-tool-choice|unsupported[^.]*tools/
const refusesGrammar = /grammar/
const refusesOrder = /alternat|system (?:message|role|prompt)/
/** A wrong question; of those about tools some servers speak as if it was their own fault, or as if nobody was there. */
const statuses = new Set([400, 422])
const statusesOfTools = new Set([400, 404, 422, 500, 501])

/** What to ask for after a refusal, or nothing when asking otherwise would not help. */
export function lesser(refusal: StatusFailure, sent: ChatBody, abilities: Abilities): Abilities | undefined {
  const { said, status, code } = refusal
  if (sent.tools !== undefined && statusesOfTools.has(status)) {
    if (refusesGrammar.test(said) && sent.response_format !== undefined) return { ...abilities, formats: [] }
    if (refusesTools.test(said)) return { ...abilities, tools: false }
  }
  if (code !== 'BAD_REQUEST' || !statuses.has(status)) return undefined
  if (sent.stream_options !== undefined && /stream_options|include_usage/.test(said)) {
    return { ...abilities, usage: false }
  }
  const [field] = abilities.tokens
  if (field !== undefined && sent[field] !== undefined && said.includes(field)) {
    return { ...abilities, tokens: abilities.tokens.slice(1) }
  }
  if (sent.parallel_tool_calls !== undefined && said.includes('parallel_tool_calls')) {
    return { ...abilities, parallel: false }
  }
  if (sent.temperature !== undefined && said.includes('temperature')) return { ...abilities, temperature: false }
  if (!abilities.strict && refusesOrder.test(said)) return { ...abilities, strict: true }
  if (sent.response_format === undefined) return undefined
  return { ...abilities, formats: abilities.formats.slice(1) }
}
