/**
 * The ids of one archetype, ascending, kept sorted as entities come and go.
 * Changes wait in `added` and `removed` until `settle`, so a system may spawn and kill while it iterates.
 */
export class SortedIds {
  #ids = new Uint32Array(64)
  #count = 0
  #view: Uint32Array = new Uint32Array(0)
  readonly #added: number[] = []
  readonly #removed = new Set<number>()

  /** The settled ids. The same array until something changes; do not keep it over a tick. */
  get view(): Uint32Array {
    return this.#view
  }

  add(id: number): void {
    this.#added.push(id)
  }

  remove(id: number): void {
    this.#removed.add(id)
  }

  /** Applies what was added and removed: O(ids), only when there is something to apply. */
  settle(): void {
    if (this.#added.length === 0 && this.#removed.size === 0) return
    if (this.#added.length > 0) this.#merge()
    if (this.#removed.size > 0) this.#compact()
    this.#view = this.#ids.subarray(0, this.#count)
  }

  reset(ids: readonly number[] | Uint32Array): void {
    this.#ids = new Uint32Array(Math.max(64, ids.length))
    this.#ids.set(ids)
    this.#count = ids.length
    this.#view = this.#ids.subarray(0, this.#count)
    this.#added.length = 0
    this.#removed.clear()
  }

  #merge(): void {
    const added = this.#added.sort((a, b) => a - b)
    const total = this.#count + added.length
    if (total > this.#ids.length) {
      const larger = new Uint32Array(Math.max(total, this.#ids.length * 2))
      larger.set(this.#ids.subarray(0, this.#count))
      this.#ids = larger
    }
    let from = this.#count - 1
    let next = added.length - 1
    for (let to = total - 1; next >= 0; to--) {
      if (from >= 0 && this.#ids[from]! > added[next]!) this.#ids[to] = this.#ids[from--]!
      else this.#ids[to] = added[next--]!
    }
    this.#count = total
    added.length = 0
  }

  /** Closes the gaps with block moves between one removed id and the next. */
  #compact(): void {
    const removed = [...this.#removed].sort((a, b) => a - b)
    let to = 0
    let from = 0
    for (const id of removed) {
      const at = this.#indexOf(id, from)
      if (this.#ids[at] !== id || at >= this.#count) continue
      this.#ids.copyWithin(to, from, at)
      to += at - from
      from = at + 1
    }
    this.#ids.copyWithin(to, from, this.#count)
    this.#count = to + this.#count - from
    this.#removed.clear()
  }

  /** The first index at or after `from` whose id is not below `id`. */
  #indexOf(id: number, from: number): number {
    let low = from
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ids[middle]! < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
