/** Codes that will not pass while a suite runs: the key, the address or the package is wrong, or the quota is used up. */
const lasting = new Set(['AUTH', 'DEFERRED', 'PACKAGE_MISSING', 'REDIRECT'])
/** Codes of an endpoint that is down, which may pass. One that asks to slow down is not down. */
const passing = new Set(['NETWORK', 'SERVER', 'TIMEOUT', 'UNAVAILABLE'])
const failuresMax = 5
const wait_ms = 15_000

/**
 * Ends the runs of a model whose endpoint is in trouble whatever it is asked: after five failures in a row of which none will
 * pass, or when for 15 s nothing but failures came. What is wrong with one question alone counts as an answer.
 */
export class Patience {
  readonly #stopper = new AbortController()
  readonly #now: () => number
  #failures = 0
  #since_ms = 0
  #code = ''

  /** @param now milliseconds from any moment on */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Aborted when patience is over. */
  get signal(): AbortSignal {
    return this.#stopper.signal
  }

  /** Why it is over, as a phrase; empty while it is not. */
  get reason(): string {
    return this.signal.aborted ? `no answer ${this.#failures} times in a row (${this.#code})` : ''
  }

  /** Hears of every question. @param code of its failure; empty for an answer */
  heard(code: string): void {
    if (this.signal.aborted || code === 'RATE_LIMITED') return
    if (!lasting.has(code) && !passing.has(code)) {
      this.#failures = 0
      return
    }
    // The first failure tells most: those after it may come from a breaker that asks no more.
    if (this.#failures === 0) {
      this.#since_ms = this.#now()
      this.#code = code
    }
    this.#failures++
    const isOver = lasting.has(code) || this.#now() - this.#since_ms >= wait_ms
    if (isOver && this.#failures >= failuresMax) this.#stopper.abort()
  }
}
