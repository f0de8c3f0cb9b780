type Entry = { readonly at_ms: number; readonly order: number; readonly run: () => void }

/** Virtual time: what is due later waits here, and nothing else makes time pass. */
export class Agenda {
  /** Milliseconds since the simulation began; never set back. */
  now_ms = 0
  readonly #entries: Entry[] = []
  #order = 0

  /** Runs a piece of work once this much virtual time has passed; of two that are due together, the older first. */
  after(delay_ms: number, run: () => void): void {
    const entry = { at_ms: this.now_ms + Math.max(0, delay_ms), order: this.#order++, run }
    let at = this.#entries.length
    while (at > 0 && this.#entries[at - 1]!.at_ms > entry.at_ms) at--
    this.#entries.splice(at, 0, entry)
  }

  /** Lets time pass and runs what falls due, in order. Returns how many pieces of work were run. */
  advance(span_ms: number): number {
    const until_ms = this.now_ms + span_ms
    let ran = 0
    for (let next = this.#entries[0]; next !== undefined && next.at_ms <= until_ms; next = this.#entries[0]) {
      this.#entries.shift()
      this.now_ms = Math.max(this.now_ms, next.at_ms)
      next.run()
      ran++
    }
    this.now_ms = until_ms
    return ran
  }
}
