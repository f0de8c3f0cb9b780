import type { Id, Snowflake } from './types.ts'

const epoch_ms = 1_420_070_400_000

/** Makes ids that grow with the clock, and by one where it stands still or goes back. */
export class Snowflakes {
  #last = 0n
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** A new id, above all before it. */
  next(): Snowflake {
    const since = Math.max(0, Math.floor(this.#now()) - epoch_ms)
    const fresh = BigInt(since) << 22n
    this.#last = fresh > this.#last ? fresh : this.#last + 1n
    return this.#last.toString()
  }
}

/** Below 0 when `a` is the older. */
export function compareIds(a: Snowflake, b: Snowflake): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

/** The id of what is given by it, or as a whole. */
export function idOf(given: Id): Snowflake {
  return typeof given === 'string' ? given : given.id
}

/** Whether a text is an id at all. */
export function isSnowflake(text: string): boolean {
  return /^\d{1,20}$/.test(text)
}

/** A time as Discord writes it: microseconds, and the zone as an offset. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00')
}
