import type { VectorHits, VectorIndex } from '../../systems/eidolon/vector-index.ts'

/** A seeded source of numbers in [-1, 1). */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}

/** Vectors around a few centres, as texts are. */
export function clustered(count: number, dimensions: number, seed: number): Float32Array[] {
  const roll = dice(seed)
  const centres = Array.from({ length: Math.max(1, count >> 5) }, () => Float32Array.from({ length: dimensions }, roll))
  return Array.from({ length: count }, (_, index) =>
    centres[index % centres.length]!.map((component) => component + roll() / 2),
  )
}

/** The cosine as the textbook says it. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0]
  for (let index = 0; index < a.length; index++) {
    dot += a[index]! * b[index]!
    aa += a[index]! * a[index]!
    bb += b[index]! * b[index]!
  }
  return dot / Math.sqrt(aa * bb)
}

/** The vectors of an index made from pairs of label and vector, as the record would give them. */
export function sourceOf(vectors: ReadonlyMap<number, Float32Array>) {
  return { labels: () => vectors.keys(), vector: (label: number) => vectors.get(label) }
}

/** What every query finds, as plain data. */
export function answers(index: Pick<VectorIndex, 'search'>, queries: readonly Float32Array[], k: number): number[][][] {
  return queries.map((query) => plain(index.search(query, k)))
}

/** Hits as pairs of label and score. */
export function plain({ labels, scores }: VectorHits): number[][] {
  return [...labels].map((label, at) => [label, scores[at]!])
}
