import type { Dice } from './dice.ts'

/** Everything that can be made to go wrong; a run enables a random part of it. */
export const faultNames = [
  'late',
  'transient',
  'broken_disk',
  'wrong_answers',
  'crash',
  'crash_in_commit',
  'clean_restart',
  'store_full',
  'policy_change',
  'clock_jump',
  'lost_hints',
  'small_rings',
  'snapshots',
] as const

export type FaultName = (typeof faultNames)[number]

/** Which faults are on. `calm()` ends them all, for the phase in which everything must come to rest. */
export class Faults {
  readonly chosen: readonly FaultName[]
  readonly #on: Set<FaultName>

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

  calm(): void {
    this.#on.clear()
  }
}

/** How long a neighbour takes, in virtual milliseconds: mostly little, and when answers are late sometimes very long. */
export function delayOf(faults: Faults, dice: Dice): number {
  if (!faults.has('late')) return dice.whole(0, 60)
  const luck = dice.real()
  if (luck < 0.6) return dice.whole(0, 120)
  return luck < 0.93 ? dice.whole(100, 2_000) : dice.whole(2_000, 20_000)
}
