import { countOf } from './quantise.ts'
import { contribution, grid, impactBound } from './scoring.ts'
import {
  emptySegment,
  Form,
  formOf,
  lowerBound,
  type Segment,
  shortPostings,
  windowDocuments,
  windowsOf,
} from './segment.ts'
import { readShort } from './short.ts'

/** Where the scores of one window are gathered: by document of the window, with a bit for each that may have one. */
export type Gathered = { readonly scores: Float64Array; readonly bits: Int32Array }

/** One query term in one segment: knows what the term can add in a window, adds it there, or tells it for one document. */
export class Cursor {
  /** The most that the term can add to a document of the present window; 0 when it has none there. */
  bound = 0
  #segment: Segment = emptySegment
  readonly #penalties: Float64Array
  #scale = 0
  #form = 0
  /** Short: how many postings; blocks: the block after the last; dense: where its bytes begin. */
  #end = 0
  /** Short: the first posting not before the window; blocks: the block that holds or precedes the window's start; dense: where its impacts begin. */
  #at = 0
  #listBound = 0
  #boundBlock = -1
  #boundOfBlock = 0
  readonly #short = { ordinals: new Uint32Array(shortPostings), counts: new Uint8Array(shortPostings) }

  constructor(penalties: Float64Array) {
    this.#penalties = penalties
  }

  /** Points the cursor at the term in place `at` of a segment's list. */
  open(segment: Segment, at: number, scale: number): void {
    const frequency = segment.frequencies[at]!
    const place = segment.places[at]!
    this.#segment = segment
    this.#scale = scale
    this.#form = formOf(frequency, segment.documents)
    this.#at = 0
    if (this.#form === Form.short) {
      readShort(segment, place, frequency, this.#short)
      this.#end = frequency
      this.#listBound = this.#shortBound()
    } else if (this.#form === Form.blocks) {
      const { blockStart } = segment
      this.#at = place
      this.#end = lowerBound(blockStart, blockStart[place]! + frequency, place, blockStart.length)
      this.#boundBlock = -1
    } else {
      this.#end = place * segment.documents
      this.#at = place * windowsOf(segment.documents)
    }
  }

  /** Moves to a window further on and sets `bound`. */
  moveTo(window: number): void {
    const from = window * windowDocuments
    if (this.#form === Form.dense) {
      this.bound = impactBound(this.#segment.denseImpact[this.#at + window]!, this.#scale, this.#penalties)
    } else if (this.#form === Form.short) {
      const { ordinals } = this.#short
      while (this.#at < this.#end && ordinals[this.#at]! < from) this.#at++
      this.bound = this.#at < this.#end && ordinals[this.#at]! < from + windowDocuments ? this.#listBound : 0
    } else {
      this.#moveBlocks(from)
    }
  }

  /** Adds what the term gives to every document of the window. */
  gather(window: number, into: Gathered): void {
    if (this.#form === Form.dense) this.#gatherDense(window, into)
    else if (this.#form === Form.short) this.#gatherShort(window * windowDocuments, into)
    else this.#gatherBlocks(window * windowDocuments, into)
  }

  /** Adds what the term gives to some documents of the window, ascending, the first `count` of `chosen`. */
  refine(window: number, chosen: Uint16Array, count: number, scores: Float64Array): void {
    const from = window * windowDocuments
    if (this.#form === Form.dense) this.#refineDense(from, chosen, count, scores)
    else if (this.#form === Form.short) this.#refineShort(from, chosen, count, scores)
    else this.#refineBlocks(from, chosen, count, scores)
  }

  /** What the term gives to one document; slower than the others, but at home in any window. */
  tell(ordinal: number): number {
    const tfCode = this.#countIn(ordinal)
    if (tfCode === 0) return 0
    return contribution(this.#scale, countOf[tfCode]!, this.#penalties[this.#segment.lengths[ordinal]!]!)
  }

  #countIn(ordinal: number): number {
    if (this.#form === Form.dense) return this.#segment.dense[this.#end + ordinal]!
    if (this.#form === Form.short) {
      const { ordinals, counts } = this.#short
      const at = lowerBound(ordinals, ordinal, this.#at, this.#end)
      return at < this.#end && ordinals[at] === ordinal ? counts[at]! : 0
    }
    const { blockFirst, blockStart, offsets, counts } = this.#segment
    let low = this.#at
    let high = low + 1
    for (let stride = 2; high < this.#end && blockFirst[high]! <= ordinal; stride *= 2) {
      low = high
      high = low + stride
    }
    const block = lowerBound(blockFirst, ordinal + 1, low + 1, Math.min(high, this.#end)) - 1
    const offset = ordinal - blockFirst[block]!
    const stop = blockStart[block + 1]!
    const at = lowerBound(offsets, offset, blockStart[block]!, stop)
    return at < stop && offsets[at] === offset ? counts[at]! : 0
  }

  #shortBound(): number {
    const { lengths } = this.#segment
    const { ordinals, counts } = this.#short
    let most = 0
    for (let at = 0; at < this.#end; at++) {
      const penalty = this.#penalties[lengths[ordinals[at]!]!]!
      const gives = contribution(this.#scale, countOf[counts[at]!]!, penalty)
      if (gives > most) most = gives
    }
    return most
  }

  #moveBlocks(from: number): void {
    const { blockFirst } = this.#segment
    while (this.#at + 1 < this.#end && blockFirst[this.#at + 1]! <= from) this.#at++
    let most = 0
    for (let block = this.#at; block < this.#end && blockFirst[block]! < from + windowDocuments; block++) {
      const gives = this.#blockBound(block)
      if (gives > most) most = gives
    }
    this.bound = most
  }

  #blockBound(block: number): number {
    if (block !== this.#boundBlock) {
      this.#boundBlock = block
      this.#boundOfBlock = impactBound(this.#segment.blockImpact[block]!, this.#scale, this.#penalties)
    }
    return this.#boundOfBlock
  }

  #gatherShort(from: number, { scores, bits }: Gathered): void {
    const { ordinals, counts } = this.#short
    const { lengths } = this.#segment
    for (let at = this.#at; at < this.#end; at++) {
      const ordinal = ordinals[at]!
      const local = ordinal - from
      if (local >= windowDocuments) break
      scores[local]! += contribution(this.#scale, countOf[counts[at]!]!, this.#penalties[lengths[ordinal]!]!)
      bits[local >>> 5]! |= 1 << local
    }
  }

  #gatherBlocks(from: number, into: Gathered): void {
    const { blockFirst, blockStart, offsets } = this.#segment
    for (let block = this.#at; block < this.#end; block++) {
      const shift = blockFirst[block]! - from
      if (shift >= windowDocuments) break
      const stop = blockStart[block + 1]!
      const start = shift >= 0 ? blockStart[block]! : lowerBound(offsets, -shift, blockStart[block]!, stop)
      gatherBlock(this.#segment, start, stop, from, shift, this.#scale, this.#penalties, into)
    }
  }

  #gatherDense(window: number, into: Gathered): void {
    const { lengths, dense, documents } = this.#segment
    const from = window * windowDocuments
    const many = Math.min(windowDocuments, documents - from)
    gatherDense(dense, this.#end + from, lengths, from, many, this.#scale, this.#penalties, into.scores)
    into.bits.fill(-1)
  }

  #refineShort(from: number, chosen: Uint16Array, count: number, scores: Float64Array): void {
    const { ordinals, counts } = this.#short
    const { lengths } = this.#segment
    let at = this.#at
    for (let index = 0; index < count && at < this.#end; index++) {
      const ordinal = from + chosen[index]!
      while (at < this.#end && ordinals[at]! < ordinal) at++
      if (at === this.#end || ordinals[at] !== ordinal) continue
      const gives = contribution(this.#scale, countOf[counts[at]!]!, this.#penalties[lengths[ordinal]!]!)
      scores[chosen[index]!]! += gives
    }
  }

  #refineBlocks(from: number, chosen: Uint16Array, count: number, scores: Float64Array): void {
    const { blockFirst, blockStart } = this.#segment
    let index = 0
    for (let block = this.#at; block < this.#end && index < count; block++) {
      const shift = blockFirst[block]! - from
      if (shift >= windowDocuments) break
      const next = block + 1 < this.#end ? blockFirst[block + 1]! - from : windowDocuments
      while (index < count && chosen[index]! < shift) index++
      let end = index
      while (end < count && chosen[end]! < next) end++
      if (end > index) {
        const [start, stop] = [blockStart[block]!, blockStart[block + 1]!]
        refineBlock(this.#segment, start, stop, from, shift, this.#scale, this.#penalties, chosen, index, end, scores)
      }
      index = end
    }
  }

  #refineDense(from: number, chosen: Uint16Array, count: number, scores: Float64Array): void {
    const { lengths, dense } = this.#segment
    const place = this.#end + from
    const penalties = this.#penalties
    const scale = this.#scale
    for (let index = 0; index < count; index++) {
      const local = chosen[index]!
      const tf = countOf[dense[place + local]!]!
      scores[local]! += scale * (tf / (tf + penalties[lengths[from + local]!]!)) + grid - grid
    }
  }
}

function gatherBlock(
  segment: Segment,
  start: number,
  stop: number,
  from: number,
  shift: number,
  scale: number,
  penalties: Float64Array,
  into: Gathered,
): void {
  const { offsets, counts, lengths } = segment
  const { scores, bits } = into
  const limit = windowDocuments - shift
  for (let at = start; at < stop; at++) {
    const offset = offsets[at]!
    if (offset >= limit) break
    const local = offset + shift
    const tf = countOf[counts[at]!]!
    scores[local]! += scale * (tf / (tf + penalties[lengths[from + local]!]!)) + grid - grid
    bits[local >>> 5]! |= 1 << local
  }
}

/** A document without the term has count 0 and gets 0; asking first would cost more than the arithmetic. */
function gatherDense(
  dense: Uint8Array,
  place: number,
  lengths: Uint8Array,
  from: number,
  many: number,
  scale: number,
  penalties: Float64Array,
  scores: Float64Array,
): void {
  for (let local = 0; local < many; local++) {
    const tf = countOf[dense[place + local]!]!
    scores[local]! += scale * (tf / (tf + penalties[lengths[from + local]!]!)) + grid - grid
  }
}

/** Both the block's postings and the chosen documents ascend, so they are walked together. */
function refineBlock(
  segment: Segment,
  start: number,
  stop: number,
  from: number,
  shift: number,
  scale: number,
  penalties: Float64Array,
  chosen: Uint16Array,
  first: number,
  end: number,
  scores: Float64Array,
): void {
  const { offsets, counts, lengths } = segment
  let at = end - first > 4 ? start : lowerBound(offsets, chosen[first]! - shift, start, stop)
  for (let index = first; index < end; index++) {
    const local = chosen[index]!
    const offset = local - shift
    while (at < stop && offsets[at]! < offset) at++
    if (at === stop) return
    if (offsets[at] !== offset) continue
    const tf = countOf[counts[at]!]!
    scores[local]! += scale * (tf / (tf + penalties[lengths[from + local]!]!)) + grid - grid
  }
}
