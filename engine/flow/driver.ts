import type { Limits } from '../limits.ts'

/** Runs one tick; `wall` is true when it should begin with the wall's time instead of `tick_ms`. */
export type RunTick = (wall: boolean) => Promise<void> | undefined

/**
 * Decides when a tick runs: every `tick_ms` by a timer that corrects its own drift, and at once when something was
 * pushed, but never closer together than `tick_min_ms`. One tick at a time.
 */
export class Driver {
  readonly #limits: Limits
  readonly #run: RunTick
  readonly #failed: (thrown: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #minimum: NodeJS.Timeout | undefined
  #due = 0
  #last = 0
  #busy: Promise<void> | undefined
  #again = false
  #running = false

  constructor(limits: Limits, run: RunTick, failed: (thrown: unknown) => void) {
    this.#limits = limits
    this.#run = run
    this.#failed = failed
  }

  start(): void {
    this.#running = true
    this.#due = performance.now() + this.#limits.tick_ms
    this.#arm()
    this.wake()
  }

  /** Something waits in a ring. */
  wake(): void {
    if (!this.#running || this.#immediate !== undefined || this.#minimum !== undefined) return
    if (this.#busy !== undefined) {
      this.#again = true
      return
    }
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined
      const early_ms = this.#limits.tick_min_ms - (performance.now() - this.#last)
      if (early_ms <= 0) this.#tick(true)
      else {
        this.#minimum = setTimeout(() => {
          this.#minimum = undefined
          this.#tick(true)
        }, early_ms)
      }
    })
  }

  /** No tick begins after this; resolves when the running one has ended. */
  async stop(): Promise<void> {
    this.#running = false
    clearTimeout(this.#timer)
    clearTimeout(this.#minimum)
    clearImmediate(this.#immediate)
    this.#minimum = undefined
    this.#immediate = undefined
    await this.#busy
  }

  #arm(): void {
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, this.#due - performance.now()))
  }

  /** A late timer catches up a bounded number of ticks; beyond that the clock jumps. */
  #onTimer(): void {
    const { tick_ms, catch_up_max } = this.#limits
    const late = Math.floor((performance.now() - this.#due) / tick_ms)
    const jump = late > catch_up_max
    this.#due += (jump ? late + 1 : 1) * tick_ms
    this.#arm()
    this.#tick(jump)
  }

  #tick(wall: boolean): void {
    if (this.#busy !== undefined || !this.#running) return
    this.#last = performance.now()
    let work: Promise<void> | undefined
    try {
      work = this.#run(wall)
    } catch (thrown) {
      this.#failed(thrown)
      return
    }
    if (work === undefined) return
    this.#busy = work.then(
      () => this.#ended(),
      (thrown: unknown) => {
        this.#busy = undefined
        this.#failed(thrown)
      },
    )
  }

  #ended(): void {
    this.#busy = undefined
    if (!this.#again) return
    this.#again = false
    this.wake()
  }
}
