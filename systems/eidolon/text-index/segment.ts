/**
 * A sealed part of the index: plain arrays, never changed again. Documents are ordinals 0, 1, … in ascending order of rows.
 * A term's postings take one of three forms, told by how many documents hold it:
 * - *short*: a run of bytes, read whole when a search begins;
 * - *blocks*: up to 128 postings each, as 16-bit distances from the block's first document, with counts beside them;
 * - *dense*: one count byte for every document, zero where the term is absent.
 */
export type Segment = {
  /** It covers every row from `first` to `last`, whether or not each has a document. */
  readonly first: number
  readonly last: number
  readonly documents: number
  /** Words of all documents. */
  readonly words: number
  readonly rows: Uint32Array
  readonly lengths: Uint8Array
  /** Distinct mixed terms, ascending, and beside each how many documents hold it and where its postings begin. */
  readonly terms: Uint32Array
  readonly frequencies: Uint32Array
  /** An offset into `short`, the number of a first block, or the number of a dense term. */
  readonly places: Uint32Array
  readonly short: Uint8Array
  readonly blockFirst: Uint32Array
  /** Where each block's postings begin in `offsets` and `counts`; one more at the end. */
  readonly blockStart: Uint32Array
  readonly blockImpact: Uint32Array
  readonly offsets: Uint16Array
  readonly counts: Uint8Array
  readonly dense: Uint8Array
  /** For each dense term, the impact of every window of documents. */
  readonly denseImpact: Uint32Array
}

/** Documents of one window: search goes through a segment window by window. */
export const windowDocuments = 2048
/** Postings of a block at most. */
export const blockPostings = 128
/** Documents that a block spans at most. */
export const blockSpan = 65536
const shortMax = 512
const denseShare = 8

/** The form of a term's postings. */
export const Form = { short: 0, blocks: 1, dense: 2 } as const

/** The form that a term has in a segment of so many documents. */
export function formOf(frequency: number, documents: number): number {
  if (frequency <= shortMax) return Form.short
  return frequency * denseShare >= documents ? Form.dense : Form.blocks
}

/** Postings of a short list at most. */
export const shortPostings = shortMax

/** Windows of a segment. */
export function windowsOf(documents: number): number {
  return Math.ceil(documents / windowDocuments)
}

/** Where a mixed term stands in the segment's list, or -1. Mixed terms are spread evenly, so a guess comes close. */
export function findTerm(segment: Segment, term: number): number {
  const { terms } = segment
  const guess = Math.floor((term / 4294967296) * terms.length)
  let low = guess
  let high = guess
  for (let stride = 16; low > 0 && terms[low - 1]! >= term; stride *= 2) low = Math.max(0, low - stride)
  for (let stride = 16; high < terms.length && terms[high]! < term; stride *= 2)
    high = Math.min(terms.length, high + stride)
  const at = lowerBound(terms, term, low, high)
  return at < terms.length && terms[at] === term ? at : -1
}

/** The ordinal of a row in a part of the index, or -1. */
export function findRow(part: { rows: Uint32Array; documents: number }, row: number): number {
  const { rows, documents } = part
  if (documents === 0 || row < rows[0]!) return -1
  // Where no row was left out, its place follows from its number.
  const guess = row - rows[0]!
  if (guess < documents && rows[guess] === row) return guess
  const at = lowerBound(rows, row, 0, Math.min(guess, documents))
  return at < documents && rows[at] === row ? at : -1
}

/** The first place in `low..high` whose number is not below the given one, or `high`. */
export function lowerBound(numbers: Uint32Array | Uint16Array, number: number, low: number, high: number): number {
  let from = low
  let to = high
  while (from < to) {
    const middle = (from + to) >>> 1
    if (numbers[middle]! < number) from = middle + 1
    else to = middle
  }
  return from
}

/** Bytes of a segment's arrays. */
export function bytesOf(segment: Segment): number {
  return arraysOf(segment).reduce((sum, array) => sum + array.byteLength, 0)
}

/** The arrays of a segment, in the order of its file. */
export function arraysOf(segment: Segment): readonly (Uint8Array | Uint16Array | Uint32Array)[] {
  const { rows, terms, frequencies, places, blockFirst, blockStart, blockImpact, denseImpact } = segment
  const words = [rows, terms, frequencies, places, blockFirst, blockStart, blockImpact, denseImpact]
  return [...words, segment.offsets, segment.counts, segment.lengths, segment.dense, segment.short]
}

/** A segment without anything, for those who wait for one. */
export const emptySegment: Segment = {
  ...{ first: 1, last: 0, documents: 0, words: 0, rows: new Uint32Array(0), lengths: new Uint8Array(0) },
  ...{ terms: new Uint32Array(0), frequencies: new Uint32Array(0), places: new Uint32Array(0) },
  ...{ blockFirst: new Uint32Array(0), blockStart: new Uint32Array(1), blockImpact: new Uint32Array(0) },
  ...{ short: new Uint8Array(0), offsets: new Uint16Array(0), counts: new Uint8Array(0) },
  ...{ dense: new Uint8Array(0), denseImpact: new Uint32Array(0) },
}
