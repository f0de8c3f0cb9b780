/** What a search found: best first, equal scores by the smaller label first. The arrays are the caller's to keep. */
export type VectorHits = {
  readonly labels: Uint32Array
  /** Cosine with the stored vector, computed over all its components: within -1 and 1. */
  readonly scores: Float64Array
}

/**
 * Finds the vectors nearest to one. All vectors are of one model, so that they can be compared at all, and one label
 * has one vector. It is a projection: whatever becomes of it is made anew from the vectors in the record. Stores
 * implement it by its shape: `flat` looks at every vector, `usearch` follows a graph and then computes the same scores.
 */
export interface VectorIndex {
  readonly dimensions: number
  readonly model: string
  /** How many vectors it holds. */
  readonly count: number
  has(label: number): boolean
  /**
   * Takes a vector, in place of the one that had this label.
   * @param label unsigned 32 bits
   * @throws EngineError VECTOR_INVALID for other dimensions, NaN, infinity, or nothing but zeros
   */
  add(label: number, vector: Float32Array): void
  /** Whether there was such a vector. */
  remove(label: number): boolean
  /**
   * The `k` nearest of those that `accept` lets pass, fewer when there are fewer.
   * @param k 1 to 4,096
   * @throws EngineError VECTOR_INVALID
   */
  search(vector: Float32Array, k: number, accept?: (label: number) => boolean): VectorHits
  /** Moves up to so many new vectors into a structure that is faster to search. @returns how many still wait */
  build(vectors_max: number): number
  /** Bytes in memory. */
  readonly bytes: number
}
