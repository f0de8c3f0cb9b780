/** Bounded first-in first-out buffer. `push` returns false when it is full: the caller keeps the item. O(1). */
export class Ring<T> {
  readonly #items: (T | undefined)[]
  readonly #mask: number
  readonly #limit: number
  #head = 0
  #count = 0
  #taken = 0

  /** @param limit most items it holds at once */
  constructor(limit: number) {
    let size = 1
    while (size < limit) size *= 2
    this.#items = new Array<T | undefined>(size)
    this.#mask = size - 1
    this.#limit = limit
  }

  get count(): number {
    return this.#count
  }

  /** How many items have ever left it. */
  get taken(): number {
    return this.#taken
  }

  get full(): boolean {
    return this.#count >= this.#limit
  }

  push(item: T): boolean {
    if (this.#count >= this.#limit) return false
    this.#items[(this.#head + this.#count) & this.#mask] = item
    this.#count++
    return true
  }

  /** The oldest item without taking it. */
  peek(): T | undefined {
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    if (this.#count === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & this.#mask
    this.#count--
    this.#taken++
    return item
  }
}
