/** Remembers the newest keys, between `most` and twice as many: the older half goes at once. */
export class Newest<T> {
  readonly #most: number
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  constructor(most: number) {
    this.#most = most
  }

  /** O(1) */
  get(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** O(1) */
  set(key: string, value: T): void {
    if (this.#young.size >= this.#most && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}
