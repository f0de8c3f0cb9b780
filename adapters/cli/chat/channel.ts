/** What is pushed on one side comes out on the other, in order; one reader. Leaving the reading early ends it. */
export class Channel<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = []
  #wake: () => void = () => {}
  #ended = false
  #failure: unknown
  readonly #left: () => void

  /** @param left called once when nothing is read any more */
  constructor(left: () => void) {
    this.#left = left
  }

  push(item: T): void {
    if (this.#ended) return
    this.#waiting.push(item)
    this.#wake()
  }

  /** Nothing more comes; with a failure, reading ends by throwing it once all before it was read. */
  end(failure?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const item = this.#waiting.shift()
        if (item !== undefined) yield item
        else if (this.#ended) break
        else await this.#next()
      }
      if (this.#failure !== undefined) throw this.#failure
    } finally {
      this.#ended = true
      this.#left()
    }
  }

  async #next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await promise
  }
}
