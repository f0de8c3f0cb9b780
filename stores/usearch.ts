import { EngineError, reasonOf } from '../engine/errors.ts'
import { Best } from './flat/best.ts'
import { checkHits, checkVector, type Hits, VectorColumn } from './flat/column.ts'
import { copyOf, damaged, loadColumn, type Saved, saveColumn } from './flat/file.ts'
import { reconcile, unlessDamaged } from './flat/source.ts'
import type { OpenVectorOptions, VectorOptions } from './flat.ts'
import { type Graph, hashOf, saveGraph } from './usearch/graph.ts'

export type UsearchOptions = VectorOptions & {
  /** Below this many vectors no graph is made, because looking at all is as fast. Default 10,000. */
  readonly graph_from?: number
}

/** Candidates taken from the graph for each result: its own distances are coarse, ours are not. */
const oversampling = 3
/** The most candidates a graph is asked for; a filter that lets fewer through has all vectors looked at. */
const candidatesMax = 16_384
/** More would make files and results differ from run to run. */
const threads = 1

/**
 * A navigable graph over the same column that `flat` scans. The graph only names candidates; scores are computed from
 * the column, so they are those of `flat` to the bit. New vectors wait at the end of the column, where every search
 * looks at all of them, until `build` takes them into the graph: adding one costs up to a millisecond.
 * A vector of 256 dimensions takes 276 to 284 bytes in the column and about 400 in the graph.
 */
export class UsearchIndex {
  readonly name: string = 'usearch'
  readonly model: string
  readonly #column: VectorColumn
  readonly #graph: Graph
  readonly #graphFrom: number
  /** Slots below this are in the graph. */
  #built: number

  constructor(model: string, graph: Graph, graphFrom: number, { column, built }: Pick<Saved, 'column' | 'built'>) {
    this.model = model
    this.#column = column
    this.#graph = graph
    this.#graphFrom = graphFrom
    this.#built = built
  }

  get dimensions(): number {
    return this.#column.dimensions
  }

  get count(): number {
    return this.#column.count
  }

  /** The graph's part is an estimate: the package does not say. */
  get bytes(): number {
    return this.#column.bytes + this.#built * (this.dimensions + 144)
  }

  /** In no particular order. Not copied: do not keep it over an `add` or `remove`. */
  get labels(): Uint32Array {
    return this.#column.labels
  }

  has(label: number): boolean {
    return this.#column.slotOf(label) !== -1
  }

  /** @throws EngineError VECTOR_INVALID; what had this label then stays */
  add(label: number, vector: Float32Array): void {
    const slot = this.#column.slotOf(label)
    if (slot >= this.#built) return this.#column.replace(slot, vector)
    checkVector(vector, this.dimensions)
    if (slot !== -1) this.remove(label)
    this.#column.append(label, vector)
  }

  remove(label: number): boolean {
    let slot = this.#column.slotOf(label)
    if (slot === -1) return false
    if (slot < this.#built) {
      this.#graph.remove(BigUint64Array.of(BigInt(label)))
      this.#built--
      this.#column.swap(slot, this.#built)
      slot = this.#built
    }
    this.#column.swap(slot, this.#column.count - 1)
    this.#column.pop()
    return true
  }

  /** @throws EngineError VECTOR_INVALID */
  search(vector: Float32Array, k: number, accept?: (label: number) => boolean): Hits {
    checkHits(k)
    this.#column.aim(vector)
    const room = Math.min(k, Math.max(1, this.count))
    const best = this.#candidates(room, accept)
    if (best !== undefined) {
      this.#column.scan(best, this.#built, accept)
      return best.take()
    }
    const all = new Best(room)
    this.#column.scan(all, 0, accept)
    return all.take()
  }

  /** @returns how many still wait */
  build(vectors_max: number): number {
    const { count, dimensions } = this
    if (count < this.#graphFrom) return 0
    const more = Math.min(vectors_max, count - this.#built)
    if (more > 0) {
      const keys = new BigUint64Array(more)
      const vectors = new Float32Array(more * dimensions)
      for (let index = 0; index < more; index++) {
        keys[index] = BigInt(this.#column.labelAt(this.#built + index))
        vectors.set(this.#column.vectorAt(this.#built + index), index * dimensions)
      }
      this.#graph.add(keys, vectors, threads)
      this.#built += more
    }
    return count - this.#built
  }

  /**
   * Saves the graph and then the column, which holds the graph's hash, both as they are now. A crash in between leaves a
   * hash that does not match, and then only the graph is made anew. One at a time.
   */
  async save(path: string): Promise<void> {
    const { model } = this
    const built = this.#built
    const copy = copyOf(this.#column)
    // The package writes its file before this waits for anything, so the graph is of the same moment as the copy.
    const graph = built === 0 ? '' : await saveGraph(this.#graph, graphPath(path))
    await saveColumn(path, copy, { model, graph, built })
  }

  /** The best of what the graph names, or undefined when all vectors must be looked at. */
  #candidates(k: number, accept?: (label: number) => boolean): Best | undefined {
    if (this.#built === 0) return undefined
    const query = this.#column.aimed
    for (let fetch = k * oversampling; fetch <= candidatesMax; fetch *= 4) {
      const best = new Best(k)
      const { keys } = this.#graph.search(query, Math.min(fetch, this.#built), threads)
      let accepted = 0
      for (const key of keys) {
        const label = Number(key)
        const slot = this.#column.slotOf(label)
        if (slot === -1 || (accept !== undefined && !accept(label))) continue
        accepted++
        best.offer(label, this.#column.score(slot))
      }
      if (accepted >= Math.min(2 * k, this.#built)) return best
      // The graph has named all it can: what it did not name is looked for among all.
      if (fetch >= this.#built) return undefined
    }
    return undefined
  }
}

/** An empty index in memory. @throws EngineError PACKAGE_MISSING, VECTOR_INVALID */
export async function usearch(options: UsearchOptions): Promise<UsearchIndex> {
  const { model, dimensions, graph_from = 10_000 } = options
  const column = new VectorColumn(dimensions)
  return new UsearchIndex(model, await newGraph(dimensions), graph_from, { column, built: 0 })
}

/**
 * The index as it was saved, brought up to date with the record. What is missing, damaged or of other vectors is not
 * used: a bad column is made anew from the record, a bad graph by `build` from the column, which answers meanwhile.
 * @throws EngineError PACKAGE_MISSING
 */
export async function openUsearch(path: string, options: UsearchOptions & OpenVectorOptions): Promise<UsearchIndex> {
  const { model, dimensions, source, graph_from = 10_000, warn = () => {} } = options
  let graph = await newGraph(dimensions)
  let column = new VectorColumn(dimensions)
  let built = 0
  const saved = await unlessDamaged(loadColumn(path, model, dimensions), warn)
  if (saved !== undefined) {
    column = saved.column
    const loaded = await unlessDamaged(loadGraph(path, saved), warn)
    if (loaded !== undefined) {
      graph = loaded
      built = saved.built
    }
  }
  const index = new UsearchIndex(model, graph, graph_from, { column, built })
  reconcile(index, source)
  return index
}

/** The graph that was saved with a column. The package dies of a file it cannot read, so it gets only the very same bytes. */
async function loadGraph(path: string, { graph: expected, built, column }: Saved): Promise<Graph | undefined> {
  if (built === 0) return undefined
  const file = graphPath(path)
  const hash = await hashOf(file)
  if (hash === undefined) throw damaged(file, 'it is missing')
  if (hash !== expected) throw damaged(file, 'its hash does not match')
  const graph = await newGraph(column.dimensions)
  graph.load(file)
  if (graph.size() !== built) throw damaged(file, `it holds ${graph.size()} vectors, not ${built}`)
  return graph
}

function graphPath(path: string): string {
  return `${path}.graph`
}

async function newGraph(dimensions: number): Promise<Graph> {
  const { Index, MetricKind, ScalarKind } = await load()
  // Zeros are the package's own defaults.
  return new Index({
    dimensions,
    metric: MetricKind.Cos,
    quantization: ScalarKind.I8,
    connectivity: 0,
    expansion_add: 0,
    expansion_search: 0,
    multi: false,
  }) as Graph
}

/** Loaded at first use: it is native, and only a mind with many vectors needs it. */
async function load() {
  try {
    return await import('usearch')
  } catch (thrown) {
    const reason = `the package 'usearch' cannot be loaded; install it with npm install usearch, or use the exact index`
    throw new EngineError('PACKAGE_MISSING', `${reason} (${reasonOf(thrown)})`, { cause: thrown })
  }
}
