import type { Event } from './flow/event.ts'

export type SystemTiming = { readonly system: string; readonly last_ms: number; readonly total_ms: number }
export type Timings = {
  readonly ticks: number
  readonly tick_last_ms: number
  readonly tick_total_ms: number
  /** Longest pause while a snapshot was copied. */
  readonly snapshot_pause_ms: number
  readonly systems: readonly SystemTiming[]
}

/** How many of the last ticks the timeline keeps: a minute of twenty a second. */
const ticksKept = 1_200

/** Where the time goes, and what happened last. Read-only to all but the tick; never part of the world. */
export class Trace {
  readonly #names: readonly string[]
  readonly #last: Float64Array
  readonly #total: Float64Array
  readonly #recent: (Event | undefined)[]
  readonly #tickNumbers = new Float64Array(ticksKept)
  readonly #tickMicroseconds = new Uint32Array(ticksKept)
  /** One row of `#names.length` for each kept tick. */
  readonly #systemMicroseconds: Uint32Array
  #next = 0
  #mark = 0
  #begun = 0
  #tickLast = 0
  #tickTotal = 0
  #ticks = 0
  snapshotPause_ms = 0

  constructor(systems: readonly string[], recentMax: number) {
    this.#names = systems
    this.#last = new Float64Array(systems.length)
    this.#total = new Float64Array(systems.length)
    this.#systemMicroseconds = new Uint32Array(ticksKept * systems.length)
    this.#recent = new Array<Event | undefined>(recentMax)
  }

  beginTick(): void {
    this.#begun = performance.now()
    this.#mark = this.#begun
  }

  /** The system with this index has just run. */
  ran(index: number): void {
    const now = performance.now()
    this.#last[index] = now - this.#mark
    this.#total[index]! += now - this.#mark
    this.#mark = now
  }

  /** The tick with this number is over. O(systems), nothing is allocated. */
  endTick(tick: number): void {
    this.#tickLast = performance.now() - this.#begun
    this.#tickTotal += this.#tickLast
    const at = this.#ticks % ticksKept
    this.#tickNumbers[at] = tick
    this.#tickMicroseconds[at] = this.#tickLast * 1000 + 0.5
    const first = at * this.#last.length
    for (let index = 0; index < this.#last.length; index++) {
      this.#systemMicroseconds[first + index] = this.#last[index]! * 1000 + 0.5
    }
    this.#ticks++
  }

  /**
   * The ticks after one, idle ones too, oldest first: `[tick, whole, ...one for each system]` in microseconds. When there are
   * more than `max` the newest stay. O(rows given × systems).
   */
  timeline(after_tick: number, max: number): number[][] {
    const kept = Math.min(this.#ticks, ticksKept)
    let count = 0
    while (count < Math.min(kept, max) && this.#tickNumbers[this.#slot(count + 1)]! > after_tick) count++
    const rows: number[][] = []
    for (; count > 0; count--) {
      const at = this.#slot(count)
      const first = at * this.#names.length
      const systems = this.#systemMicroseconds.subarray(first, first + this.#names.length)
      rows.push([this.#tickNumbers[at]!, this.#tickMicroseconds[at]!, ...systems])
    }
    return rows
  }

  /** Where the tick lies that was `back` ticks ago; 1 = the newest. */
  #slot(back: number): number {
    return (this.#ticks - back) % ticksKept
  }

  saw(event: Event): void {
    this.#recent[this.#next] = event
    this.#next = (this.#next + 1) % this.#recent.length
  }

  /** Copies of the last events, oldest first: what the world has yet to hear cannot be changed by who looks. */
  recent(): readonly Event[] {
    const ordered = [...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)]
    return ordered.filter((event) => event !== undefined).map((event) => structuredClone(event))
  }

  timings(): Timings {
    return {
      ticks: this.#ticks,
      tick_last_ms: this.#tickLast,
      tick_total_ms: this.#tickTotal,
      snapshot_pause_ms: this.snapshotPause_ms,
      systems: this.#names.map((system, index) => ({
        system,
        last_ms: this.#last[index]!,
        total_ms: this.#total[index]!,
      })),
    }
  }
}
