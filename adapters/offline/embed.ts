import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { LlmEmbedDone, LlmEmbedRequest } from '../../systems/events.ts'

/** The name of the vectors made here; it changes when they would. */
export const offlineModel = 'offline/ngrams-256'
/** A power of two, so that the low bits of a hash name a component. */
const dimensions = 256
const shortest = 3
const longest = 5
/** A longer run of letters is no word; what follows would only repeat it. */
const wordUnitsMax = 64
const wordsMax = 20_000
const word = /[\p{L}\p{N}]+(?:['’]\p{L}+)?/gu
/** They stand in every text, so they would make all texts alike. */
const common = new Set(
  `a about after all also am an and any are as at be been but by can could did do does for from get got had has have he
  her here him his how i if in into is it its just like me more my no not of on one or our out she so some than that the
  their them then there they this to too up us was we were what when where which who why will with would you your`.split(
    /\s+/,
  ),
)

/** Answers `llm.embed` for `offlineModel`. @throws EffectFailure NO_MODEL for any other */
export function embed({ model, texts }: LlmEmbedRequest): LlmEmbedDone {
  if (model !== offlineModel) {
    const reason = `the model '${model}' needs an endpoint; without one only '${offlineModel}' is there`
    throw new EffectFailure('NO_MODEL', reason)
  }
  const vectors = texts.map((text) => Buffer.from(ngramVector(text).buffer).toString('base64'))
  return { model, dimensions, vectors }
}

/**
 * A text as a vector of length 1, without any model: each word, and each run of three to five characters in it, is
 * hashed to one of 256 components and a sign. A feature that is there `n` times counts as the root of `n`; the runs of
 * a word weigh as much as the word, however long it is. Only exact arithmetic, so the same text has the same bits everywhere.
 */
export function ngramVector(text: string): Float32Array {
  const sums = new Float64Array(dimensions)
  for (const [found, count] of wordsOf(text)) addWord(sums, found, Math.sqrt(count))
  let square = 0
  for (let at = 0; at < dimensions; at++) square += sums[at]! * sums[at]!
  // A text without words, or whose features cancel each other out, still needs a direction of its own.
  if (square === 0) {
    sums[hashOf(text, 0, text.length) & (dimensions - 1)] = 1
    square = 1
  }
  const length = Math.sqrt(square)
  const vector = new Float32Array(dimensions)
  for (let at = 0; at < dimensions; at++) {
    const sum = sums[at]!
    vector[at] = sum / length
  }
  return vector
}

function wordsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  let left = wordsMax
  for (const [found] of text.normalize('NFKC').toLowerCase().matchAll(word)) {
    if (left-- === 0) break
    if (common.has(found)) continue
    const short = found.slice(0, wordUnitsMax)
    counts.set(short, (counts.get(short) ?? 0) + 1)
  }
  return counts
}

function addWord(sums: Float64Array, found: string, weight: number): void {
  add(sums, hashOf(found, 0, found.length), weight)
  const padded = `<${found}>`
  let runs = 0
  for (let size = shortest; size <= longest; size++) runs += Math.max(0, padded.length - size + 1)
  if (runs === 0) return
  const share = weight / Math.sqrt(runs)
  for (let size = shortest; size <= longest; size++) {
    for (let from = 0; from + size <= padded.length; from++) add(sums, hashOf(padded, from, from + size), share)
  }
}

function add(sums: Float64Array, hash: number, weight: number): void {
  sums[hash & (dimensions - 1)]! += hash >>> 31 === 0 ? weight : -weight
}

/** FNV-1a over code units, and a last mix, because the low bits choose the component and the highest the sign. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
