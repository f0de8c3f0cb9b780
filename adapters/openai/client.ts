import { reasonOf } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { EmbedBody } from './embed.ts'
import type { Guard } from './guard.ts'
import type { ChatBody } from './request.ts'

/** Servers on the own machine need no key, but the package refuses to work without one. */
const placeholder = 'none'

/** The things used of the package: asking for a completion, reading its events, and asking for embeddings. */
export type Client = {
  /** Resolves with a success that is JSON or an event stream; throws what the guard or the package throws. */
  ask(body: ChatBody): Promise<Response>
  events(response: Response): AsyncIterable<unknown>
  /** As `ask`, for embeddings. */
  embed(body: EmbedBody): Promise<Response>
}

/** Makes the client of one guarded exchange. */
export type Connect = (guard: Guard) => Client

/**
 * Loads the package at first use: it is large, and only a daemon with a model needs it.
 * @throws EffectFailure PACKAGE_MISSING
 */
export async function loadClient(): Promise<Connect> {
  const { OpenAI, Stream } = await load()
  return (guard) => {
    const { endpoint } = guard
    // Everything the package would read from the environment is given here, so no key goes where it does not belong.
    const client = new OpenAI({
      baseURL: endpoint.base_url,
      apiKey: endpoint.api_key || placeholder,
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
      maxRetries: 0,
      // The guard's deadlines come first; the package's would not cover a stalled body.
      timeout: endpoint.total_ms + 60_000,
      fetch: guard.fetch,
    })
    return {
      ask: (body) => client.chat.completions.create(body).asResponse(),
      embed: (body) => client.embeddings.create(body).asResponse(),
      events: (response) => Stream.fromSSEResponse(response, new AbortController(), client),
    }
  }
}

async function load() {
  try {
    const [{ OpenAI }, { Stream }] = await Promise.all([import('openai'), import('openai/core/streaming')])
    return { OpenAI, Stream }
  } catch (thrown) {
    const reason = `the package 'openai' cannot be loaded; install it with npm install openai (${reasonOf(thrown)})`
    throw new EffectFailure('PACKAGE_MISSING', reason)
  }
}
