import { effectType } from '../../engine/flow/effect.ts'
import { type Json, objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import { anyObject, count, text } from './schemas.ts'

/** Effects that ask models. */

/** `content` is text, or data that the adapter hands to the model as JSON; text from outside is always data. */
export type ChatMessage = {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool'
  content: string | { [key: string]: Json }
  /** Of an assistant's message: the tools it asked for. Every one is answered by a `tool` message that follows. */
  tool_calls?: ToolCallAsked[]
  /** Of a `tool` message: which call it answers. */
  tool_call_id?: string
}
/** `arguments` is the text the model gave, which may be no JSON at all. */
export type ToolCallAsked = { id: string; name: string; arguments: string }
/** A tool as a model is told of it; `parameters` is a JSON Schema. */
export type ToolOffered = { name: string; description: string; parameters: JsonSchema }
const toolCall = objectOf({ id: text, name: text, arguments: text })

export type LlmChatRequest = {
  /** What the question is about, for logs and for the offline adapter: `contract:frontmatter/v1`. */
  task: string
  messages: ChatMessage[]
  /** The answer must be JSON of this schema. */
  schema?: JsonSchema
  model?: string
  /** Tools the model may ask for. */
  tools?: ToolOffered[]
  /** Most tokens of the answer. */
  tokens_max?: number
}
export type LlmChatDone = {
  /** May be empty when there are tool calls. */
  content: string
  model: string
  finish: 'stop' | 'length' | 'tool_calls'
  tool_calls?: ToolCallAsked[]
  tokens_in?: number
  tokens_out?: number
}
/**
 * Asks a model. Fails with RATE_LIMITED, SERVER, TIMEOUT, NETWORK, TRUNCATED, BAD_RESPONSE or UNAVAILABLE, which may pass;
 * with DEFERRED (not before `retry_after_ms`), AUTH, BAD_REQUEST, CONTEXT_TOO_LONG, REFUSED, REDIRECT or PACKAGE_MISSING, which
 * will not by trying again; offline with NO_MODEL or NO_PROPOSAL.
 */
export const LlmChat = effectType<LlmChatRequest, LlmChatDone>('llm.chat', {
  retry: 'safe',
  deadline_ms: 180_000,
  attempts_max: 5,
  backoff_ms: 500,
  in_flight_max: 8,
  request: {
    task: text,
    messages: {
      type: 'array',
      minItems: 1,
      items: objectOf({
        role: { enum: ['system', 'developer', 'user', 'assistant', 'tool'] },
        content: { type: ['string', 'object'] },
        'tool_calls?': { type: 'array', items: toolCall },
        'tool_call_id?': text,
      }),
    },
    'schema?': anyObject,
    'model?': text,
    'tools?': { type: 'array', items: objectOf({ name: text, description: text, parameters: anyObject }) },
    'tokens_max?': count,
  },
  done: {
    content: text,
    model: text,
    finish: { enum: ['stop', 'length', 'tool_calls'] },
    'tool_calls?': { type: 'array', items: toolCall },
    'tokens_in?': count,
    'tokens_out?': count,
  },
})

/** Texts to be made into vectors of one model, at most 128 at a time. */
export type LlmEmbedRequest = { model: string; texts: string[] }
/** One vector for each text, in their order: the base64 of its components as little-endian 32-bit floats. */
export type LlmEmbedDone = { model: string; dimensions: number; vectors: string[] }
/**
 * Asks for embeddings. Fails as `llm.chat` does; BAD_RESPONSE (a wrong count, order, length or component) may pass.
 */
export const LlmEmbed = effectType<LlmEmbedRequest, LlmEmbedDone>('llm.embed', {
  retry: 'safe',
  deadline_ms: 180_000,
  attempts_max: 5,
  backoff_ms: 500,
  in_flight_max: 4,
  request: {
    model: { type: 'string', minLength: 1, maxLength: 200 },
    texts: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 128 },
  },
  done: {
    model: { type: 'string' },
    dimensions: { type: 'integer', minimum: 1, maximum: 8192 },
    vectors: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 128 },
  },
})
