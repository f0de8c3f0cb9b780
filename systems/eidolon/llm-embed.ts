import { effectType } from '../../engine/flow/effect.ts'

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
