import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert, EngineError, reasonOf } from '../engine/errors.ts'
import { type Adapter, type EffectHandler, type Log, type Outside, silent, type View } from '../engine/flow/adapter.ts'
import { MemoryRecall } from '../systems/events.ts'
import { type Lanes, lanesOf, type Recall, type RecallOptions, recall } from '../systems/recall.ts'
import { answerRecall } from './search/answer.ts'
import { recallLatency } from './search/latency.ts'
import { type Embed, QueryEmbedder } from './search/query-vector.ts'
import { type SegmentFiles, SegmentKeeper } from './search/segments.ts'
import { Trouble } from './search/trouble.ts'
import { VectorKeeper, type VectorStore } from './search/vectors.ts'

export type { Embed } from './search/query-vector.ts'
export type { SegmentFiles } from './search/segments.ts'
export type { SavedIndex, VectorStore } from './search/vectors.ts'

export type SearchOptions = {
  /** Files of the lexical lane; without them it is made anew from the record at every start. */
  readonly files?: SegmentFiles
  /** Without it there are no lanes of vectors, whatever is embedded. */
  readonly vectors?: VectorStore
  /** Makes the vectors of queries, by the same models as those of memories; without it recall goes by words alone. */
  readonly embed?: Embed
  /** How long recall waits for a query's vector, in milliseconds. Default 2,000. */
  readonly embed_ms?: number
  /** How long `complete` waits for vectors of which none comes, in milliseconds. Default 60,000. */
  readonly patience_ms?: number
}

/** The indexes beside an engine, and recall over them. */
export type SearchAdapter = Adapter & {
  /** Finds memories; see `systems/recall.ts`. @throws EngineError RECALL_OPTION */
  recall(query: string, options?: RecallOptions): Promise<Recall>
  /**
   * Resolves when all lanes hold every memory that is durable now, and the vectors asked for are there; or when none comes
   * any more, which is said with what is pending. With `embedding: false` it waits only for vectors that the record has.
   * @throws EngineError INDEX_DAMAGED when the indexes cannot be kept, for instance because the record is damaged
   */
  complete(options?: { readonly embedding?: boolean }): Promise<void>
  /** Memories that are not indexed yet; and vectors that are asked for or not indexed yet. */
  pending(): { lexical: number; vectors: number }
}

/** Memories that are read again from the record before other work gets its turn. */
const sliceRows = 500
/** Postings that are merged before other work gets its turn: some 5 ms. */
const slicePostings = 500_000
/** How long nothing is tried after a failure, unless somebody waits for it. */
const rest_ms = 10_000
/** How often `complete` looks whether vectors have come, when no tick says so. */
const look_ms = 100

/** Keeps the lanes of an engine complete and their files fresh, and recalls over them. Answers `memory.recall`. */
export function search(options: SearchOptions = {}): SearchAdapter {
  return new Search(options)
}

class Search implements SearchAdapter {
  readonly name = 'search'
  readonly effects: { readonly [type: string]: EffectHandler }
  readonly #options: SearchOptions
  #view: View | undefined
  #lanes: Lanes | undefined
  #segments: SegmentKeeper | undefined
  #vectors: VectorKeeper | undefined
  #embedder: QueryEmbedder | undefined
  #log: Log = silent
  #trouble: Trouble | undefined
  #working: Promise<void> | undefined
  #failure: string | undefined
  #stopped = false
  #unhear: () => void = () => {}
  #heard: (() => void)[] = []

  constructor(options: SearchOptions) {
    this.#options = options
    this.effects = { [MemoryRecall.name]: (request) => this.#answer(request) }
  }

  async start({ view, log, committed }: Outside): Promise<void> {
    const { files, vectors, embed, embed_ms = 2_000 } = this.#options
    this.#view = view
    this.#log = log
    this.#trouble = new Trouble(log, 'the indexes cannot be brought up to date', rest_ms)
    const lanes = lanesOf(view.world)
    this.#lanes = lanes
    lanes.kept = true
    if (files !== undefined) this.#segments = new SegmentKeeper(files, view.world, log)
    if (vectors !== undefined) this.#vectors = new VectorKeeper(lanes, vectors, view, log)
    if (embed !== undefined) this.#embedder = new QueryEmbedder(embed, embed_ms, log)
    await this.#segments?.load(lanes)
    this.#unhear = committed(() => this.#hear())
    this.#hear()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unhear()
    this.#wake()
    await this.#working
    if (this.#lanes === undefined) return
    if (this.#segments !== undefined) {
      this.#lanes.text.seal()
      // What was forgotten is not to rest in a file until the next start.
      while (this.#lanes.text.forgetting) this.#lanes.text.mergeStep(slicePostings)
      await this.#segments.save(this.#lanes)
    }
    await this.#vectors?.stop()
  }

  async recall(query: string, options: RecallOptions = {}): Promise<Recall> {
    const { view } = this.#started()
    const began = performance.now()
    const [vector, field_vector] = options.vector === undefined ? await this.#vectorsOf(query) : [options.vector]
    const given = vector === undefined ? options : { ...options, vector }
    const found = recall(view, query, field_vector === undefined ? given : { ...given, field_vector })
    recallLatency(view.world).add((performance.now() - began) / 1000)
    return found
  }

  async complete({ embedding = true }: { readonly embedding?: boolean } = {}): Promise<void> {
    const { view, lanes } = this.#started()
    await this.#lexical()
    if (this.#vectors === undefined) return
    await this.#round()
    const { patience_ms = 60_000 } = this.#options
    const left = (): number => (embedding ? lanes.vectors.pending(view) : lanes.vectors.unindexed(view))
    let progress = -1
    let ends_at_ms = 0
    while (left() > 0 && !this.#stopped) {
      const now = lanes.vectors.progress(view) - lanes.vectors.unindexed(view)
      if (now !== progress) ends_at_ms = performance.now() + patience_ms
      progress = now
      if (lanes.vectors.isAway(view) || performance.now() > ends_at_ms) {
        this.#log.warn({ vectors: left() }, 'vectors are still pending: whoever makes them does not answer')
        return
      }
      await this.#round()
      if (left() > 0) await this.#nextTick()
    }
  }

  pending(): { lexical: number; vectors: number } {
    const { view, lanes } = this.#started()
    const vectors = this.#vectors === undefined ? 0 : lanes.vectors.pending(view)
    return { lexical: lanes.behind(view.world), vectors }
  }

  /** The mind's own recall sees all that was durable when it asked. */
  async #answer(request: Parameters<EffectHandler>[0]): Promise<Awaited<ReturnType<EffectHandler>>> {
    await this.#lexical()
    return answerRecall(request, (query, options) => this.recall(query, options))
  }

  /** The vectors of a query for the indexes that are searched; these may have changed while the vectors were made. */
  async #vectorsOf(query: string): Promise<Float32Array[]> {
    const { view, lanes } = this.#started()
    const { canonical, eidolon } = lanes.vectors
    const { model } = canonical
    if (this.#embedder === undefined || model === undefined) return []
    const phrase = eidolon.model?.row === model.row ? lanes.vectors.phrase(view) : ''
    const vectors = await this.#embedder.vectorsOf(query, phrase, model.name, model.dimensions)
    return canonical.model?.row === model.row ? vectors : []
  }

  /** All memories are in the lexical lane. @throws EngineError INDEX_DAMAGED when they cannot be */
  async #lexical(): Promise<void> {
    const { view, lanes } = this.#started()
    while (lanes.behind(view.world) > 0 && !this.#stopped) await this.#round()
  }

  /** All work that can be done now is done. @throws EngineError INDEX_DAMAGED when it could not be */
  async #round(): Promise<void> {
    this.#work()
    await this.#working
    if (this.#failure === undefined) return
    throw new EngineError('INDEX_DAMAGED', `the indexes cannot be brought up to date: ${this.#failure}`)
  }

  /** Resolves with the next tick, or after a while without one. */
  #nextTick(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, look_ms)
      this.#heard.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #wake(): void {
    const heard = this.#heard
    this.#heard = []
    for (const resume of heard) resume()
  }

  /** A tick is durable. What it made is in memory still, so it is taken at once, unless older memories must come first. */
  #hear(): void {
    const { view, lanes } = this.#started()
    if (lanes.isFresh(view.world)) lanes.catchUp(view)
    if (this.#trouble?.rests !== true) this.#work()
    this.#wake()
  }

  /** Catches up, merges and saves in the background, in slices. */
  #work(): void {
    if (this.#working !== undefined || this.#stopped) return
    this.#failure = undefined
    this.#working = this.#background()
      .then(() => this.#trouble?.passed())
      .catch((thrown: unknown) => {
        this.#failure = reasonOf(thrown)
        this.#trouble?.failed(thrown)
      })
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
      await this.#segments?.save(lanes)
      const indexing = !behind && (await this.#vectors?.work()) === true
      if (!behind && !merging && !indexing) return
      await nextTurn()
    }
  }

  #started(): { view: View; lanes: Lanes } {
    assert(this.#view !== undefined && this.#lanes !== undefined, 'ENGINE_STATE', 'the engine has not been started')
    return { view: this.#view, lanes: this.#lanes }
  }
}
