/** The depths at which recall is measured. */
export const depths = [1, 2, 5, 10, 20] as const
export type Depth = (typeof depths)[number]

/** Quality over questions, each counting alike. Shares from 0 to 1. */
export type Quality = { readonly recall: Readonly<Record<Depth, number>>; readonly ndcg_10: number }

/** The share of the gold ids among the first k that were found. */
export function recallAt(k: number, found: readonly string[], gold: readonly string[]): number {
  const first = new Set(found.slice(0, k))
  const wanted = new Set(gold)
  return [...wanted].filter((id) => first.has(id)).length / wanted.size
}

/** Normalised discounted cumulative gain of the first ten: how near the top the gold ids are. */
export function ndcgAt10(found: readonly string[], gold: readonly string[]): number {
  const wanted = new Set(gold)
  let gain = 0
  for (const [place, id] of [...new Set(found.slice(0, 10))].entries())
    if (wanted.has(id)) gain += 1 / Math.log2(place + 2)
  let best = 0
  for (let place = 0; place < Math.min(10, wanted.size); place++) best += 1 / Math.log2(place + 2)
  return gain / best
}

/** The mean over questions. @param ranked what was found for each question, best first, and its gold ids */
export function qualityOf(ranked: readonly { found: readonly string[]; gold: readonly string[] }[]): Quality {
  const mean = (of: (each: (typeof ranked)[number]) => number): number =>
    ranked.reduce((sum, each) => sum + of(each), 0) / Math.max(1, ranked.length)
  const recall = Object.fromEntries(depths.map((k) => [k, mean(({ found, gold }) => recallAt(k, found, gold))]))
  return { recall: recall as Record<Depth, number>, ndcg_10: mean(({ found, gold }) => ndcgAt10(found, gold)) }
}

/** The value below which this share of the values lies; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? sorted[0] ?? 0
}

/** One point of a curve: at this threshold, which shares of the right and of the wrong questions are answered. */
export type CurvePoint = { readonly threshold: number; readonly right: number; readonly wrong: number }

/**
 * The largest threshold at which at least this share of the right ones is answered, and what else is then answered.
 * A question is answered when its confidence reaches the threshold.
 */
export function pointAt(share: number, right: readonly number[], wrong: readonly number[]): CurvePoint {
  const descending = [...right].sort((a, b) => b - a)
  const threshold = descending[Math.max(0, Math.ceil(share * descending.length) - 1)] ?? 0
  const answered = (values: readonly number[]): number =>
    values.length === 0 ? 0 : values.filter((value) => value >= threshold).length / values.length
  return { threshold, right: answered(right), wrong: answered(wrong) }
}

/** Shares of right answers from half to nearly all, for the curve. */
export const curveShares = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99] as const

/** Pairs that were rightly and wrongly said to be of one family. */
export type PairScore = {
  readonly precision: number
  readonly recall: number
  readonly pairs: number
  readonly said: number
}

/** Compares two groupings of the same things: the true one and the one that was said. */
export function pairScore(truth: readonly string[], said: readonly string[]): PairScore {
  const both = pairsOf(truth.map((family, at) => `${family}\n${said[at]}`))
  const pairs = pairsOf(truth)
  const saidPairs = pairsOf(said)
  return {
    precision: saidPairs === 0 ? 1 : both / saidPairs,
    recall: pairs === 0 ? 1 : both / pairs,
    pairs,
    said: saidPairs,
  }
}

function pairsOf(groups: readonly string[]): number {
  const sizes = new Map<string, number>()
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  let pairs = 0
  for (const size of sizes.values()) pairs += (size * (size - 1)) / 2
  return pairs
}
