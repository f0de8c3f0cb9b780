import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { LlmChatDone, LlmChatRequest } from '../../systems/events.ts'
import { Answer, type Asked } from './answer.ts'
import { type Connect, loadClient } from './client.ts'
import type { Endpoint } from './endpoint.ts'
import { failureOfThrown, StatusFailure } from './failures.ts'
import { Guard, isEventStream } from './guard.ts'
import { WireNames } from './names.ts'
import { type Abilities, abilitiesOf, bodyOf, type ChatBody, lesser } from './request.ts'

/** What endpoints have shown to understand, by model. */
export type Learned = Map<string, Abilities>

export type Conversing = {
  readonly endpoint: Endpoint
  readonly learned: Learned
  readonly signal: AbortSignal
  /** Hears the text as it comes. */
  heard?(text: string): void
}

/**
 * Asks, and asks more plainly when the endpoint refuses how it was asked; all within the one total deadline.
 * @throws EffectFailure
 */
export async function converse(request: LlmChatRequest, conversing: Conversing): Promise<LlmChatDone> {
  const { endpoint, learned, signal, heard } = conversing
  const connect = await loadClient()
  const ends_at_ms = performance.now() + endpoint.total_ms
  const model = request.model ?? endpoint.model
  const names = new WireNames(request)
  const known = learned.get(model) ?? abilitiesOf(endpoint)
  let abilities = known
  for (;;) {
    const body = bodyOf(request, endpoint, abilities, names)
    try {
      const guard = new Guard({ ...endpoint, model }, ends_at_ms - performance.now(), signal)
      const answer = await exchange(connect, guard, body, heard)
      const done = answer.done(askedOf(request, abilities, names))
      if (abilities !== known) learned.set(model, abilities)
      return done
    } catch (thrown) {
      const next = thrown instanceof StatusFailure ? lesser(thrown, body, abilities) : undefined
      if (next === undefined) throw thrown
      abilities = next
    }
  }
}

function askedOf({ messages, tools = [] }: LlmChatRequest, abilities: Abilities, names: WireNames): Asked {
  const ids = new Set(messages.flatMap(({ tool_calls = [] }) => tool_calls.map(({ id }) => id)))
  const offered = abilities.tools && tools.length > 0
  return { tools: offered, ids, round: messages.length, own: (name) => names.own(name) }
}

/** One HTTP exchange, in one piece or streamed. */
async function exchange(
  connect: Connect,
  guard: Guard,
  body: ChatBody,
  heard?: (text: string) => void,
): Promise<Answer> {
  const answer = new Answer(guard.endpoint, heard)
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
  return answer
}
