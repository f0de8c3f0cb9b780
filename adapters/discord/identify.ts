import type { ShardStand } from '../../systems/cursors.ts'

const day_ms = 86_400_000
const flap_ms = 600_000
/** A thousand in a day reset the token; some are left for whoever else uses it. */
const dayMax = 900
const flapMax = 10

/** How often this agent may still say who it is: it is counted in the world, so that restarts count as well. */
export class IdentifyBudget {
  /** Times of the newest ones of this process, in milliseconds since 1970. */
  readonly #times: number[] = []
  readonly #gap_ms: number

  /** @param gap_ms shortest distance between two */
  constructor(gap_ms: number) {
    this.#gap_ms = gap_ms
  }

  /** One is about to be sent. */
  spent(now_ms: number): void {
    this.#times.push(now_ms)
    if (this.#times.length > flapMax) this.#times.shift()
  }

  /**
   * How long the next one must wait, in milliseconds; 0 = not at all.
   * @param left what Discord says is left of its own budget
   */
  wait(now_ms: number, stand: ShardStand | undefined, left?: { remaining: number; reset_after: number }): number {
    let until = now_ms
    const newest = this.#times.at(-1)
    if (newest !== undefined) until = Math.max(until, newest + this.#gap_ms)
    if (this.#times.length === flapMax) until = Math.max(until, this.#times[0]! + flap_ms)
    if (identifiesIn(stand, now_ms) >= dayMax && stand !== undefined)
      until = Math.max(until, stand.identifies_since_ms + day_ms)
    if (left !== undefined && left.remaining <= 0) until = Math.max(until, now_ms + left.reset_after)
    return until - now_ms
  }
}

/** How many there were in the last day, as the world counted them. */
export function identifiesIn(stand: ShardStand | undefined, now_ms: number): number {
  return stand === undefined || now_ms - stand.identifies_since_ms >= day_ms ? 0 : stand.identifies
}
