import { type Postings, Room, SegmentBuilder } from './builder.ts'
import { Form, formOf, type Segment } from './segment.ts'
import { readShort } from './short.ts'

const width = 4
const smallest = 2048
const segmentsMax = 12

/**
 * Which of the newest segments to merge next. Tiers are powers of four in documents; when four segments of a tier have come together,
 * they become one of the next, with the smaller ones behind them. Past twelve segments the smallest two will do.
 * @returns how many of the newest segments to merge; 0 when there is nothing to do
 */
export function mergeDue(segments: readonly Segment[]): number {
  const tiers = segments.map(tierOf).reverse()
  for (let tier = 0; tier <= 16; tier++) {
    const larger = tiers.findIndex((other) => other > tier)
    const suffix = larger < 0 ? tiers : tiers.slice(0, larger)
    if (suffix.filter((other) => other === tier).length >= width) return suffix.length
    if (segments.length > segmentsMax && suffix.length >= 2) return suffix.length
  }
  return 0
}

function tierOf({ documents }: Segment): number {
  let tier = 0
  for (let most = smallest; documents >= most; most *= width) tier++
  return tier
}

/** The merge of neighbouring segments, done in steps. Its inputs stay in use until it is finished. */
export class Merge {
  readonly inputs: readonly Segment[]
  readonly #documents: number
  readonly #room: Room
  readonly #next: Uint32Array
  readonly #postings: Postings
  #builder: SegmentBuilder | undefined

  /** @param inputs two or more, in ascending order of rows */
  constructor(inputs: readonly Segment[]) {
    this.inputs = inputs
    this.#documents = inputs.reduce((sum, segment) => sum + segment.documents, 0)
    this.#room = new Room(this.#documents)
    this.#next = new Uint32Array(inputs.length)
    this.#postings = { ordinals: new Uint32Array(this.#documents), counts: new Uint8Array(this.#documents) }
  }

  /**
   * Works through terms until about so many postings have been copied.
   * @returns the merged segment when it is finished, else undefined
   */
  step(budget: number): Segment | undefined {
    let left = budget
    if (this.#builder === undefined) {
      // The first round only counts terms, which is cheap: a tenth of the work of copying a posting or so.
      left = this.#countTerms(left)
      if (left <= 0) return undefined
      this.#next.fill(0)
      this.#builder = new SegmentBuilder(this.#room, joined(this.inputs, this.#documents))
    }
    while (left > 0) {
      const term = this.#smallestTerm()
      if (term === 0) return this.#finish(this.#builder)
      left -= this.#copyTerm(term, this.#builder) + 8
    }
    return undefined
  }

  #countTerms(budget: number): number {
    let left = budget
    while (left > 0) {
      const term = this.#smallestTerm()
      if (term === 0) return left
      let frequency = 0
      this.inputs.forEach((input, index) => {
        if (input.terms[this.#next[index]!] === term) frequency += input.frequencies[this.#next[index]!++]!
      })
      this.#room.count(frequency)
      left -= 8
    }
    return left
  }

  /** The smallest term not yet done, or 0. */
  #smallestTerm(): number {
    let smallest = 0
    for (let index = 0; index < this.inputs.length; index++) {
      const term = this.inputs[index]!.terms[this.#next[index]!]
      if (term !== undefined && (smallest === 0 || term < smallest)) smallest = term
    }
    return smallest
  }

  #copyTerm(term: number, builder: SegmentBuilder): number {
    let frequency = 0
    let shift = 0
    for (let index = 0; index < this.inputs.length; index++) {
      const input = this.inputs[index]!
      const at = this.#next[index]!
      if (input.terms[at] === term) {
        readPostings(input, at, this.#postings, frequency, shift)
        frequency += input.frequencies[at]!
        this.#next[index] = at + 1
      }
      shift += input.documents
    }
    builder.add(term, this.#postings, frequency)
    return frequency
  }

  #finish(builder: SegmentBuilder): Segment {
    const rows = new Uint32Array(this.#documents)
    let at = 0
    for (const input of this.inputs) {
      rows.set(input.rows, at)
      at += input.documents
    }
    const words = this.inputs.reduce((sum, segment) => sum + segment.words, 0)
    const last = this.inputs[this.inputs.length - 1]!.last
    return builder.finish({ first: this.inputs[0]!.first, last, words, rows })
  }
}

function joined(inputs: readonly Segment[], documents: number): Uint8Array {
  const lengths = new Uint8Array(documents)
  let at = 0
  for (const input of inputs) {
    lengths.set(input.lengths, at)
    at += input.documents
  }
  return lengths
}

/** Appends the postings of the term at `at` to what is there already, each ordinal moved by `shift`. */
function readPostings(segment: Segment, at: number, into: Postings, filled: number, shift: number): void {
  const frequency = segment.frequencies[at]!
  const place = segment.places[at]!
  const form = formOf(frequency, segment.documents)
  if (form === Form.short) readShort(segment, place, frequency, into, filled, shift)
  else if (form === Form.blocks) readBlocks(segment, place, frequency, into, filled, shift)
  else readDense(segment, place, into, filled, shift)
}

function readBlocks(segment: Segment, place: number, frequency: number, into: Postings, filled: number, shift: number) {
  const { blockFirst, blockStart, offsets, counts } = segment
  const from = blockStart[place]!
  const end = from + frequency
  const { ordinals } = into
  let at = filled
  for (let block = place; blockStart[block]! < end; block++) {
    const first = blockFirst[block]! + shift
    const stop = blockStart[block + 1]!
    for (let index = blockStart[block]!; index < stop; index++) ordinals[at++] = first + offsets[index]!
  }
  into.counts.set(counts.subarray(from, end), filled)
}

function readDense(segment: Segment, place: number, into: Postings, filled: number, shift: number): void {
  const { dense, documents } = segment
  const from = place * documents
  const { ordinals, counts } = into
  let at = filled
  for (let ordinal = 0; ordinal < documents; ordinal++) {
    const tfCode = dense[from + ordinal]!
    if (tfCode === 0) continue
    ordinals[at] = ordinal + shift
    counts[at++] = tfCode
  }
}
