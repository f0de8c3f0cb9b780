import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log, View } from '../../engine/flow/adapter.ts'
import type { Lanes } from '../../systems/recall.ts'
import { Trouble } from './trouble.ts'

type Lane = Lanes['vectors']['canonical']
type Model = NonNullable<Lane['model']>
/** An index that can be saved while it changes, one save at a time. */
export type SavedIndex = NonNullable<Lane['index']> & { save(path: string): Promise<void> }
type IndexOptions = { readonly model: string; readonly dimensions: number }
type OpenOptions = IndexOptions & {
  readonly source: { labels(): Iterable<number>; vector(label: number): Float32Array | undefined }
  readonly warn: (message: string) => void
}

/** Who makes the indexes of vectors; `stores/flat.ts` and `stores/usearch.ts` do. */
export type VectorStore = {
  /** A folder of the adapter's own; without it the indexes are made anew from the record at every start. */
  readonly folder?: string
  /** An empty index in memory. */
  create(options: IndexOptions): Promise<SavedIndex>
  /** The index as it was saved, without what the source does not have; an empty one when its file cannot be used. */
  open(path: string, options: OpenOptions): Promise<SavedIndex>
}

/** Vectors that are read from the record, or moved into the graph, before other work gets its turn: some 5 and 25 ms. */
const sliceRead = 500
const sliceBuilt = 50
/** Changes after which an index is saved again, and the share of it when it is large. */
const changesFew = 256
const changesShare = 16
const reviewEvery_ms = 60_000
const rest_ms = 60_000
const ours = /^(canonical|eidolon)-[0-9a-f]{16}\.vectors(\.graph|\.mark)?(\.part)?$/

/** What is kept beside a lane's index. */
type Kept = { readonly name: 'canonical' | 'eidolon'; readonly lane: Lane; index: SavedIndex | undefined; path: string }

/** Keeps the vector lanes: opens the index of the model in service, brings it up to date, and saves it now and then. */
export class VectorKeeper {
  readonly #lanes: Lanes
  readonly #store: VectorStore
  readonly #view: View
  readonly #log: Log
  readonly #kept: readonly Kept[]
  readonly #files: Trouble
  #reviewAt_ms = 0
  #builds = false
  #isClean = false

  constructor(lanes: Lanes, store: VectorStore, view: View, log: Log) {
    this.#lanes = lanes
    this.#store = store
    this.#view = view
    this.#log = log
    const { canonical, eidolon } = lanes.vectors
    this.#kept = [
      { name: 'canonical', lane: canonical, index: undefined, path: '' },
      { name: 'eidolon', lane: eidolon, index: undefined, path: '' },
    ]
    this.#files = new Trouble(log, 'the index of vectors is not saved; it goes on in memory', rest_ms)
  }

  /** One slice of work; one at a time. @returns whether there is more */
  async work(): Promise<boolean> {
    for (const kept of this.#kept) {
      const wanted = this.#lanes.vectors.wanted(this.#view, kept.lane)
      if (wanted?.row === kept.lane.model?.row) continue
      await this.#change(kept, wanted)
      this.#isClean = false
    }
    if (!this.#isClean) await this.#clean()
    this.#isClean = true
    const behind = this.#kept.reduce((sum, { lane }) => sum + lane.catchUp(this.#view, sliceRead), 0)
    if (behind > 0 || this.#review()) return true
    const built = this.#builds
    this.#builds = this.#kept.filter(({ index }) => (index?.build(sliceBuilt) ?? 0) > 0).length > 0
    for (const kept of this.#kept) {
      const { changes, removals } = kept.lane
      const many = changes >= Math.max(changesFew, (kept.index?.count ?? 0) / changesShare)
      if (many || removals > 0 || (built && !this.#builds)) await this.#save(kept)
    }
    return this.#builds
  }

  /** Saves what has changed. */
  async stop(): Promise<void> {
    for (const kept of this.#kept) {
      // The end of a round that was begun, and a whole one: what was forgotten is not to stay in a file.
      kept.lane.review(this.#view)
      kept.lane.review(this.#view)
      if (kept.lane.changes > 0 || this.#builds) await this.#save(kept, true)
    }
  }

  /** Another model serves, or none: its index is opened while the one before is still searched, and then takes its place. */
  async #change(kept: Kept, wanted: Model | undefined): Promise<void> {
    const { name, lane } = kept
    kept.path = wanted === undefined ? '' : this.#pathOf(name, wanted)
    const index = wanted === undefined ? undefined : await this.#open(lane, wanted, kept.path)
    kept.index = index
    lane.serve(index, wanted)
    this.#lanes[name] = index
  }

  async #open(lane: Lane, model: Model, path: string): Promise<SavedIndex> {
    const options = { model: model.key, dimensions: model.dimensions }
    if (path === '') return this.#store.create(options)
    try {
      await mkdir(this.#store.folder!, { recursive: true, mode: 0o700 })
      await this.#dropForeign(path)
      // What the file lacks is taken in slices afterwards, because reading a million vectors at once would stop the world;
      // and what was forgotten leaves it then, so that it is noticed and the file is written anew.
      const source = { labels: () => this.#lanes.vectors.labels(this.#view, model, lane), vector: () => undefined }
      return await this.#store.open(path, { ...options, source, warn: (message) => this.#log.warn({}, message) })
    } catch (thrown) {
      this.#files.failed(thrown)
      return this.#store.create(options)
    }
  }

  /** Removes an index that was made of another record: its labels may stand for other memories here. */
  async #dropForeign(path: string): Promise<void> {
    const mark = await readFile(`${path}.mark`, 'utf8').catch(nothingWhenMissing)
    if (mark !== undefined && mark === this.#markOf(Number.parseInt(mark, 10))) return
    for (const file of filesOf(path)) await rm(file, { force: true })
  }

  /** How much of the record an index knows, and whose record it is. */
  #markOf(rows: number): string {
    const { world } = this.#view
    return rows >= 0 && rows <= this.#lanes.vectors.rows(world)
      ? `${rows} ${this.#lanes.vectors.markOf(world, rows)}`
      : ''
  }

  #pathOf(name: string, { key, dimensions }: Model): string {
    if (this.#store.folder === undefined) return ''
    const digest = createHash('sha256').update(`${key}\n${dimensions}`).digest('hex').slice(0, 16)
    return join(this.#store.folder, `${name}-${digest}.vectors`)
  }

  #review(): boolean {
    if (performance.now() < this.#reviewAt_ms) return false
    const left = this.#kept.reduce((sum, { lane }) => sum + lane.review(this.#view, sliceRead), 0)
    if (left === 0) this.#reviewAt_ms = performance.now() + reviewEvery_ms
    return left > 0
  }

  async #save({ index, path, lane }: Kept, last = false): Promise<void> {
    if (index === undefined || path === '' || (this.#files.rests && !last)) return
    const { changes, removals } = lane
    try {
      await mkdir(this.#store.folder!, { recursive: true, mode: 0o700 })
      const rows = lane.taken
      await index.save(path)
      await writeFile(`${path}.mark.part`, this.#markOf(rows), { mode: 0o600 })
      await rename(`${path}.mark.part`, `${path}.mark`)
      lane.changes -= changes
      lane.removals -= removals
      this.#files.passed()
    } catch (thrown) {
      this.#files.failed(thrown)
    }
  }

  /** Removes the files of models that no longer serve, and what a crash left half-written. No save is under way. */
  async #clean(): Promise<void> {
    const { folder } = this.#store
    if (folder === undefined || this.#files.rests) return
    const kept = new Set(this.#kept.flatMap(({ path }) => filesOf(path)))
    try {
      for (const name of (await readdir(folder).catch(nothingWhenMissing)) ?? []) {
        const path = join(folder, name)
        if (ours.test(name) && !kept.has(path)) await rm(path, { force: true })
      }
    } catch (thrown) {
      this.#files.failed(thrown)
    }
  }
}

function filesOf(path: string): string[] {
  return [path, `${path}.graph`, `${path}.mark`]
}

function nothingWhenMissing(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code !== 'ENOENT') throw thrown
  return undefined
}
