import type { Dice } from './dice.ts'

/** How much goes on for a while: nothing, a little, or everything at once. */
type Spell = { readonly activity: number; readonly ticks: number }

/** The weather of a run: long calms, in which all must come to rest, and short storms, in which everything meets. */
export class Spells {
  readonly #dice: Dice
  readonly #calm: [number, number]
  #left = 0
  #activity = 1

  /** @param storm whether the calms are short */
  constructor(dice: Dice, storm: boolean) {
    this.#dice = dice
    this.#calm = storm ? [20, 100] : [1_500, 6_000]
    this.#begin({ activity: 1, ticks: dice.whole(10, 30) })
  }

  /** Whether people and far sides do anything in the tick that now begins. */
  stirs(): boolean {
    if (this.#left-- <= 0) this.#begin(this.#next())
    return this.#activity > 0 && this.#dice.chance(this.#activity)
  }

  #begin({ activity, ticks }: Spell): void {
    this.#activity = activity
    this.#left = ticks
  }

  #next(): Spell {
    const dice = this.#dice
    if (this.#activity > 0) return { activity: 0, ticks: dice.whole(...this.#calm) }
    return dice.chance(0.5) ? { activity: 1, ticks: dice.whole(5, 25) } : { activity: 0.1, ticks: dice.whole(40, 160) }
  }
}
