import type { LlmEmbedDone, LlmEmbedRequest } from '../../systems/events.ts'
import type { Endpoint } from './endpoint.ts'
import { badResponse } from './failures.ts'

/** Room for one vector's text in an answer, in bytes before escapes: 4,096 components of 24 characters. */
const vectorBytes = 16_384
const dimensionsMax = 8192

export type EmbedBody = { model: string; input: string[]; encoding_format: 'float'; dimensions?: number }

/** The request as the endpoint is sent it. Floats are asked for by name: the package would ask for base64. */
export function embedBodyOf({ model, texts }: LlmEmbedRequest, endpoint: Endpoint): EmbedBody {
  const body: EmbedBody = { model, input: texts, encoding_format: 'float' }
  const dimensions = expectedDimensions(model, endpoint)
  if (dimensions !== undefined) body.dimensions = dimensions
  return body
}

/** The endpoint of one exchange: vectors written as text are longer than what a model says. */
export function embedEndpointOf({ model, texts }: LlmEmbedRequest, endpoint: Endpoint): Endpoint {
  return { ...endpoint, model, answer_bytes_max: Math.max(endpoint.answer_bytes_max, texts.length * vectorBytes) }
}

/**
 * Judges an answer: one vector a text, put into the order of the texts, all of one length, that of the config where it
 * says one, and nothing in them but numbers. One wrong vector refuses all: nobody knows what the others are worth.
 * @throws EffectFailure BAD_RESPONSE
 */
export function vectorsOf(answer: unknown, request: LlmEmbedRequest, endpoint: Endpoint): LlmEmbedDone {
  if (!isFields(answer)) throw badResponse(endpoint, 'it is not an object')
  if (isFields(answer['error'])) {
    throw badResponse(endpoint, `it holds an error: ${String(answer['error']['message'] ?? 'without a message')}`)
  }
  const { data } = answer
  if (!Array.isArray(data)) throw badResponse(endpoint, 'it holds no list of embeddings')
  if (data.length !== request.texts.length) {
    throw badResponse(endpoint, `it holds ${data.length} embeddings for ${request.texts.length} texts`)
  }
  const expected = expectedDimensions(request.model, endpoint)
  const vectors: string[] = new Array<string>(data.length).fill('')
  let dimensions = expected
  for (const [at, one] of data.entries()) {
    const place = placeOf(one, at)
    if (!isFields(one) || vectors[place] !== '') {
      throw badResponse(endpoint, `embedding ${at} says that it is number ${String(place)}, which cannot be`)
    }
    const vector = floatsOf(one['embedding'], place, endpoint)
    dimensions ??= vector.length
    if (vector.length !== dimensions) {
      throw badResponse(endpoint, `embedding ${place} has ${vector.length} dimensions, not ${dimensions}`)
    }
    vectors[place] = Buffer.from(vector.buffer).toString('base64')
  }
  return { model: nameOf(answer['model'], request.model), dimensions: dimensions ?? 0, vectors }
}

function expectedDimensions(model: string, endpoint: Endpoint): number | undefined {
  return model === endpoint.embed_model ? endpoint.embed_dimensions : undefined
}

/** Some servers leave the number out; then the order is that of the texts. */
function placeOf(one: unknown, at: number): number {
  const index = isFields(one) ? (one['index'] ?? at) : at
  return typeof index === 'number' ? index : -1
}

function floatsOf(embedding: unknown, place: number, endpoint: Endpoint): Float32Array {
  const what = `embedding ${place}`
  if (typeof embedding === 'string') throw badResponse(endpoint, `${what} is text where numbers were asked for`)
  if (!Array.isArray(embedding)) throw badResponse(endpoint, `${what} is not a list`)
  if (embedding.length === 0 || embedding.length > dimensionsMax) {
    throw badResponse(endpoint, `${what} has ${embedding.length} dimensions`)
  }
  const vector = new Float32Array(embedding.length)
  let largest = 0
  for (const [index, component] of embedding.entries()) {
    vector[index] = typeof component === 'number' ? component : Number.NaN
    const size = Math.abs(vector[index]!)
    if (!(size < Number.POSITIVE_INFINITY)) throw badResponse(endpoint, `${what} holds something that is no number`)
    if (size > largest) largest = size
  }
  if (largest === 0) throw badResponse(endpoint, `${what} is nothing but zeros`)
  return vector
}

function nameOf(model: unknown, asked: string): string {
  return typeof model === 'string' && model !== '' ? model.slice(0, 200) : asked
}

function isFields(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
