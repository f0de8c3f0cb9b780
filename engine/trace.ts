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

/** Where the time goes, and what happened last. Read-only to all but the tick; never part of the world. */
export class Trace {
  readonly #names: readonly string[]
  readonly #last: Float64Array
  readonly #total: Float64Array
  readonly #recent: (Event | undefined)[]
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

  endTick(): void {
    this.#tickLast = performance.now() - this.#begun
    this.#tickTotal += this.#tickLast
    this.#ticks++
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
