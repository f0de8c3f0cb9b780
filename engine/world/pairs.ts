/**
 * Finds the row whose two 32-bit columns hold a 64-bit key, by open addressing over one typed array.
 * Derived from columns, so it is never stored: `add` every row after a restore. O(1) expected, 8 bytes a row.
 */
export class PairIndex {
  #slots = new Uint32Array(1024)
  #count = 0

  /** The row with this key, or 0. */
  find(high: Uint32Array, low: Uint32Array, keyHigh: number, keyLow: number): number {
    const mask = this.#slots.length - 1
    for (let slot = mix(keyHigh, keyLow) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]!
      if (row === 0 || (high[row] === keyHigh && low[row] === keyLow)) return row
    }
  }

  /** Adds a row whose columns are already set; the first row of a key wins. */
  add(high: Uint32Array, low: Uint32Array, row: number): void {
    if (this.#count * 2 >= this.#slots.length) this.#grow(high, low)
    this.#place(high, low, row)
  }

  clear(): void {
    this.#slots = new Uint32Array(1024)
    this.#count = 0
  }

  #place(high: Uint32Array, low: Uint32Array, row: number): void {
    const mask = this.#slots.length - 1
    for (let slot = mix(high[row]!, low[row]!) & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot]!
      if (held === 0) {
        this.#slots[slot] = row
        this.#count++
        return
      }
      if (high[held] === high[row] && low[held] === low[row]) return
    }
  }

  #grow(high: Uint32Array, low: Uint32Array): void {
    const rows = this.#slots
    this.#slots = new Uint32Array(rows.length * 2)
    this.#count = 0
    for (const row of rows) if (row !== 0) this.#place(high, low, row)
  }
}

function mix(high: number, low: number): number {
  const folded = Math.imul(high ^ (low >>> 15), 0x2c1b3c6d)
  return (folded ^ Math.imul(low ^ (folded >>> 13), 0x297a2d39)) >>> 0
}
