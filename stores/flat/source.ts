import { EngineError } from '../../engine/errors.ts'

/** The vectors as the record has them: what an index is made from, and held against. */
export type VectorSource = {
  /** Every label that has a vector. It is asked for twice. */
  labels(): Iterable<number>
  /** The vector of a label, or undefined when it cannot be used; then it is left out. */
  vector(label: number): Float32Array | undefined
}

/** What of an index is needed to bring it up to date. */
export type Projection = {
  readonly labels: Uint32Array
  has(label: number): boolean
  add(label: number, vector: Float32Array): void
  remove(label: number): boolean
}

/**
 * Makes an index hold what the record holds: adds what came after it was saved, and removes what the record does not
 * have. An empty index is so made anew.
 */
export function reconcile(index: Projection, source: VectorSource): { added: number; removed: number } {
  const wanted = new Set(source.labels())
  let removed = 0
  for (const label of index.labels.slice()) if (!wanted.has(label) && index.remove(label)) removed++
  let added = 0
  for (const label of wanted) {
    if (index.has(label)) continue
    const vector = source.vector(label)
    if (vector === undefined) continue
    index.add(label, vector)
    added++
  }
  return { added, removed }
}

/** Runs `load`, and takes a damaged file for a missing one, saying so. */
export async function unlessDamaged<T>(load: Promise<T>, warn: (message: string) => void): Promise<T | undefined> {
  try {
    return await load
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== 'INDEX_DAMAGED') throw thrown
    warn(`${thrown.message}; it is made anew from the record`)
    return undefined
  }
}
