/** Of a block: the list's key, how many entries, room for how many, units of its text. Then the text, two units a number; then the entries. */
const at = { key: 0, count: 1, room: 2, units: 3, text: 4 } as const
/** Numbers of an entry. */
export const wide = 3
/** Entries that a new list has room for. */
const roomAtFirst = 2

export type Entry = readonly [first: number, second: number, third: number]

/**
 * Lists of three numbers each, found by a key and a text. A look-up goes to one place of eight bytes, and where something is
 * there, to one block in which text and entries lie side by side: it is the distance in memory that costs, not the work.
 */
export class Postings {
  /** Of each place: fingerprint of key and text, where the block begins (0 = free). */
  #places = new Uint32Array(2 * 1024)
  #mask = 1023
  /**
   * A bit for each fingerprint, eight bits for each place: a text of no list is nearly always told here, in a few bytes that
   * stay near the processor when the places no longer do.
   */
  #bits = new Uint32Array(256)
  #shift = 32 - 13
  #lists = 0
  #used = 1
  /** All blocks. An entry of the list that `find` gave begins at `first` and the next ones follow, `wide` numbers each. */
  blocks: Uint32Array<ArrayBuffer> = new Uint32Array(4096)

  /** Where the block of a key and the first `units` of a text begins; 0 when there is none. @param hash of these units */
  find(key: number, hash: number, text: string, units: number): number {
    const places = this.#places
    const mask = this.#mask
    const print = mix(key, hash)
    const bit = print >>> this.#shift
    if (((this.#bits[bit >>> 5]! >>> (bit & 31)) & 1) === 0) return 0
    for (let place = print & mask; ; place = (place + 1) & mask) {
      const block = places[place * 2 + 1]!
      if (block === 0) return 0
      if (places[place * 2] === print && this.#isFor(block, key, text, units)) return block
    }
  }

  count(block: number): number {
    return this.blocks[block + at.count]!
  }

  /** Where the entries of a block begin. */
  first(block: number): number {
    return block + at.text + ((this.blocks[block + at.units]! + 1) >>> 1)
  }

  /** One more entry in the list of a key and a text. O(1), amortised. */
  add(key: number, hash: number, text: string, entry: Entry): void {
    let block = this.find(key, hash, text, text.length) || this.#open(key, hash, text)
    const count = this.count(block)
    if (count === this.blocks[block + at.room]) block = this.#move(block, key, hash, text)
    const from = this.first(block) + count * wide
    for (let number = 0; number < wide; number++) this.blocks[from + number] = entry[number]!
    this.blocks[block + at.count] = count + 1
  }

  /** The entry with this second number is gone, and the last one has its place. O(entries of the list). */
  remove(key: number, hash: number, text: string, second: number): void {
    const block = this.find(key, hash, text, text.length)
    if (block === 0) return
    const { blocks } = this
    const first = this.first(block)
    const last = first + (this.count(block) - 1) * wide
    let entry = first
    while (entry < last && blocks[entry + 1] !== second) entry += wide
    blocks.copyWithin(entry, last, last + wide)
    blocks[block + at.count]!--
  }

  #isFor(block: number, key: number, text: string, units: number): boolean {
    const { blocks } = this
    if (blocks[block + at.key] !== key || blocks[block + at.units] !== units) return false
    let from = block + at.text
    let unit = 0
    for (; unit + 1 < units; unit += 2) {
      if (blocks[from++] !== (text.charCodeAt(unit) | (text.charCodeAt(unit + 1) << 16)) >>> 0) return false
    }
    return unit === units || blocks[from] === text.charCodeAt(unit)
  }

  #open(key: number, hash: number, text: string): number {
    if (this.#lists * 2 > this.#mask) this.#grow()
    const block = this.#newBlock(key, text, roomAtFirst)
    this.#lists++
    this.#place(mix(key, hash), block)
    return block
  }

  /** The block again with twice the room; where it was is not used again. */
  #move(block: number, key: number, hash: number, text: string): number {
    const moved = this.#newBlock(key, text, this.blocks[block + at.room]! * 2)
    const { blocks } = this
    const first = this.first(block)
    blocks.copyWithin(this.first(moved), first, first + this.count(block) * wide)
    blocks[moved + at.count] = this.count(block)
    const places = this.#places
    let place = mix(key, hash) & this.#mask
    while (places[place * 2 + 1] !== block) place = (place + 1) & this.#mask
    places[place * 2 + 1] = moved
    return moved
  }

  #newBlock(key: number, text: string, room: number): number {
    const block = this.#used
    this.#used += at.text + ((text.length + 1) >>> 1) + room * wide
    while (this.#used > this.blocks.length) this.blocks = longer(this.blocks)
    const { blocks } = this
    blocks[block + at.key] = key
    blocks[block + at.room] = room
    blocks[block + at.units] = text.length
    for (let unit = 0; unit < text.length; unit++) {
      blocks[block + at.text + (unit >>> 1)]! |= text.charCodeAt(unit) << ((unit & 1) * 16)
    }
    return block
  }

  #place(print: number, block: number): void {
    let place = print & this.#mask
    while (this.#places[place * 2 + 1] !== 0) place = (place + 1) & this.#mask
    this.#places[place * 2] = print
    this.#places[place * 2 + 1] = block
    const bit = print >>> this.#shift
    this.#bits[bit >>> 5]! |= 1 << (bit & 31)
  }

  #grow(): void {
    const before = this.#places
    this.#places = new Uint32Array(before.length * 2)
    this.#mask = this.#mask * 2 + 1
    this.#bits = new Uint32Array(this.#bits.length * 2)
    this.#shift--
    for (let place = 0; place < before.length; place += 2) {
      if (before[place + 1] !== 0) this.#place(before[place]!, before[place + 1]!)
    }
  }
}

/** Twice as long, with the same beginning. */
export function longer(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(array.length * 2)
  twice.set(array)
  return twice
}

function mix(key: number, hash: number): number {
  const folded = Math.imul(hash ^ Math.imul(key, 0x9e3779b1), 0x85ebca6b)
  return (folded ^ (folded >>> 15)) >>> 0
}
