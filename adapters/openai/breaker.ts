import { EffectFailure } from '../../engine/flow/adapter.ts'

/** `refused`: the key was; nothing is asked any more until there is another adapter with another key. */
export type BreakerStatus = {
  readonly state: 'closed' | 'open' | 'probing' | 'refused'
  /** Failures in a row. */
  readonly failures: number
  /** Until the endpoint is tried again, in milliseconds; 0 when it is not waited for. */
  readonly wait_ms: number
  /** The last failure, where the breaker is not closed. */
  readonly reason: string
}

const failuresMax = 5
const openFirst_ms = 10_000
const openMost_ms = 300_000
/** While one call probes, the others come back this soon. */
const probing_ms = 1_000
const counted = new Set(['SERVER', 'NETWORK', 'TIMEOUT'])

/**
 * Keeps calls away from an endpoint that is down: after five failures in a row it opens for ten seconds, then one call may
 * try; each failed try doubles the time, up to five minutes. A refused key opens it for good.
 */
export class Breaker {
  readonly #changed: (status: BreakerStatus) => void
  readonly #now: () => number
  #failures = 0
  #open_ms = 0
  #until_ms = 0
  #probing = false
  #last: EffectFailure | undefined
  #refused: EffectFailure | undefined

  /** @param changed hears when it opens, closes or refuses @param now monotonic time in milliseconds */
  constructor(changed: (status: BreakerStatus) => void = () => undefined, now: () => number = () => performance.now()) {
    this.#changed = changed
    this.#now = now
  }

  get status(): BreakerStatus {
    if (this.#refused !== undefined) {
      return { state: 'refused', failures: this.#failures, wait_ms: 0, reason: this.#refused.message }
    }
    if (this.#open_ms === 0) return { state: 'closed', failures: this.#failures, wait_ms: 0, reason: '' }
    const reason = this.#last?.message ?? ''
    if (this.#probing) return { state: 'probing', failures: this.#failures, wait_ms: 0, reason }
    const wait_ms = Math.max(0, Math.ceil(this.#until_ms - this.#now()))
    return { state: 'open', failures: this.#failures, wait_ms, reason }
  }

  /**
   * Runs a call unless the endpoint is known to be down. A call that its caller ended says nothing about the endpoint.
   * @throws EffectFailure UNAVAILABLE (transient, with the time to wait), AUTH, or what the call throws
   */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#admit()
    const probe = this.#open_ms > 0
    this.#probing = probe
    try {
      const done = await call()
      this.#close()
      return done
    } catch (thrown) {
      if (!signal.aborted) this.#failed(thrown, probe)
      throw thrown
    } finally {
      if (probe) this.#probing = false
    }
  }

  #admit(): void {
    if (this.#refused !== undefined) throw this.#refused
    if (this.#open_ms === 0) return
    const left_ms = this.#probing ? probing_ms : Math.ceil(this.#until_ms - this.#now())
    if (left_ms <= 0) return
    const reason = `the model is not asked for ${left_ms} ms, after ${this.#failures} failures in a row: ${this.#last?.message ?? ''}`
    throw new EffectFailure('UNAVAILABLE', reason, { transient: true, retry_after_ms: left_ms })
  }

  #failed(thrown: unknown, probe: boolean): void {
    if (!(thrown instanceof EffectFailure)) return
    if (thrown.code === 'AUTH') {
      const first = this.#refused === undefined
      this.#refused = thrown
      if (first) this.#changed(this.status)
      // Whoever answers at all is not down.
    } else if (!counted.has(thrown.code)) this.#close()
    else {
      this.#failures++
      this.#last = thrown
      if (probe) this.#open(Math.min(openMost_ms, 2 * this.#open_ms))
      // Calls that set out before it opened and fail after it change nothing.
      else if (this.#open_ms === 0 && this.#failures >= failuresMax) this.#open(openFirst_ms)
    }
  }

  #open(open_ms: number): void {
    this.#open_ms = open_ms
    this.#until_ms = this.#now() + open_ms
    // A probe has ended by now, though its call has not returned yet.
    this.#probing = false
    this.#changed(this.status)
  }

  #close(): void {
    const closed = this.#open_ms === 0
    this.#failures = 0
    this.#open_ms = 0
    this.#last = undefined
    if (!closed) this.#changed(this.status)
  }
}
