import type { Dice } from './dice.ts'

/** Everything that can be made to go wrong; a run enables a random part of it. */
export const faultNames = [
  'late',
  'transient',
  'broken_disk',
  'wrong_answers',
  'crash',
  'crash_in_commit',
  'torn_tail',
  'clean_restart',
  'store_full',
  'policy_change',
  'clock_jump',
  'lost_hints',
  'twice',
  'flood',
  'small_rings',
  'snapshots',
] as const

export type FaultName = (typeof faultNames)[number]

/** Which faults are on. `calm()` ends them all, for the phase in which everything must come to rest. */
export class Faults {
  readonly chosen: readonly FaultName[]
  readonly #on: Set<FaultName>
  readonly #struck = new Map<FaultName, number>()

  constructor(chosen: readonly FaultName[]) {
    this.chosen = chosen
    this.#on = new Set(chosen)
  }

  /** Each fault with a probability of one half, so that some runs see one fault undisturbed by the others. */
  static choose(dice: Dice): Faults {
    return new Faults(faultNames.filter(() => dice.chance(0.5)))
  }

  has(name: FaultName): boolean {
    return this.#on.has(name)
  }

  /** Whether a fault that is on happens here and now, with this probability. It is counted. */
  strikes(name: FaultName, dice: Dice, probability: number): boolean {
    if (!this.#on.has(name) || !dice.chance(probability)) return false
    this.#struck.set(name, (this.#struck.get(name) ?? 0) + 1)
    return true
  }

  /** How often each fault has happened. */
  get struck(): { readonly [name in FaultName]?: number } {
    return Object.fromEntries(this.#struck)
  }

  calm(): void {
    this.#on.clear()
  }
}

/** How long a neighbour takes, in virtual milliseconds: mostly little, and when answers are late sometimes very long. */
export function delayOf(faults: Faults, dice: Dice): number {
  if (!faults.strikes('late', dice, 0.5)) return dice.whole(0, 60)
  const luck = dice.real()
  if (luck < 0.3) return dice.whole(0, 120)
  return luck < 0.88 ? dice.whole(100, 2_000) : dice.whole(2_000, 20_000)
}
