import { setTimeout as sleep } from 'node:timers/promises'

/** Waits between attempts, in milliseconds: doubling from the first to the longest, each up to half as long again. */
export class Backoff {
  readonly #first_ms: number
  readonly #most_ms: number
  readonly #random: () => number
  #next_ms = 0

  constructor(times: { readonly first_ms: number; readonly most_ms: number }, random: () => number) {
    this.#first_ms = times.first_ms
    this.#most_ms = times.most_ms
    this.#random = random
  }

  /** How long to wait now; the next wait is longer. */
  next(): number {
    const base = Math.min(Math.max(this.#next_ms, this.#first_ms), this.#most_ms)
    this.#next_ms = base * 2
    return Math.min(this.#most_ms, base * (1 + this.#random() / 2))
  }

  /** It went well. */
  reset(): void {
    this.#next_ms = 0
  }
}

/** Sleeps, and says whether nobody woke it: false once the signal is aborted. The timer holds no process. */
export async function slept(time_ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(Math.min(time_ms, 2_147_483_647), undefined, { signal, ref: false })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
  return !signal.aborted
}
