import { EngineError } from '../../engine/errors.ts'
import { KeyKind } from '../components.ts'

/** How well a kind of key leads from memory to memory, against 1 for a named thing. */
const kindWeights: readonly (readonly [number, number])[] = [
  [KeyKind.error, 1.5],
  [KeyKind.path, 1.25],
  [KeyKind.url, 1.25],
  [KeyKind.identifier, 1.25],
  [KeyKind.entity, 1],
  [KeyKind.tool, 1],
  [KeyKind.ops, 1],
  [KeyKind.topic, 0.85],
  [KeyKind.tag, 0.85],
  [KeyKind.site, 0.5],
  [KeyKind.day, 0.3],
  [KeyKind.year, 0.3],
  [KeyKind.thread, 0.1],
  [KeyKind.author, 0.1],
  [KeyKind.channel, 0.1],
  [KeyKind.source, 0],
]

/** A lens on the walk: these kinds of keys lead three times as well. */
const lenses: Readonly<Record<string, readonly number[]>> = {
  survival: [KeyKind.error, KeyKind.ops],
  permission: [KeyKind.author, KeyKind.channel],
  symbolic: [KeyKind.topic, KeyKind.tag],
  alignment: [KeyKind.topic, KeyKind.author],
  sensory: [KeyKind.day, KeyKind.channel, KeyKind.site],
  procedural: [KeyKind.tool, KeyKind.path, KeyKind.identifier],
  meta: [KeyKind.ops, KeyKind.tool],
  mythic: [KeyKind.entity, KeyKind.author],
}
const lensFactor = 3

/** Weights of the kinds of keys, by KeyKind, under a circuit. */
export type KindWeights = Float64Array

const plain = weightsOf([])
const byCircuit = new Map<string, KindWeights>(Object.entries(lenses).map(([name, kinds]) => [name, weightsOf(kinds)]))

/** The weights of a circuit, or of none. @throws EngineError RECALL_OPTION naming the circuits there are */
export function circuitWeights(circuit: string | undefined): KindWeights {
  if (circuit === undefined) return plain
  const weights = byCircuit.get(circuit)
  if (weights !== undefined) return weights
  throw new EngineError(
    'RECALL_OPTION',
    `there is no circuit ${circuit}; choose of ${[...byCircuit.keys()].join(', ')}`,
    {
      value: circuit,
    },
  )
}

/** The weights with some kinds of keys that lead nowhere. */
export function weightsWithout(weights: KindWeights, kinds: readonly number[]): KindWeights {
  const fewer = weights.slice()
  for (const kind of kinds) fewer[kind] = 0
  return fewer
}

function weightsOf(favoured: readonly number[]): KindWeights {
  const weights = new Float64Array(256)
  for (const [kind, weight] of kindWeights) weights[kind] = favoured.includes(kind) ? weight * lensFactor : weight
  return weights
}

/** Steps per unit on which weights lie, so that the last bits of a logarithm decide nothing. */
const steps = 1_048_576
const penalties = new Float64Array(4096)
for (let degree = 0; degree < penalties.length; degree++) penalties[degree] = penaltyOf(degree)

/** How much less a key leads the more memories share it: `1 / sqrt(1 + log(1 + degree))`. */
export function degreePenalty(degree: number): number {
  return degree < penalties.length ? penalties[degree]! : penaltyOf(degree)
}

/** How rare a key is among so many memories: 1 when one has it, near 0 when all have. */
export function rarity(memories: number, degree: number): number {
  if (degree === 0) return 1
  return quantised(Math.log(1 + memories / degree) / Math.log(1 + memories))
}

function penaltyOf(degree: number): number {
  return quantised(1 / Math.sqrt(1 + Math.log(1 + degree)))
}

function quantised(value: number): number {
  return Math.round(value * steps) / steps
}
