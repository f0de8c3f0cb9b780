import { hash } from 'node:crypto'
import { type Adapter, EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { LlmEmbed, type LlmEmbedRequest } from '../../systems/events.ts'
import type { Dice } from './dice.ts'
import { delayOf, type Faults } from './faults.ts'
import type { Calls, Settle } from './neighbour.ts'

const patience_ms = 15_000

/** The models that make vectors, and how long those are. */
export const vectorModels = { 'simulated a': 8, 'simulated b': 12 } as const
export type VectorModel = keyof typeof vectorModels

/** Makes vectors out of hashes; late, in vain, or such as nobody can use. */
export function embedder(calls: Calls, faults: Faults, dice: Dice): Adapter {
  const answer = (request: Payload, settle: Settle): void =>
    embed(settle, request as unknown as LlmEmbedRequest, faults, dice)
  return { name: 'embedder', effects: { [LlmEmbed.name]: calls.handler(answer) } }
}

function embed(settle: Settle, { model, texts }: LlmEmbedRequest, faults: Faults, dice: Dice): void {
  const delay_ms = delayOf(faults, dice)
  if (delay_ms > patience_ms || faults.strikes('transient', dice, 0.2)) {
    const code = delay_ms > patience_ms ? 'TIMEOUT' : dice.pick(['SERVER', 'RATE_LIMITED', 'NETWORK'])
    const late_ms = Math.min(delay_ms, patience_ms)
    return settle.fail(late_ms, new EffectFailure(code, `the model says ${code}`, { transient: true }))
  }
  const right = vectorModels[model as VectorModel]
  const wrong = faults.strikes('wrong_answers', dice, 0.3) ? dice.whole(1, 3) : 0
  const dimensions = wrong === 1 ? right + 1 : right
  const vectors = texts.map((text) =>
    wrong === 2 ? encoded(new Float32Array(right).fill(Number.NaN)) : vectorOf(text, dimensions),
  )
  settle.answer(delay_ms, { model, dimensions, vectors: wrong === 3 ? [...vectors, vectors[0]!] : vectors })
}

function vectorOf(text: string, dimensions: number): string {
  const bytes = hash('sha256', text, 'buffer')
  return encoded(Float32Array.from({ length: dimensions }, (_, at) => bytes[at]! / 128 - 1))
}

function encoded(vector: Float32Array): string {
  return Buffer.from(vector.buffer).toString('base64')
}
