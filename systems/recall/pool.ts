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
export type PartName = (typeof partNames)[number]
const width = partNames.length
const partIndex = Object.fromEntries(partNames.map((name, index) => [name, index])) as Record<PartName, number>

/**
 * The memories that one recall looks at: candidates, and rows that only lend their words to a candidate beside them. A slot
 * a row; what each word of the query gives to it; the parts of its score.
 */
export class Pool {
  readonly #slots = new Map<number, number>()
  readonly #terms: number
  readonly rows: number[] = []
  /** Slots of candidates, in the order in which they came. */
  readonly candidates: number[] = []
  readonly #candidate: boolean[] = []
  #words = new Float64Array(0)
  #parts = new Float64Array(0)
  #totals = new Float64Array(0)
  #scored = 0

  constructor(terms: number) {
    this.#terms = terms
  }

  get count(): number {
    return this.rows.length
  }

  /** The slot of a row, or -1. */
  slotOf(row: number): number {
    return this.#slots.get(row) ?? -1
  }

  /** The slot of a row that may lend its words; 0 is no row. */
  lend(row: number): void {
    if (row === 0 || this.#slots.has(row)) return
    this.#slots.set(row, this.rows.length)
    this.rows.push(row)
    this.#candidate.push(false)
  }

  /** The slot of a row that may become a hit. */
  admit(row: number): number {
    this.lend(row)
    const slot = this.slotOf(row)
    if (!this.#candidate[slot]) {
      this.#candidate[slot] = true
      this.candidates.push(slot)
    }
    return slot
  }

  /** Asks the index what the query's words give to the rows that came since the last time. */
  score(index: TextIndex, query: readonly QueryTerm[]): void {
    const fresh = this.rows.length - this.#scored
    if (fresh === 0) return
    this.#words = grown(this.#words, this.rows.length * this.#terms)
    this.#parts = grown(this.#parts, this.rows.length * width)
    this.#totals = grown(this.#totals, this.rows.length)
    const slots = new Uint32Array(fresh)
    for (let at = 0; at < fresh; at++) slots[at] = this.#scored + at
    slots.sort((a, b) => this.rows[a]! - this.rows[b]!)
    const rows = Uint32Array.from(slots, (slot) => this.rows[slot]!)
    const given = new Float64Array(fresh * this.#terms)
    index.score(query, rows, fresh, given)
    for (let at = 0; at < fresh; at++) {
      this.#words.set(given.subarray(at * this.#terms, (at + 1) * this.#terms), slots[at]! * this.#terms)
    }
    this.#scored = this.rows.length
  }

  /** What a word of the query gives to a slot, by BM25; 0 for no slot. */
  word(slot: number, term: number): number {
    return slot < 0 ? 0 : this.#words[slot * this.#terms + term]!
  }

  part(slot: number, name: PartName): number {
    return this.#parts[slot * width + partIndex[name]]!
  }

  setPart(slot: number, name: PartName, value: number): void {
    const at = slot * width + partIndex[name]
    this.#totals[slot]! += value - this.#parts[at]!
    this.#parts[at] = value
  }

  /** The sum of a slot's parts. */
  total(slot: number): number {
    return this.#totals[slot]!
  }

  /** The best of some slots, best first; ties by row. */
  best(slots: readonly number[], most: number): number[] {
    const totals = this.#totals
    const sorted = slots.slice().sort((a, b) => totals[b]! - totals[a]! || this.rows[a]! - this.rows[b]!)
    return sorted.slice(0, most)
  }
}

function grown(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (length <= array.length) return array
  const larger = new Float64Array(Math.max(length, array.length * 2))
  larger.set(array)
  return larger
}
