import { type Postings, Room, SegmentBuilder } from './builder.ts'
import { countOf } from './quantise.ts'
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

/**
 * The merge of neighbouring segments, done in steps. Its inputs stay in use until it is finished. Of documents that are forgotten nothing but their
 * rows is taken over: they have no words any more.
 */
export class Merge {
  readonly inputs: readonly Segment[]
  readonly #documents: number
  readonly #room: Room
  readonly #next: Uint32Array
  readonly #postings: Postings
  #builder: SegmentBuilder | undefined
  /** By ordinal: 1 where a document is forgotten; undefined where none is. */
  readonly #forgotten: Uint8Array | undefined
  #forgottenWords = 0

  /**
   * @param inputs in ascending order of rows
   * @param forgotten rows whose words are left out
   */
  constructor(inputs: readonly Segment[], forgotten: ReadonlySet<number>) {
    this.inputs = inputs
    this.#documents = inputs.reduce((sum, segment) => sum + segment.documents, 0)
    this.#room = new Room(this.#documents)
    this.#next = new Uint32Array(inputs.length)
    this.#postings = { ordinals: new Uint32Array(this.#documents), counts: new Uint8Array(this.#documents) }
    this.#forgotten = marked(inputs, this.#documents, forgotten)
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
      this.#builder = new SegmentBuilder(this.#room, joined(this.inputs, this.#documents, this.#forgotten))
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
      const frequency = this.#forgotten === undefined ? this.#frequency(term) : this.#kept(this.#read(term))
      if (frequency > 0) this.#room.count(frequency)
      left -= 8 + (this.#forgotten === undefined ? 0 : frequency)
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

  /** In how many documents a term stands; goes on to the next. */
  #frequency(term: number): number {
    let frequency = 0
    this.inputs.forEach((input, index) => {
      if (input.terms[this.#next[index]!] === term) frequency += input.frequencies[this.#next[index]!++]!
    })
    return frequency
  }

  #copyTerm(term: number, builder: SegmentBuilder): number {
    const read = this.#read(term)
    const frequency = this.#forgotten === undefined ? read : this.#kept(read)
    if (frequency > 0) builder.add(term, this.#postings, frequency)
    return read
  }

  /** Reads all postings of a term; goes on to the next. @returns how many */
  #read(term: number): number {
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
    return frequency
  }

  /**
   * Leaves out the postings of what is forgotten; the mean length forgets a word said more than 63 times in one memory as its code says, which may
   * be a few words off. @returns how many are left of the first `read`
   */
  #kept(read: number): number {
    const { ordinals, counts } = this.#postings
    let kept = 0
    for (let at = 0; at < read; at++) {
      if (this.#forgotten?.[ordinals[at]!] === 1) {
        if (this.#builder !== undefined) this.#forgottenWords += Math.floor(countOf[counts[at]!]!)
        continue
      }
      ordinals[kept] = ordinals[at]!
      counts[kept++] = counts[at]!
    }
    return kept
  }

  #finish(builder: SegmentBuilder): Segment {
    const rows = new Uint32Array(this.#documents)
    let at = 0
    for (const input of this.inputs) {
      rows.set(input.rows, at)
      at += input.documents
    }
    const words = this.inputs.reduce((sum, segment) => sum + segment.words, 0) - this.#forgottenWords
    const last = this.inputs[this.inputs.length - 1]!.last
    return builder.finish({ first: this.inputs[0]!.first, last, words, rows })
  }
}

function marked(inputs: readonly Segment[], documents: number, forgotten: ReadonlySet<number>): Uint8Array | undefined {
  if (forgotten.size === 0) return undefined
  const marks = new Uint8Array(documents)
  let any = false
  let at = 0
  for (const { rows } of inputs) {
    for (const row of rows) {
      if (forgotten.has(row)) {
        marks[at] = 1
        any = true
      }
      at++
    }
  }
  return any ? marks : undefined
}

function joined(inputs: readonly Segment[], documents: number, forgotten: Uint8Array | undefined): Uint8Array {
  const lengths = new Uint8Array(documents)
  let at = 0
  for (const input of inputs) {
    lengths.set(input.lengths, at)
    at += input.documents
  }
  if (forgotten !== undefined) for (let of = 0; of < documents; of++) if (forgotten[of] === 1) lengths[of] = 0
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
