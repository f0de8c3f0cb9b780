/**
 * Sessions (rows) by a number, the smallest first; equal numbers by row. The order in which they were put in shows
 * nowhere, so a heap that is made anew from columns gives them in the order of the one it stands for.
 */
export class Heap {
  #rows = new Uint32Array(64)
  #keys = new Float64Array(64)
  /** By row: its place in the heap, from 1; 0 = not in it. */
  #places = new Uint32Array(64)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The first row, or 0. */
  get top(): number {
    return this.#size === 0 ? 0 : this.#rows[0]!
  }

  /** The number of the first row; infinite when there is none. */
  get topKey(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#keys[0]!
  }

  has(row: number): boolean {
    return row < this.#places.length && this.#places[row] !== 0
  }

  /** Puts a row in, or gives it another number. O(log size). */
  put(row: number, key: number): void {
    this.#room(row)
    let at = this.#places[row]! - 1
    if (at < 0) {
      at = this.#size++
      this.#place(at, row, key)
    } else this.#keys[at] = key
    this.#down(this.#up(at))
  }

  /** Takes a row out, if it is in. O(log size). */
  remove(row: number): void {
    if (!this.has(row)) return
    const at = this.#places[row]! - 1
    this.#places[row] = 0
    const last = --this.#size
    if (at === last) return
    this.#place(at, this.#rows[last]!, this.#keys[last]!)
    this.#down(this.#up(at))
  }

  clear(): void {
    for (let at = 0; at < this.#size; at++) this.#places[this.#rows[at]!] = 0
    this.#size = 0
  }

  #room(row: number): void {
    if (this.#size === this.#rows.length) {
      this.#rows = larger(this.#rows, new Uint32Array(this.#size * 2))
      this.#keys = larger(this.#keys, new Float64Array(this.#size * 2))
    }
    if (row < this.#places.length) return
    this.#places = larger(this.#places, new Uint32Array(Math.max(row + 1, this.#places.length * 2)))
  }

  #place(at: number, row: number, key: number): void {
    this.#rows[at] = row
    this.#keys[at] = key
    this.#places[row] = at + 1
  }

  #up(from: number): number {
    const row = this.#rows[from]!
    const key = this.#keys[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!before(key, row, this.#keys[parent]!, this.#rows[parent]!)) break
      this.#place(at, this.#rows[parent]!, this.#keys[parent]!)
      at = parent
    }
    this.#place(at, row, key)
    return at
  }

  #down(from: number): void {
    const row = this.#rows[from]!
    const key = this.#keys[from]!
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.#size) break
      const other = child + 1
      const right =
        other < this.#size && before(this.#keys[other]!, this.#rows[other]!, this.#keys[child]!, this.#rows[child]!)
      if (right) child = other
      if (!before(this.#keys[child]!, this.#rows[child]!, key, row)) break
      this.#place(at, this.#rows[child]!, this.#keys[child]!)
      at = child
    }
    this.#place(at, row, key)
  }
}

function before(key: number, row: number, otherKey: number, otherRow: number): boolean {
  return key < otherKey || (key === otherKey && row < otherRow)
}

function larger<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
