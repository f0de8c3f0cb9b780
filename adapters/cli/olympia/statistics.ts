/** Arithmetic of what was measured. Pure. */

/** A share with the bounds between which it lies with 95 % confidence; all from 0 to 1. */
export type Rate = {
  readonly passed: number
  readonly runs: number
  readonly rate: number
  readonly low: number
  readonly high: number
}

/** The 97.5th percentile of the normal distribution. */
const z = 1.959963984540054

/**
 * The Wilson score interval (E. B. Wilson, 1927), which holds for few runs and for shares near 0 and 1. Of no runs nothing
 * is known: from 0 to 1.
 */
export function wilson(passed: number, runs: number): Rate {
  if (runs === 0) return { passed, runs, rate: 0, low: 0, high: 1 }
  const rate = passed / runs
  const square = z * z
  const scale = 1 + square / runs
  const centre = (rate + square / (2 * runs)) / scale
  const half = (z * Math.sqrt((rate * (1 - rate)) / runs + square / (4 * runs * runs))) / scale
  // At the ends the bound is the share itself; rounding must not put it beyond.
  const low = passed === 0 ? 0 : Math.min(rate, centre - half)
  const high = passed === runs ? 1 : Math.max(rate, centre + half)
  return { passed, runs, rate, low, high }
}

/** The value at or under which this share of the values lies: the nearest rank. 0 where there are none. O(n log n). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[Math.min(rank, sorted.length) - 1] ?? 0
}

/** The sum of some numbers. */
export function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
