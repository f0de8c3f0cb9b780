import { assert } from '../../engine/errors.ts'
import { Cursor } from './text-index/cursor.ts'
import { LivePart, mixed } from './text-index/live.ts'
import { LiveSearch } from './text-index/live-search.ts'
import { Merge, mergeDue } from './text-index/merge.ts'
import {
  checkTuning,
  inverseFrequency,
  type QueryTerm,
  scalesOf,
  setPenalties,
  type Tuning,
} from './text-index/scoring.ts'
import { sealed } from './text-index/seal.ts'
import { searchSegment, Window } from './text-index/search.ts'
import { bytesOf, findRow, findTerm, type Segment } from './text-index/segment.ts'
import { type TextHits, Top } from './text-index/top.ts'
import type { SegmentInfo, TextIndex, TextIndexOptions } from './text-index/types.ts'

export { decodeSegment, encodeSegment } from './text-index/format.ts'
export type { SegmentInfo, TextIndex, TextIndexOptions } from './text-index/types.ts'
export type { QueryTerm, Segment, TextHits, Tuning }

/** The name of a segment's file. */
export function segmentName({ first, last }: { first: number; last: number }): string {
  return `text-${first}-${last}`
}

/**
 * An inverted index in typed arrays: a live part that takes memories, and sealed segments, which are merged now and then. It is a
 * projection: what its files lack is added again from the record.
 *
 * Adding is bounded but for one pause of some 10 ms each time the live part is full. Merging happens only in `mergeStep`.
 */
export class InvertedIndex implements TextIndex {
  readonly #tuning: Tuning
  readonly #penalties = new Float64Array(256)
  readonly #window = new Window()
  readonly #cursors: Cursor[] = []
  readonly #saved = new WeakSet<Segment>()
  #segments: Segment[] = []
  readonly #live: LivePart
  readonly #liveSearch: LiveSearch
  #merge: Merge | undefined
  /** Rows whose words still stand in a segment. */
  readonly #forgotten = new Set<number>()
  /** Of these, those that the merge under way leaves out. */
  #leaving: readonly number[] = []
  #newest = 0
  #sealedDocuments = 0
  #sealedWords = 0

  /** @throws EngineError LIMIT_INVALID */
  constructor(options: TextIndexOptions = {}) {
    this.#tuning = { k1: options.k1 ?? 1.2, b: options.b ?? 0.75 }
    checkTuning(this.#tuning)
    const liveRows = options.live_rows ?? 16384
    const fits = Number.isInteger(liveRows) && liveRows >= 1 && liveRows <= 65536
    assert(fits, 'LIMIT_INVALID', 'live_rows is 1 to 65,536', options.live_rows)
    this.#live = new LivePart(liveRows)
    this.#liveSearch = new LiveSearch(this.#live, this.#penalties)
  }

  get newest(): number {
    return this.#newest
  }

  get documents(): number {
    return this.#sealedDocuments + this.#live.documents
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + bytesOf(segment), this.#live.bytes)
  }

  /** Memories that no segment holds yet. */
  get liveDocuments(): number {
    return this.#live.documents
  }

  /** Sealed segments, oldest first. Save those that are not saved, say so, then remove the files that are not listed. */
  get segments(): readonly SegmentInfo[] {
    return this.#segments.map((segment) => {
      const { first, last, documents } = segment
      const saved = this.#saved.has(segment)
      return { name: segmentName(segment), first, last, documents, bytes: bytesOf(segment), saved }
    })
  }

  /** The segment of a name, for `encodeSegment`; undefined when a merge has taken it up. */
  segment(name: string): Segment | undefined {
    return this.#segments.find((segment) => segmentName(segment) === name)
  }

  /** Notes that a segment rests in a store. */
  markSaved(segment: Segment): void {
    this.#saved.add(segment)
  }

  /**
   * Takes over decoded segments, before anything was added: the longest chain of them that begins at row 1 and leaves nothing out.
   * Rows after `newest` are then to be added again.
   * @returns the segments that are of no use; their files may go
   * @throws EngineError ENGINE_STATE when the index is not empty
   */
  restore(segments: Iterable<Segment>): Segment[] {
    assert(this.documents === 0 && this.#segments.length === 0, 'ENGINE_STATE', 'only an empty index can be restored')
    const waiting = [...segments].sort((a, b) => a.first - b.first || b.last - a.last)
    const dropped: Segment[] = []
    for (const segment of waiting) {
      if (segment.first !== this.#newest + 1) {
        dropped.push(segment)
        continue
      }
      this.#segments.push(segment)
      this.#saved.add(segment)
      this.#newest = segment.last
    }
    this.#count()
    return dropped
  }

  add(row: number, terms: Uint32Array, count: number): void {
    if (!(row > this.#newest && row <= 0xffffffff && Number.isInteger(row))) {
      assert(false, 'LIMIT_INVALID', `rows ascend: ${row} does not follow ${this.#newest}`, row)
    }
    if (this.#live.full) this.seal()
    this.#live.add(row, terms, Math.min(count, terms.length))
    this.#newest = row
  }

  /**
   * The words of a memory are to leave the index: it stays as one without any, as it would be added now. `mergeStep` does it,
   * and rows that were never added are none.
   */
  forget(row: number): void {
    if (row < 1 || row > this.#newest) return
    if (row > (this.#segments.at(-1)?.last ?? 0)) this.seal()
    this.#forgotten.add(row)
  }

  /** Whether words of what is forgotten still stand in it. */
  get forgetting(): boolean {
    return this.#forgotten.size > 0
  }

  /** Seals the live part into a segment, if it holds anything. Happens by itself when it is full. */
  seal(): void {
    if (this.#live.documents === 0) return
    const first = (this.#segments.at(-1)?.last ?? 0) + 1
    this.#segments.push(sealed(this.#live, first))
    this.#live.clear()
    this.#count()
  }

  /**
   * Goes on merging, for about so many postings (a million takes some 10 ms). Call it between other work until it returns false;
   * without it search stays right and becomes slower.
   * @returns whether there is more to do
   */
  mergeStep(postings: number): boolean {
    if (this.#merge === undefined) {
      const inputs = this.#nextInputs()
      if (inputs.length === 0) return false
      this.#merge = new Merge(inputs, this.#forgotten)
      this.#leaving = [...this.#forgotten]
    }
    const merged = this.#merge.step(postings)
    if (merged === undefined) return true
    const { inputs } = this.#merge
    this.#segments.splice(this.#segments.indexOf(inputs[0]!), inputs.length, merged)
    for (const row of this.#leaving) if (row >= merged.first && row <= merged.last) this.#forgotten.delete(row)
    this.#merge = undefined
    this.#count()
    return this.#nextInputs().length > 0
  }

  /** Segments to be merged next: one with words that must go comes before all others. */
  #nextInputs(): Segment[] {
    for (const row of this.#forgotten) {
      const holder = this.#segments.find(({ first, last }) => row >= first && row <= last)
      if (holder !== undefined) return [holder]
    }
    const due = mergeDue(this.#segments)
    return due === 0 ? [] : this.#segments.slice(-due)
  }

  frequency(term: number): number {
    let sum = this.#live.frequency(this.#live.find(mixed(term)))
    for (const segment of this.#segments) {
      const at = findTerm(segment, mixed(term))
      if (at >= 0) sum += segment.frequencies[at]!
    }
    return sum
  }

  idf(term: number): number {
    return inverseFrequency(this.documents, this.frequency(term))
  }

  search(query: readonly QueryTerm[], k: number, accept?: (row: number) => boolean): TextHits {
    assert(Number.isInteger(k) && k >= 0, 'LIMIT_INVALID', `k is a count, not ${k}`, k)
    const top = new Top(Math.min(k, this.documents))
    const asked = this.#ask(query)
    this.#segments.forEach((segment, index) => {
      const cursors = this.#open(segment, asked.places[index]!, asked.scales)
      if (cursors.length > 0) searchSegment(segment, cursors, this.#window, top, 0, accept)
    })
    this.#liveSearch.search(asked.records, asked.scales, top, accept)
    return top.drain()
  }

  score(query: readonly QueryTerm[], rows: Uint32Array, count: number, contributions: Float64Array): void {
    const width = query.length
    contributions.fill(0, 0, count * width)
    const asked = this.#ask(query)
    const cursor = this.#cursor(0)
    this.#segments.forEach((segment, index) => {
      const ordinals = ordinalsIn(segment, rows, count)
      if (ordinals === undefined) return
      asked.places[index]!.forEach((place, at) => {
        if (place < 0) return
        cursor.open(segment, place, asked.scales[at]!)
        for (let i = 0; i < count; i++) {
          if (ordinals[i]! >= 0) contributions[i * width + at] = cursor.tell(ordinals[i]!)
        }
      })
    })
    const ordinals = ordinalsIn(this.#live, rows, count)
    if (ordinals !== undefined) this.#liveSearch.score(asked.records, asked.scales, ordinals, contributions)
  }

  /** Finds every term once, and from that its rarity, over all segments and the live part. */
  #ask(query: readonly QueryTerm[]): { places: number[][]; records: number[]; scales: Float64Array } {
    const terms = query.map(({ term }) => mixed(term))
    const places = this.#segments.map((segment) => terms.map((term) => findTerm(segment, term)))
    const records = terms.map((term) => this.#live.find(term))
    const documents = this.documents
    const words = this.#sealedWords + this.#live.words
    setPenalties(this.#penalties, this.#tuning, documents === 0 ? 0 : words / documents)
    const scales = scalesOf(query, this.#tuning, (at) => {
      let frequency = this.#live.frequency(records[at]!)
      this.#segments.forEach((segment, index) => {
        const place = places[index]![at]!
        if (place >= 0) frequency += segment.frequencies[place]!
      })
      return inverseFrequency(documents, frequency)
    })
    return { places, records, scales }
  }

  #open(segment: Segment, places: readonly number[], scales: Float64Array): Cursor[] {
    const open: Cursor[] = []
    places.forEach((place, at) => {
      if (place < 0 || scales[at] === 0) return
      const cursor = this.#cursor(open.length)
      cursor.open(segment, place, scales[at]!)
      open.push(cursor)
    })
    return open
  }

  #cursor(at: number): Cursor {
    this.#cursors[at] ??= new Cursor(this.#penalties)
    return this.#cursors[at]
  }

  #count(): void {
    this.#sealedDocuments = this.#segments.reduce((sum, segment) => sum + segment.documents, 0)
    this.#sealedWords = this.#segments.reduce((sum, segment) => sum + segment.words, 0)
  }
}

/** Ordinals of the rows in a part of the index, -1 for those elsewhere; undefined when all are elsewhere. */
function ordinalsIn(part: Segment | LivePart, rows: Uint32Array, count: number): Int32Array | undefined {
  let any = false
  const ordinals = new Int32Array(count).fill(-1)
  for (let at = 0; at < count; at++) {
    const ordinal = findRow(part, rows[at]!)
    if (ordinal < 0) continue
    ordinals[at] = ordinal
    any = true
  }
  return any ? ordinals : undefined
}
