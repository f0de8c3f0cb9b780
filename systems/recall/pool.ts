import type { QueryTerm, TextIndex } from '../eidolon/text-index.ts'

/** The summands of a score, in the order in which they are added. */
export const partNames = [
  'lexical',
  'context',
  'thread',
  'author',
  'length',
  'asking',
  'when',
  'date',
  'thing',
  'meaning',
  'walk',
  'anchor',
] as const
/** The name of a summand. */
export type PartName = (typeof partNames)[number]
const width = partNames.length

/** Where a summand lies among the parts of a slot. */
export const Part: { readonly [Name in PartName]: number } = Object.fromEntries(
  partNames.map((name, index) => [name, index]),
) as Record<PartName, number>

const startingSlots = 2048
/** So many are found by looking, more by sorting. */
const fewMax = 16

/**
 * The memories that one recall looks at: candidates, and rows that only lend their words to a candidate beside them. A slot
 * a row; what each word of the query gives to it; the parts of its score. One pool serves one recall after the other, so that
 * a recall makes no garbage of its own.
 */
export class Pool {
  /** Slots in use. */
  count = 0
  /** Row of each slot. */
  rows: Uint32Array = new Uint32Array(startingSlots)
  /** Slots of candidates, in the order in which they came. */
  candidates: Uint32Array = new Uint32Array(startingSlots)
  candidateCount = 0
  /** Slots of the turns around a candidate that lend it their words; -1 where there is none. */
  asked: Int32Array = new Int32Array(startingSlots)
  said: Int32Array = new Int32Array(startingSlots)
  #candidate = new Uint8Array(startingSlots)
  /** Words of the query. */
  terms = 0
  #words = new Float64Array(startingSlots * 8)
  #parts = new Float64Array(startingSlots * width)
  #totals = new Float64Array(startingSlots)
  #sorting = new Float64Array(startingSlots)
  #scored = 0
  /** Open addressing: a place of the table holds a slot when its stamp is that of this recall. */
  #places = new Uint32Array(startingSlots * 4)
  #stamps = new Uint32Array(startingSlots * 4)
  #stamp = 0
  #askedRows = new Uint32Array(startingSlots)
  #given = new Float64Array(startingSlots * 8)

  /** Forgets the recall before. @param terms words of the query */
  begin(terms: number): void {
    this.terms = terms
    this.count = 0
    this.candidateCount = 0
    this.#scored = 0
    this.#stamp++
    if (this.#stamp < 0xffff_ffff) return
    this.#stamps.fill(0)
    this.#stamp = 1
  }

  /** The slot of a row, or -1. */
  slotOf(row: number): number {
    const mask = this.#places.length - 1
    for (let at = Math.imul(row, 0x9e37_79b1) >>> 7; ; at++) {
      const place = at & mask
      if (this.#stamps[place] !== this.#stamp) return -1
      const slot = this.#places[place]!
      if (this.rows[slot] === row) return slot
    }
  }

  /** The slot of a row that may lend its words; -1 for 0, which is no row. */
  lend(row: number): number {
    if (row === 0) return -1
    const known = this.slotOf(row)
    if (known >= 0) return known
    if (this.count === this.rows.length) this.#grow()
    const slot = this.count++
    this.rows[slot] = row
    this.#candidate[slot] = 0
    this.asked[slot] = -1
    this.said[slot] = -1
    this.#totals[slot] = 0
    this.#parts.fill(0, slot * width, (slot + 1) * width)
    this.#put(slot)
    return slot
  }

  /** The slot of a row that may become a hit. */
  admit(row: number): number {
    const slot = this.lend(row)
    if (this.#candidate[slot] === 0) {
      this.#candidate[slot] = 1
      this.candidates[this.candidateCount++] = slot
    }
    return slot
  }

  isCandidate(slot: number): boolean {
    return slot >= 0 && this.#candidate[slot] === 1
  }

  /** Asks the index what the query's words give to the rows that came since the last time. */
  score(index: TextIndex, query: readonly QueryTerm[]): void {
    const from = this.#scored
    const fresh = this.count - from
    if (fresh === 0) return
    const needed = this.count * this.terms
    if (needed > this.#words.length) this.#words = enlarged(this.#words, needed)
    if (fresh > this.#askedRows.length) this.#askedRows = new Uint32Array(this.rows.length)
    if (fresh * this.terms > this.#given.length) this.#given = new Float64Array(this.#words.length)
    this.#askedRows.set(this.rows.subarray(from, this.count))
    index.score(query, this.#askedRows, fresh, this.#given)
    this.#words.set(this.#given.subarray(0, fresh * this.terms), from * this.terms)
    this.#scored = this.count
  }

  /** What a word of the query gives to a slot, by BM25; 0 for no slot. */
  word(slot: number, term: number): number {
    return slot < 0 ? 0 : this.#words[slot * this.terms + term]!
  }

  /** A summand of a slot's score. @param part of `Part` */
  part(slot: number, part: number): number {
    return this.#parts[slot * width + part]!
  }

  /** Sets a summand; `settle` makes the sum true again. @param part of `Part` */
  setPart(slot: number, part: number, value: number): void {
    this.#parts[slot * width + part] = value
  }

  /** Adds up a slot's parts, in their order. */
  settle(slot: number): void {
    const from = slot * width
    let total = 0
    for (let at = from; at < from + width; at++) total += this.#parts[at]!
    this.#totals[slot] = total
  }

  /** The sum of a slot's parts, in their order. */
  total(slot: number): number {
    return this.#totals[slot]!
  }

  /** The best candidates, best first; ties by row. O(candidates * most) for few, else a sort. */
  best(most: number): number[] {
    if (most > fewMax) return this.sorted(this.#atLeast(most), most)
    const best: number[] = []
    for (let at = 0; at < this.candidateCount; at++) {
      const slot = this.candidates[at]!
      if (best.length === most && !this.#isBefore(slot, best[most - 1]!)) continue
      let to = best.length === most ? most - 1 : best.length
      for (; to > 0 && this.#isBefore(slot, best[to - 1]!); to--) best[to] = best[to - 1]!
      best[to] = slot
    }
    return best
  }

  /** The best of some slots, best first; ties by row. Takes the list over. */
  sorted(slots: number[], most: number): number[] {
    slots.sort((a, b) => this.#totals[b]! - this.#totals[a]! || this.rows[a]! - this.rows[b]!)
    if (slots.length > most) slots.length = most
    return slots
  }

  /** The candidates among which the best so many are. */
  #atLeast(most: number): number[] {
    const { candidates, candidateCount } = this
    let least = Number.NEGATIVE_INFINITY
    if (most < candidateCount) {
      if (this.#sorting.length < candidateCount) this.#sorting = new Float64Array(this.rows.length)
      for (let at = 0; at < candidateCount; at++) this.#sorting[at] = this.#totals[candidates[at]!]!
      least = this.#sorting.subarray(0, candidateCount).sort()[candidateCount - most]!
    }
    const slots: number[] = []
    for (let at = 0; at < candidateCount; at++) if (this.#totals[candidates[at]!]! >= least) slots.push(candidates[at]!)
    return slots
  }

  #isBefore(slot: number, other: number): boolean {
    const difference = this.#totals[slot]! - this.#totals[other]!
    return difference > 0 || (difference === 0 && this.rows[slot]! < this.rows[other]!)
  }

  #put(slot: number): void {
    const mask = this.#places.length - 1
    let at = Math.imul(this.rows[slot]!, 0x9e37_79b1) >>> 7
    while (this.#stamps[at & mask] === this.#stamp) at++
    this.#stamps[at & mask] = this.#stamp
    this.#places[at & mask] = slot
  }

  #grow(): void {
    const slots = this.rows.length * 2
    this.rows = enlarged(this.rows, slots)
    this.candidates = enlarged(this.candidates, slots)
    this.asked = enlarged(this.asked, slots)
    this.said = enlarged(this.said, slots)
    this.#candidate = enlarged(this.#candidate, slots)
    this.#parts = enlarged(this.#parts, slots * width)
    this.#totals = enlarged(this.#totals, slots)
    this.#places = new Uint32Array(slots * 4)
    this.#stamps = new Uint32Array(slots * 4)
    this.#stamp = 1
    for (let slot = 0; slot < this.count; slot++) this.#put(slot)
  }
}

function enlarged<A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(Math.max(length, array.length * 2))
  larger.set(array as never)
  return larger
}
