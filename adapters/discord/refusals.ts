import { EffectFailure } from '../../engine/flow/adapter.ts'

/** Discord bans an address after 10,000 of these in ten minutes; long before that everything rests. */
const window_ms = 600_000
const refusedMax = 50
/** Of answers that ask to slow down, which are part of ordinary work. */
const limitedMax = 500
/** Channels that are remembered as closed; the one refused longest ago gives way. */
const channelsMax = 10_000

/** What is asked of a channel: somebody who may read it may still not be allowed to speak there. */
export type Asked = 'read' | 'post'

/**
 * What Discord refused, so that it is not asked again: a channel until the next start, everything once the token was not
 * accepted, and everything for a while when refusals come in numbers.
 */
export class Refusals {
  readonly #channels = new Map<string, EffectFailure>()
  readonly #now: () => number
  #token: EffectFailure | undefined
  #since_ms = 0
  #refused = 0
  #limited = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws EffectFailure when this is not to be asked, or not now */
  check(asked: Asked, channel?: string): void {
    if (this.#token !== undefined) throw this.#token
    const closed = channel === undefined ? undefined : this.#channels.get(`${asked} ${channel}`)
    if (closed !== undefined) throw closed
    const rest_ms = this.resting_ms()
    if (rest_ms === 0) return
    const reason = `Discord refused ${this.#refused + this.#limited} requests in a short time; nothing is asked until that is over`
    throw new EffectFailure('DISCORD_RATE_LIMITED', reason, { transient: true, retry_after_ms: rest_ms })
  }

  /** For how long nothing is asked; 0 = things may be asked. */
  resting_ms(): number {
    const left_ms = this.#since_ms + window_ms - this.#now()
    return left_ms > 0 && (this.#refused >= refusedMax || this.#limited >= limitedMax) ? left_ms : 0
  }

  /** Counts what came back. `shared`: a limit that others used up as well, which Discord does not hold against us. */
  count(status: number, shared: boolean): void {
    const refused = status === 401 || status === 403 || status === 404
    if (!refused && (status !== 429 || shared)) return
    if (this.#now() >= this.#since_ms + window_ms) {
      this.#since_ms = this.#now()
      this.#refused = 0
      this.#limited = 0
    }
    if (refused) this.#refused++
    else this.#limited++
  }

  /** Remembers a failure that asking again cannot mend. */
  note(failure: EffectFailure, asked: Asked, channel?: string): void {
    if (failure.code === 'DISCORD_AUTH') this.#token = failure
    if (channel === undefined || (failure.code !== 'DISCORD_FORBIDDEN' && failure.code !== 'DISCORD_MISSING')) return
    this.#channels.set(`${asked} ${channel}`, failure)
    if (this.#channels.size <= channelsMax) return
    const [oldest] = this.#channels.keys()
    if (oldest !== undefined) this.#channels.delete(oldest)
  }
}
