import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert, reasonOf } from '../engine/errors.ts'
import { type Adapter, type Log, type Outside, silent, type View } from '../engine/flow/adapter.ts'
import {
  decodeSegment,
  encodeSegment,
  type Lanes,
  lanesOf,
  Memory,
  type Recall,
  type RecallOptions,
  recall,
  type Segment,
} from '../systems/recall.ts'

/** Where segments of the lexical lane rest; `stores/segments.ts` is one. */
export type SegmentFiles = {
  open(): Promise<readonly string[]>
  list(): Promise<readonly string[]>
  load(name: string): Promise<Uint8Array>
  save(name: string, chunks: Iterable<Uint8Array>): Promise<void>
  remove(name: string): Promise<void>
}

export type SearchOptions = {
  /** Without it the lanes are made anew from the record at every start. */
  readonly files?: SegmentFiles
}

/** The indexes beside an engine, and recall over them. */
export type SearchAdapter = Adapter & {
  /** Finds memories; see `systems/recall.ts`. */
  recall(query: string, options?: RecallOptions): Promise<Recall>
  /** Resolves when all lanes hold every memory that is durable now. */
  complete(): Promise<void>
  pending(): { lexical: number; vectors: number }
}

/** Memories that are read again from the record before other work gets its turn. */
const sliceRows = 500
/** Postings that are merged before other work gets its turn: some 5 ms. */
const slicePostings = 500_000

/** Keeps the lanes of an engine complete and their files fresh, and recalls over them. */
export function search(options: SearchOptions = {}): SearchAdapter {
  return new Search(options)
}

class Search implements SearchAdapter {
  readonly name = 'search'
  readonly #files: SegmentFiles | undefined
  #view: View | undefined
  #lanes: Lanes | undefined
  #log: Log = silent
  #working: Promise<void> | undefined
  #stopped = false
  #unhear: () => void = () => {}

  constructor(options: SearchOptions) {
    this.#files = options.files
  }

  async start(outside: Outside): Promise<void> {
    this.#view = outside.view
    this.#log = outside.log
    this.#lanes = lanesOf(outside.view.world)
    this.#lanes.kept = true
    if (this.#files !== undefined) await this.#load(this.#files, this.#lanes)
    this.#unhear = outside.committed(() => this.#hear())
    this.#hear()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unhear()
    await this.#working
    const lanes = this.#lanes
    if (lanes === undefined || this.#files === undefined) return
    lanes.text.seal()
    await this.#save(this.#files, lanes)
  }

  async recall(query: string, options: RecallOptions = {}): Promise<Recall> {
    return recall(this.#started().view, query, options)
  }

  async complete(): Promise<void> {
    const { view, lanes } = this.#started()
    while (lanes.behind(view.world) > 0 && !this.#stopped) {
      this.#work()
      await this.#working
    }
  }

  pending(): { lexical: number; vectors: number } {
    const { view, lanes } = this.#started()
    return { lexical: lanes.behind(view.world), vectors: 0 }
  }

  /** A tick is durable. What it made is in memory still, so it is taken at once, unless older memories must come first. */
  #hear(): void {
    const { view, lanes } = this.#started()
    if (lanes.isFresh(view.world)) lanes.catchUp(view)
    this.#work()
  }

  /** Catches up, merges and saves in the background, in slices. */
  #work(): void {
    if (this.#working !== undefined || this.#stopped) return
    this.#working = this.#background()
      .catch((thrown: unknown) => this.#log.error({ reason: reasonOf(thrown) }, 'the lanes could not be kept'))
      .finally(() => {
        this.#working = undefined
      })
  }

  async #background(): Promise<void> {
    const { view, lanes } = this.#started()
    for (;;) {
      if (this.#stopped) return
      const behind = lanes.catchUp(view, sliceRows) > 0
      const merging = lanes.text.mergeStep(slicePostings)
      if (this.#files !== undefined && lanes.text.segments.some(({ saved }) => !saved)) {
        await this.#save(this.#files, lanes)
      }
      if (!behind && !merging) return
      await nextTurn()
    }
  }

  /** Writes the segments that have no file yet, then removes the files whose rows rest in others. */
  async #save(files: SegmentFiles, lanes: Lanes): Promise<void> {
    for (const { name, saved } of lanes.text.segments) {
      const segment = lanes.text.segment(name)
      if (saved || segment === undefined) continue
      await files.save(name, encodeSegment(segment))
      lanes.text.markSaved(segment)
    }
    const named = new Set(lanes.text.segments.map(({ name }) => name))
    if (lanes.text.segments.some(({ saved }) => !saved)) return
    for (const name of await files.list()) if (!named.has(name)) await files.remove(name)
  }

  /** Takes over what files there are. One that is damaged, or says more than the record, is removed and made anew. */
  async #load(files: SegmentFiles, lanes: Lanes): Promise<void> {
    const rows = this.#started().view.world.rows(Memory)
    for (const warning of await files.open()) this.#log.warn({}, warning)
    const segments: Segment[] = []
    for (const name of await files.list()) {
      try {
        const segment = decodeSegment(await files.load(name))
        if (segment.last <= rows) segments.push(segment)
      } catch (thrown) {
        this.#log.warn({ file: name, reason: reasonOf(thrown) }, 'an index file cannot be used and is made anew')
      }
    }
    lanes.text.restore(segments)
  }

  #started(): { view: View; lanes: Lanes } {
    assert(this.#view !== undefined && this.#lanes !== undefined, 'ENGINE_STATE', 'the engine has not been started')
    return { view: this.#view, lanes: this.#lanes }
  }
}
