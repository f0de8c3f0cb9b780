import { noImpact, withOccurrence } from './scoring.ts'
import { blockPostings, blockSpan, Form, formOf, type Segment, windowDocuments, windowsOf } from './segment.ts'
import { shortPostingBytes, writeShort } from './short.ts'

/** How much room a segment needs, found out by telling the room of every term first. */
export class Room {
  readonly documents: number
  terms = 0
  shortPostings = 0
  blocks = 0
  postings = 0
  dense = 0

  constructor(documents: number) {
    this.documents = documents
  }

  /** Makes room for a term. */
  count(frequency: number): void {
    this.terms++
    const form = formOf(frequency, this.documents)
    if (form === Form.short) this.shortPostings += frequency
    else if (form === Form.dense) this.dense++
    else {
      this.postings += frequency
      this.blocks += Math.ceil(frequency / blockPostings) + Math.ceil(this.documents / blockSpan)
    }
  }
}

/** Postings of one term: ordinals ascending, and the code of the count in each. */
export type Postings = { ordinals: Uint32Array; counts: Uint8Array }

/** Writes a segment, term by term in ascending order. The same content gives the same bytes, however it came about. */
export class SegmentBuilder {
  readonly #documents: number
  readonly #lengths: Uint8Array
  readonly #terms: Uint32Array
  readonly #frequencies: Uint32Array
  readonly #places: Uint32Array
  readonly #short: Uint8Array
  readonly #blockFirst: Uint32Array
  readonly #blockStart: Uint32Array
  readonly #blockImpact: Uint32Array
  readonly #offsets: Uint16Array
  readonly #counts: Uint8Array
  readonly #dense: Uint8Array
  readonly #denseImpact: Uint32Array
  #termCount = 0
  #shortUsed = 0
  #blockCount = 0
  #postingCount = 0
  #denseCount = 0

  /** @param lengths the length code of every document */
  constructor(room: Room, lengths: Uint8Array) {
    this.#documents = room.documents
    this.#lengths = lengths
    this.#terms = new Uint32Array(room.terms)
    this.#frequencies = new Uint32Array(room.terms)
    this.#places = new Uint32Array(room.terms)
    this.#short = new Uint8Array(room.shortPostings * shortPostingBytes)
    this.#blockFirst = new Uint32Array(room.blocks)
    this.#blockStart = new Uint32Array(room.blocks + 1)
    this.#blockImpact = new Uint32Array(room.blocks)
    this.#offsets = new Uint16Array(room.postings)
    this.#counts = new Uint8Array(room.postings)
    this.#dense = new Uint8Array(room.dense * room.documents)
    this.#denseImpact = new Uint32Array(room.dense * windowsOf(room.documents)).fill(noImpact)
  }

  /** Writes the next term; its first `frequency` postings are used. */
  add(term: number, postings: Postings, frequency: number): void {
    this.#terms[this.#termCount] = term
    this.#frequencies[this.#termCount] = frequency
    const form = formOf(frequency, this.#documents)
    if (form === Form.short) this.#places[this.#termCount] = this.#addShort(postings, frequency)
    else if (form === Form.blocks) this.#places[this.#termCount] = this.#addBlocks(postings, frequency)
    else this.#places[this.#termCount] = this.#addDense(postings, frequency)
    this.#termCount++
  }

  /** The finished segment; its large arrays are not copied. */
  finish(about: { first: number; last: number; words: number; rows: Uint32Array }): Segment {
    this.#blockStart[this.#blockCount] = this.#postingCount
    return {
      ...about,
      documents: this.#documents,
      lengths: this.#lengths,
      terms: this.#terms,
      frequencies: this.#frequencies,
      places: this.#places,
      short: this.#short.slice(0, this.#shortUsed),
      blockFirst: this.#blockFirst.slice(0, this.#blockCount),
      blockStart: this.#blockStart.slice(0, this.#blockCount + 1),
      blockImpact: this.#blockImpact.slice(0, this.#blockCount),
      offsets: this.#offsets,
      counts: this.#counts,
      dense: this.#dense,
      denseImpact: this.#denseImpact,
    }
  }

  #addShort({ ordinals, counts }: Postings, frequency: number): number {
    const place = this.#shortUsed
    let before = 0
    for (let index = 0; index < frequency; index++) {
      const ordinal = ordinals[index]!
      this.#shortUsed = writeShort(this.#short, this.#shortUsed, ordinal - before, counts[index]!)
      before = ordinal
    }
    return place
  }

  #addBlocks({ ordinals, counts }: Postings, frequency: number): number {
    const place = this.#blockCount
    const lengths = this.#lengths
    let index = 0
    while (index < frequency) {
      const first = ordinals[index]!
      const end = Math.min(frequency, index + blockPostings)
      const block = this.#blockCount++
      this.#blockFirst[block] = first
      this.#blockStart[block] = this.#postingCount
      let impact = noImpact
      for (; index < end; index++) {
        const offset = ordinals[index]! - first
        if (offset >= blockSpan) break
        const tfCode = counts[index]!
        this.#offsets[this.#postingCount] = offset
        this.#counts[this.#postingCount++] = tfCode
        impact = withOccurrence(impact, tfCode, lengths[first + offset]!)
      }
      this.#blockImpact[block] = impact
    }
    return place
  }

  #addDense({ ordinals, counts }: Postings, frequency: number): number {
    const place = this.#denseCount++
    const from = place * this.#documents
    const impactFrom = place * windowsOf(this.#documents)
    for (let index = 0; index < frequency; index++) {
      const ordinal = ordinals[index]!
      const tfCode = counts[index]!
      const at = impactFrom + Math.floor(ordinal / windowDocuments)
      this.#dense[from + ordinal] = tfCode
      this.#denseImpact[at] = withOccurrence(this.#denseImpact[at]!, tfCode, this.#lengths[ordinal]!)
    }
    return place
  }
}
