import { type Adapter, EffectFailure, type EffectHandler } from '../engine/flow/adapter.ts'
import {
  LlmChat,
  type LlmChatDone,
  type LlmChatRequest,
  LlmEmbed,
  type LlmEmbedDone,
  type LlmEmbedRequest,
} from '../systems/events.ts'
import { Answer } from './openai/answer.ts'
import { type Connect, loadClient } from './openai/client.ts'
import { embedBodyOf, embedEndpointOf, vectorsOf } from './openai/embed.ts'
import type { Endpoint } from './openai/endpoint.ts'
import { badResponse, failureOfThrown, StatusFailure } from './openai/failures.ts'
import { Guard, isEventStream } from './openai/guard.ts'
import { endpointOf, type OpenaiOptions } from './openai/options.ts'
import { type Abilities, bodyOf, type ChatBody, lesser } from './openai/request.ts'

export type { OpenaiOptions } from './openai/options.ts'

/**
 * Answers `llm.chat` by any endpoint that speaks OpenAI's chat completions, and with `embed_model` also `llm.embed` by
 * its embeddings. It makes one attempt a call, plus a plainer one when the endpoint does not understand schemas; the
 * engine does the repeating.
 * A handler fails with RATE_LIMITED, SERVER, NETWORK, TIMEOUT, TRUNCATED (all transient), BAD_RESPONSE (transient
 * once, for embeddings always), AUTH, BAD_REQUEST, CONTEXT_TOO_LONG, REFUSED, REDIRECT or PACKAGE_MISSING. No reason holds the key.
 * @throws EngineError ADAPTER_OPTION
 */
export function openai(options: OpenaiOptions): Adapter {
  const endpoint = endpointOf(options)
  const learned = new Map<string, Abilities>()
  const chat: EffectHandler = async (payload, call) => {
    try {
      return await converse(endpoint, learned, payload as LlmChatRequest, call.signal)
    } catch (thrown) {
      if (!(thrown instanceof EffectFailure) || thrown.code !== 'BAD_RESPONSE' || call.attempt === 1) throw thrown
      throw new EffectFailure(thrown.code, thrown.message)
    }
  }
  const effects: Record<string, EffectHandler> = { [LlmChat.name]: chat }
  if (endpoint.embed_model !== undefined) {
    effects[LlmEmbed.name] = (payload, call) => embed(endpoint, payload as LlmEmbedRequest, call.signal)
  }
  return { name: 'openai', effects }
}

/** One exchange; what comes is believed only when every vector of it can be. */
async function embed(endpoint: Endpoint, request: LlmEmbedRequest, signal: AbortSignal): Promise<LlmEmbedDone> {
  const connect = await loadClient()
  const guard = new Guard(embedEndpointOf(request, endpoint), endpoint.total_ms, signal)
  try {
    const response = await connect(guard).embed(embedBodyOf(request, endpoint))
    if (isEventStream(response)) throw badResponse(guard.endpoint, 'it is a stream of events')
    return vectorsOf(await response.json(), request, guard.endpoint)
  } catch (thrown) {
    throw guard.failure ?? failureOfThrown(guard.endpoint, thrown)
  } finally {
    guard.close()
  }
}

/** Asks, and asks more plainly when the endpoint refuses how it was asked; all within the one total deadline. */
async function converse(
  endpoint: Endpoint,
  learned: Map<string, Abilities>,
  request: LlmChatRequest,
  signal: AbortSignal,
): Promise<LlmChatDone> {
  const connect = await loadClient()
  const ends_at_ms = performance.now() + endpoint.total_ms
  const model = request.model ?? endpoint.model
  const known = learned.get(model) ?? { format: endpoint.json_schema ? 'json_schema' : 'json_object', usage: true }
  let abilities: Abilities = known
  for (;;) {
    const body = bodyOf(request, endpoint, abilities)
    try {
      const guard = new Guard({ ...endpoint, model: body.model }, ends_at_ms - performance.now(), signal)
      const done = await exchange(connect, guard, body)
      if (abilities !== known) learned.set(model, abilities)
      return done
    } catch (thrown) {
      const next = thrown instanceof StatusFailure ? lesser(thrown, body, abilities) : undefined
      if (next === undefined) throw thrown
      abilities = next
    }
  }
}

async function exchange(connect: Connect, guard: Guard, body: ChatBody): Promise<LlmChatDone> {
  const answer = new Answer(guard.endpoint)
  try {
    const client = connect(guard)
    const response = await client.ask(body)
    // A server may answer in one piece although a stream was asked for.
    if (!isEventStream(response)) answer.take(await response.json(), 'message')
    else {
      for await (const chunk of client.events(response)) {
        answer.take(chunk, 'delta')
        if (answer.finished) guard.whole()
      }
    }
    // The package ends a stream silently when its connection is broken off.
    if (guard.failure !== undefined && !answer.finished) throw guard.failure
  } catch (thrown) {
    // What breaks after the answer was whole does not matter any more.
    const afterwards = answer.finished && (thrown === guard.failure || !(thrown instanceof EffectFailure))
    if (!afterwards) throw guard.failure ?? failureOfThrown(guard.endpoint, thrown)
  } finally {
    guard.close()
  }
  return answer.done()
}
