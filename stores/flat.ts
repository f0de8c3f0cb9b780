import { Best } from './flat/best.ts'
import { checkHits, type Hits, VectorColumn } from './flat/column.ts'
import { copyOf, loadColumn, saveColumn } from './flat/file.ts'
import { reconcile, unlessDamaged, type VectorSource } from './flat/source.ts'

export type { VectorSource } from './flat/source.ts'

export type VectorOptions = {
  /** The model all vectors are of. */
  readonly model: string
  readonly dimensions: number
}

export type OpenVectorOptions = VectorOptions & {
  readonly source: VectorSource
  /** Hears that a saved file could not be used. */
  readonly warn?: (message: string) => void
}

/**
 * The exact index: every search looks at every vector. It is the reference for others, deterministic to the bit, and
 * right for fewer than 20,000 vectors (7 to 12 ms a search of 256 dimensions). A vector of `d` dimensions takes `d` bytes and 20 to 28 more: 276 to 284 for 256.
 */
export class FlatIndex {
  readonly name: string = 'flat'
  readonly model: string
  readonly #column: VectorColumn

  constructor(model: string, column: VectorColumn) {
    this.model = model
    this.#column = column
  }

  get dimensions(): number {
    return this.#column.dimensions
  }

  get count(): number {
    return this.#column.count
  }

  get bytes(): number {
    return this.#column.bytes
  }

  /** In no particular order. Not copied: do not keep it over an `add` or `remove`. */
  get labels(): Uint32Array {
    return this.#column.labels
  }

  has(label: number): boolean {
    return this.#column.slotOf(label) !== -1
  }

  /** @throws EngineError VECTOR_INVALID */
  add(label: number, vector: Float32Array): void {
    // The new one comes first, so that a vector that is refused leaves the old one where it was.
    const old = this.#column.slotOf(label)
    if (old === -1) this.#column.append(label, vector)
    else this.#column.replace(old, vector)
  }

  remove(label: number): boolean {
    const slot = this.#column.slotOf(label)
    if (slot === -1) return false
    this.#column.swap(slot, this.#column.count - 1)
    this.#column.pop()
    return true
  }

  /** O(count). @throws EngineError VECTOR_INVALID */
  search(vector: Float32Array, k: number, accept?: (label: number) => boolean): Hits {
    checkHits(k)
    this.#column.aim(vector)
    const best = new Best(Math.min(k, Math.max(1, this.count)))
    this.#column.scan(best, 0, accept)
    return best.take()
  }

  /** Nothing ever waits here. */
  build(): number {
    return 0
  }

  /** Replaces the file as a whole, with what it holds now: after a crash the old or the new one is there. One at a time. */
  save(path: string): Promise<void> {
    return saveColumn(path, copyOf(this.#column), { model: this.model, graph: '', built: 0 })
  }
}

/** An empty exact index in memory. @throws EngineError VECTOR_INVALID */
export function flat({ model, dimensions }: VectorOptions): FlatIndex {
  return new FlatIndex(model, new VectorColumn(dimensions))
}

/**
 * The exact index as it was saved, brought up to date with the record. A file that is missing, damaged, or of another
 * model or dimensions is not used: the index is then made anew.
 */
export async function openFlat(path: string, options: OpenVectorOptions): Promise<FlatIndex> {
  const { model, dimensions, source, warn = () => {} } = options
  const saved = await unlessDamaged(loadColumn(path, model, dimensions), warn)
  const index = saved === undefined ? flat(options) : new FlatIndex(model, saved.column)
  reconcile(index, source)
  return index
}
