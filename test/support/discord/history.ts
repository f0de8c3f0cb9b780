import { compareIds } from './snowflakes.ts'
import type { RawMessage, Snowflake } from './types.ts'

export type Page = { after?: Snowflake; before?: Snowflake; around?: Snowflake; limit: number }

/** The messages of a channel, oldest first; the oldest go when there are too many. */
export class History {
  #messages: RawMessage[] = []
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  get all(): readonly RawMessage[] {
    return this.#messages
  }

  /** Takes the newest message; gives back those that had to go. A tenth at a time, so that each costs the same. */
  add(message: RawMessage): RawMessage[] {
    this.#messages.push(message)
    if (this.#messages.length <= this.#most) return []
    return this.#messages.splice(0, Math.max(1, Math.floor(this.#most / 10)))
  }

  replace(message: RawMessage): void {
    const at = this.#from(message.id)
    if (this.#messages[at]?.id === message.id) this.#messages[at] = message
  }

  remove(id: Snowflake): void {
    const at = this.#from(id)
    if (this.#messages[at]?.id === id) this.#messages.splice(at, 1)
  }

  /** A page, newest first as Discord gives it: of what is `after` an id the oldest, else the newest. */
  page({ after, before, around, limit }: Page): RawMessage[] {
    const all = this.#messages
    if (around !== undefined) {
      const at = this.#from(around)
      const start = Math.max(0, at - Math.floor(limit / 2))
      return all.slice(start, start + limit).reverse()
    }
    if (before !== undefined) {
      const end = this.#from(before)
      return all.slice(Math.max(0, end - limit), end).reverse()
    }
    if (after === undefined) return all.slice(-limit).reverse()
    const at = this.#from(after)
    const start = all[at]?.id === after ? at + 1 : at
    return all.slice(start, start + limit).reverse()
  }

  /** Index of the first message that is not older than `id`. O(log n). */
  #from(id: Snowflake): number {
    let low = 0
    let high = this.#messages.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareIds(this.#messages[middle]!.id, id) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
