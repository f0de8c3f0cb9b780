/** The few with the largest values among many, those that came first before equal ones. */
export class Best<T> {
  readonly #most: number
  readonly #items: T[] = []
  readonly #values: number[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Best first. */
  get items(): readonly T[] {
    return this.#items
  }

  /** Offers one more. O(most) when it is taken, else O(1). */
  offer(item: T, value: number): void {
    const values = this.#values
    if (values.length >= this.#most && (values.length === 0 || value <= values[values.length - 1]!)) return
    let at = values.length
    while (at > 0 && values[at - 1]! < value) at--
    values.splice(at, 0, value)
    this.#items.splice(at, 0, item)
    if (values.length <= this.#most) return
    values.pop()
    this.#items.pop()
  }
}
