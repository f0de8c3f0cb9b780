import { assert } from '../errors.ts'
import type { Limits } from '../limits.ts'

/** Runs one tick; `wall` is true when it should begin with the wall's time instead of `tick_ms`. */
export type RunTick = (wall: boolean) => Promise<void> | undefined

/** How fast the world goes by the wall's clock: for who looks at it, never part of it. */
export type Pacing = {
  readonly paused: boolean
  /** Of the timer; a push wakes a tick besides, unless it was set slower than usual. */
  readonly ticks_per_second: number
  /** No tick runs until `resume` or `step`; what is published waits in the rings, and is refused once they are full. */
  pause(): void
  resume(): void
  /** Runs one tick while it is paused. Resolves when that is durable. @throws EngineError ENGINE_STATE when it is not paused */
  step(): Promise<void>
  /** @param ticks_per_second 0.1 to 1,000 @throws EngineError LIMIT_INVALID */
  rate(ticks_per_second: number): void
}

/**
 * Decides when a tick runs: every `tick_ms` by a timer that corrects its own drift, and at once when something was
 * pushed, but never closer together than `tick_min_ms`. One tick at a time.
 */
export class Driver implements Pacing {
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
  #paused = false
  #interval_ms: number

  constructor(limits: Limits, run: RunTick, failed: (thrown: unknown) => void) {
    this.#limits = limits
    this.#interval_ms = limits.tick_ms
    this.#run = run
    this.#failed = failed
  }

  start(): void {
    this.#running = true
    this.#due = performance.now() + this.#interval_ms
    this.#arm()
    this.wake()
  }

  /** Something waits in a ring. */
  wake(): void {
    if (!this.#running || this.#paused || this.#slowed || this.#immediate !== undefined || this.#minimum !== undefined)
      return
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

  get paused(): boolean {
    return this.#paused
  }

  get ticks_per_second(): number {
    return 1000 / this.#interval_ms
  }

  pause(): void {
    this.#paused = true
    this.#disarm()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#running) this.start()
  }

  async step(): Promise<void> {
    assert(this.#paused && this.#running, 'ENGINE_STATE', 'one tick at a time is for a paused engine that has started')
    await this.#busy
    this.#tick(true)
    await this.#busy
  }

  rate(ticks_per_second: number): void {
    const inRange = ticks_per_second >= 0.1 && ticks_per_second <= 1000
    assert(inRange, 'LIMIT_INVALID', `${ticks_per_second} ticks a second lie outside 0.1 to 1000`, ticks_per_second)
    this.#interval_ms = 1000 / ticks_per_second
    if (!this.#running || this.#paused) return
    this.#disarm()
    this.start()
  }

  /** Whoever slows the world down wants to see it slow: then a push waits for the timer. */
  get #slowed(): boolean {
    return this.#interval_ms > this.#limits.tick_ms
  }

  /** No tick begins after this; resolves when the running one has ended. */
  async stop(): Promise<void> {
    this.#running = false
    this.#disarm()
    await this.#busy
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#minimum)
    clearImmediate(this.#immediate)
    this.#minimum = undefined
    this.#immediate = undefined
  }

  #arm(): void {
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, this.#due - performance.now()))
  }

  /** A late timer catches up a bounded number of ticks; beyond that the clock jumps. */
  #onTimer(): void {
    const { catch_up_max } = this.#limits
    const late = Math.floor((performance.now() - this.#due) / this.#interval_ms)
    const jump = late > catch_up_max
    this.#due += (jump ? late + 1 : 1) * this.#interval_ms
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
