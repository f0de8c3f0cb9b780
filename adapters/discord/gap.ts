import type { RawMessage } from './raw.ts'

/** Most messages one channel may hold back while others of it are fetched, and all channels together. */
export const heldMax = 1_000
const heldInAll = 10_000

/** How much is held back in all channels. */
export type Held = { count: number }

/** A channel whose messages are fetched: what the gateway says of it meanwhile waits here, the newest of it. */
export class Gap {
  /** The oldest message that was ever passed over or held; empty when there was none. */
  first = ''
  /** Something that was held had to go: it must be fetched. */
  overflowed = false
  readonly #messages: RawMessage[] = []
  readonly #held: Held

  constructor(held: Held) {
    this.#held = held
  }

  get count(): number {
    return this.#messages.length
  }

  /** Keeps a message, or gives up the oldest one for it. O(messages held) when full, else O(1). */
  hold(message: RawMessage): void {
    if (this.first === '') this.first = message.id
    if (this.#messages.length >= heldMax || this.#held.count >= heldInAll) {
      this.overflowed = true
      if (this.#messages.length === 0) return
      this.#messages.shift()
    } else this.#held.count++
    this.#messages.push(message)
  }

  /** A message that was passed over and is not kept. */
  passOver(id: string): void {
    if (this.first === '') this.first = id
    this.overflowed = true
  }

  peek(): RawMessage | undefined {
    return this.#messages[0]
  }

  shift(): void {
    if (this.#messages.shift() !== undefined) this.#held.count--
  }

  /** Lets go of all that is held. */
  clear(): void {
    this.#held.count -= this.#messages.length
    this.#messages.length = 0
  }
}
