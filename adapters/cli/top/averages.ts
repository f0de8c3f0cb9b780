import type { Frame } from '../../inspector/shapes.ts'

const ticksMax = 600
const timesMax = 50

/** Running averages over the newest ticks of a stream. */
export class Averages {
  #ticks: (readonly number[])[] = []
  #times: { readonly tick: number; readonly at_ms: number }[] = []

  /** @param at_ms when the frame came, on any clock that runs evenly */
  add(frame: Frame, at_ms: number): void {
    // Appended one by one: a frame has at most 200.
    for (const tick of frame.ticks) this.#ticks.push(tick)
    if (this.#ticks.length > ticksMax) this.#ticks = this.#ticks.slice(-ticksMax)
    this.#times.push({ tick: frame.tick, at_ms })
    if (this.#times.length > timesMax) this.#times = this.#times.slice(-timesMax)
  }

  /** Mean of a column of the ticks after their number: 0 the whole tick, then one for each system; in microseconds. */
  of(column: number): number {
    if (this.#ticks.length === 0) return 0
    return this.#ticks.reduce((sum, tick) => sum + (tick[column + 1] ?? 0), 0) / this.#ticks.length
  }

  /** The longest whole tick, in microseconds. */
  longest(): number {
    return this.#ticks.reduce((most, tick) => Math.max(most, tick[1] ?? 0), 0)
  }

  /** Ticks a second by the wall; 0 until two frames have come. */
  rate(): number {
    const [first, last] = [this.#times[0], this.#times.at(-1)]
    if (first === undefined || last === undefined || last.at_ms <= first.at_ms) return 0
    return ((last.tick - first.tick) * 1000) / (last.at_ms - first.at_ms)
  }
}
