import { reasonOf } from '../engine/errors.ts'
import { type Adapter, EffectFailure, type EffectHandler, type Log, silent } from '../engine/flow/adapter.ts'
import { LlmChat, type LlmChatRequest, LlmEmbed, type LlmEmbedRequest } from '../systems/events.ts'
import { Breaker, type BreakerStatus } from './openai/breaker.ts'
import { converse, type Learned } from './openai/converse.ts'
import { embed } from './openai/embedding.ts'
import { endpointOf, type OpenaiOptions } from './openai/options.ts'
import type { ProfileName } from './openai/profiles.ts'

export type { BreakerStatus } from './openai/breaker.ts'
export type { OpenaiOptions } from './openai/options.ts'
export type { ProfileName } from './openai/profiles.ts'

/** How it stands with the endpoint. Chat and embeddings are judged apart: one may work without the other. */
export type OpenaiStatus = {
  readonly base_url: string
  readonly model: string
  readonly profile: ProfileName
  readonly chat: BreakerStatus
  readonly embed: BreakerStatus
  /** Models that refused tools: they are asked without. */
  readonly without_tools: readonly string[]
}
export type OpenaiAdapter = Adapter & { status(): OpenaiStatus }

/**
 * Answers `llm.chat` by any endpoint that speaks OpenAI's chat completions, and with `embed_model` also `llm.embed` by
 * its embeddings. It makes one attempt a call, plus plainer ones when the endpoint does not understand how it was asked; the
 * engine does the repeating, and a breaker keeps calls away from an endpoint that is down or refuses the key.
 * A handler fails with RATE_LIMITED, SERVER, NETWORK, TIMEOUT, TRUNCATED, UNAVAILABLE (all transient), BAD_RESPONSE (transient
 * once, for embeddings always), DEFERRED (with the time to wait), AUTH, BAD_REQUEST, CONTEXT_TOO_LONG, REFUSED, REDIRECT or
 * PACKAGE_MISSING. No reason holds the key.
 * @throws EngineError ADAPTER_OPTION
 */
export function openai(options: OpenaiOptions): OpenaiAdapter {
  const endpoint = endpointOf(options)
  const { onDelta } = options
  const learned: Learned = new Map()
  let log: Log = silent
  const breaker = (what: string): Breaker => new Breaker((status) => tell(log, what, status))
  const breakers = { chat: breaker('chat'), embed: breaker('embeddings') }
  const chat: EffectHandler = async (payload, { effect_id, attempt, signal }) => {
    const request = payload as LlmChatRequest
    const heard =
      onDelta === undefined
        ? {}
        : {
            heard: guarded(
              (text) => onDelta(effect_id, text),
              () => log,
            ),
          }
    try {
      return await breakers.chat.run(() => converse(request, { endpoint, learned, signal, ...heard }), signal)
    } catch (thrown) {
      if (!(thrown instanceof EffectFailure) || thrown.code !== 'BAD_RESPONSE' || attempt === 1) throw thrown
      throw new EffectFailure(thrown.code, thrown.message)
    }
  }
  const effects: Record<string, EffectHandler> = { [LlmChat.name]: chat }
  if (endpoint.embed_model !== undefined) {
    effects[LlmEmbed.name] = (payload, { signal }) =>
      breakers.embed.run(() => embed(endpoint, payload as LlmEmbedRequest, signal), signal)
  }
  return {
    name: 'openai',
    effects,
    start: (outside) => {
      log = outside.log
    },
    status: () => ({
      base_url: endpoint.base_url,
      model: endpoint.model,
      profile: endpoint.profile.name,
      chat: breakers.chat.status,
      embed: breakers.embed.status,
      without_tools: [...learned].filter(([, { tools }]) => !tools).map(([model]) => model),
    }),
  }
}

function tell(log: Log, what: string, { state, failures, wait_ms, reason }: BreakerStatus): void {
  if (state === 'closed') log.info({ what }, 'the model answers again')
  else if (state === 'refused')
    log.error({ what, reason }, 'the model refuses the key and is not asked again until the config is changed')
  else log.warn({ what, failures, wait_ms, reason }, 'the model is down and is left alone for a while')
}

/** Whoever listens must not break the exchange: one that throws is told of once and heard no more. */
function guarded(listen: (text: string) => void, log: () => Log): (text: string) => void {
  let broken = false
  return (text) => {
    if (broken) return
    try {
      listen(text)
    } catch (thrown) {
      broken = true
      log().error({ reason: reasonOf(thrown) }, 'a listener to the text of an answer failed and hears no more of it')
    }
  }
}
