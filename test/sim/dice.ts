import { nextRandom } from '../../engine/world/random.ts'

/** Chance from a seed: the same seed throws the same numbers for ever. */
export class Dice {
  readonly #state: Uint32Array

  constructor(seed: number) {
    this.#state = new Uint32Array([seed >>> 0])
  }

  /** Dice of their own for one concern, so that a change in one does not move the others. */
  static of(seed: number, concern: string): Dice {
    let mixed = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1)
    for (const letter of concern) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193)
    return new Dice(mixed)
  }

  /** A number in [0, 1). */
  real(): number {
    return nextRandom(this.#state)
  }

  /** An integer from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.real() * (high - low + 1))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.real() < probability
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.whole(0, choices.length - 1)]
    if (chosen === undefined) throw new Error('there is nothing to pick from')
    return chosen
  }
}
