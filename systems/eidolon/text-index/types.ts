import type { QueryTerm, Tuning } from './scoring.ts'
import type { TextHits } from './top.ts'

/** Finds memories by their words, best first by BM25. Terms are hashes of words, unsigned 32-bit numbers; 0 is never one. */
export interface TextIndex {
  /** The newest row it holds; 0 for none. Rows are added in ascending order, gaps allowed. */
  readonly newest: number
  readonly documents: number
  /**
   * Takes one memory.
   * @param row larger than every row before
   * @param terms hashes in the order of the text, the first `count` of them used; a repeated term counts more
   * @throws EngineError LIMIT_INVALID when the row is not larger than `newest`
   */
  add(row: number, terms: Uint32Array, count: number): void
  /** How many memories hold the term. */
  frequency(term: number): number
  /** How much the term tells: `log(1 + (N - df + 0.5) / (df + 0.5))`. */
  idf(term: number): number
  /**
   * The best `k` memories with a positive score, exactly as an exhaustive search finds them; of equal scores the smaller row is
   * better. A term that stands twice in the query counts twice.
   * @param accept says of a row whether it may be a hit; asked only of rows that would be one
   * @throws EngineError LIMIT_INVALID for a `k` or a weight that is none
   */
  search(query: readonly QueryTerm[], k: number, accept?: (row: number) => boolean): TextHits
  /**
   * What each term gives to each of the first `count` rows: `contributions[i * query.length + j]`, 0 for rows that are not there.
   * Their sum, in any order, is the score of `search` to the last bit.
   */
  score(query: readonly QueryTerm[], rows: Uint32Array, count: number, contributions: Float64Array): void
}

/** How the index is made. */
export type TextIndexOptions = Partial<Tuning> & {
  /** Memories that the live part takes before it is sealed, 1 to 65,536. */
  readonly live_rows?: number
}

/** What may be known of a sealed segment. */
export type SegmentInfo = {
  /** By its rows, so that the same rows always rest under the same name. */
  readonly name: string
  readonly first: number
  readonly last: number
  readonly documents: number
  readonly bytes: number
  /** Whether its file rests in a store. */
  readonly saved: boolean
}
