import type { LlmEmbedDone, LlmEmbedRequest } from '../../systems/events.ts'
import { loadClient } from './client.ts'
import { embedBodyOf, embedEndpointOf, vectorsOf } from './embed.ts'
import type { Endpoint } from './endpoint.ts'
import { badResponse, failureOfThrown } from './failures.ts'
import { Guard, isEventStream } from './guard.ts'

/** One exchange; what comes is believed only when every vector of it can be. @throws EffectFailure */
export async function embed(endpoint: Endpoint, request: LlmEmbedRequest, signal: AbortSignal): Promise<LlmEmbedDone> {
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
