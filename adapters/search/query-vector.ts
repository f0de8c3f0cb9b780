import type { Log } from '../../engine/flow/adapter.ts'
import type { LlmEmbedDone, LlmEmbedRequest } from '../../systems/events.ts'
import { Trouble } from './trouble.ts'

/** Makes vectors of texts, as `llm.embed` does. */
export type Embed = (request: LlmEmbedRequest, signal: AbortSignal) => Promise<LlmEmbedDone>

const textUnitsMax = 8_000
const rest_ms = 30_000

/** Makes vectors of queries within a short time, or none: nobody waits for meaning when words will do. */
export class QueryEmbedder {
  readonly #embed: Embed
  readonly #deadline_ms: number
  readonly #trouble: Trouble

  constructor(embed: Embed, deadline_ms: number, log: Log) {
    this.#embed = embed
    this.#deadline_ms = deadline_ms
    this.#trouble = new Trouble(log, 'queries get no vectors; recall goes on by words', rest_ms)
  }

  /** The query's vector, and with a phrase before it another; none for an empty query, or when there is none to be had. */
  async vectorsOf(query: string, phrase: string, model: string, dimensions: number): Promise<Float32Array[]> {
    const text = query.slice(0, textUnitsMax).toWellFormed().trim()
    if (text === '' || this.#trouble.rests) return []
    const texts = phrase === '' ? [text] : [text, `${phrase}\n${text}`]
    try {
      const { vectors } = await this.#within({ model, texts })
      const made = texts.map((_, at) => vectorIn(vectors[at] ?? '', dimensions))
      this.#trouble.passed()
      return made
    } catch (thrown) {
      this.#trouble.failed(thrown)
      return []
    }
  }

  async #within(request: LlmEmbedRequest): Promise<LlmEmbedDone> {
    const { promise, reject } = Promise.withResolvers<never>()
    const call = new AbortController()
    const timer = setTimeout(() => {
      reject(new Error(`no vector within ${this.#deadline_ms} ms`))
      call.abort()
    }, this.#deadline_ms)
    try {
      return await Promise.race([this.#embed(request, call.signal), promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** A vector of an answer. @throws Error when it is of other dimensions or cannot be searched with */
function vectorIn(encoded: string, dimensions: number): Float32Array {
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 4 * dimensions) throw new Error(`the vector has not ${dimensions} dimensions`)
  const vector = new Float32Array(dimensions)
  for (let at = 0; at < dimensions; at++) vector[at] = bytes.readFloatLE(4 * at)
  if (!vector.every(Number.isFinite) || vector.every((component) => component === 0)) {
    throw new Error('the vector holds NaN, infinity or nothing but zeros')
  }
  return vector
}
