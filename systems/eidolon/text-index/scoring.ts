import { EngineError } from '../../../engine/errors.ts'
import { countOf } from './quantise.ts'

/** How BM25 is tuned. */
export type Tuning = {
  /** How soon repetitions of a word stop counting, 0.1 to 10. */
  readonly k1: number
  /** How much a long document is held against its words, 0 to 1. */
  readonly b: number
}

/** A query term with its weight (0 to any positive number); how rare the term is, the index knows itself. */
export type QueryTerm = { readonly term: number; readonly weight: number }

/**
 * Every contribution is a multiple of 2^-32 and their sum stays below 2^20, so sums are exact in a double and do not depend on
 * their order. That makes pruned search, exhaustive search and explanation agree to the last bit, ties included.
 * Adding and taking away this number rounds to such a multiple.
 */
export const grid: number = 1.5 * 1048576
/** The smallest difference of two scores. */
export const gridStep: number = 1 / 4294967296
const contributionsMax = 524288
const penaltyMin = 1e-9

/** What one occurrence pattern of a term adds to the score: `scale * tf / (tf + penalty)`, on the grid. */
export function contribution(scale: number, tf: number, penalty: number): number {
  return scale * (tf / (tf + penalty)) + grid - grid
}

/** BM25's weight of a term that `frequency` of `documents` hold. */
export function inverseFrequency(documents: number, frequency: number): number {
  return Math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
}

/** Checks the tuning. @throws EngineError LIMIT_INVALID */
export function checkTuning({ k1, b }: Tuning): void {
  if (!(k1 >= 0.1 && k1 <= 10)) throw new EngineError('LIMIT_INVALID', `k1 is 0.1 to 10, not ${k1}`, { value: k1 })
  if (!(b >= 0 && b <= 1)) throw new EngineError('LIMIT_INVALID', `b is 0 to 1, not ${b}`, { value: b })
}

/** Sets the penalty of each length code: the part of BM25 that knows of lengths. */
export function setPenalties(penalties: Float64Array, tuning: Tuning, averageLength: number): void {
  const average = averageLength > 0 ? averageLength : 1
  for (let code = 0; code < 256; code++) {
    const penalty = tuning.k1 * (1 - tuning.b + (tuning.b * countOf[code]!) / average)
    // Never 0, so that a count of 0 gives 0 and not the quotient of nothing by nothing.
    penalties[code] = Math.max(penalty, penaltyMin)
  }
}

/**
 * The largest contribution among occurrences described by four bytes: the shortest length (as a code) of a document with
 * the term once, twice, and more often, and the largest count code. 255 stands for no such document.
 */
export function impactBound(impact: number, scale: number, penalties: Float64Array): number {
  const once = contribution(scale, 1, penalties[impact & 255]!)
  const twice = contribution(scale, 2, penalties[(impact >>> 8) & 255]!)
  const often = impact >>> 24
  const more = often < 3 ? 0 : contribution(scale, countOf[often]!, penalties[(impact >>> 16) & 255]!)
  return Math.max(once, twice, more)
}

/** The impact of no occurrence at all. */
export const noImpact = 0x00ffffff

/** The impact after one more occurrence. */
export function withOccurrence(impact: number, tfCode: number, lengthCode: number): number {
  const shift = tfCode === 1 ? 0 : tfCode === 2 ? 8 : 16
  const shortest = Math.min((impact >>> shift) & 255, lengthCode)
  const lengths = (impact & 0x00ffffff & ~(255 << shift)) | (shortest << shift)
  return (lengths | (Math.max(impact >>> 24, tfCode) << 24)) >>> 0
}

/**
 * What each query term is multiplied with: weight, rarity and BM25's constant.
 * @throws EngineError LIMIT_INVALID for weights that are no numbers, negative, or so large that sums lose their exactness
 */
export function scalesOf(query: readonly QueryTerm[], tuning: Tuning, idf: (at: number) => number): Float64Array {
  const scales = new Float64Array(query.length)
  let sum = 0
  for (let at = 0; at < query.length; at++) {
    const { weight } = query[at]!
    if (!(weight >= 0)) throw new EngineError('LIMIT_INVALID', `a weight is not ${weight}`, { value: weight })
    scales[at] = weight * idf(at) * (tuning.k1 + 1)
    sum += scales[at]!
  }
  if (!(sum < contributionsMax)) {
    throw new EngineError('LIMIT_INVALID', 'the weights of the query are too large together', { value: sum })
  }
  return scales
}
