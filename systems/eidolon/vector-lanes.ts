import type { World } from '../../engine/world/world.ts'
import { Memory } from '../components.ts'
import { Embedding, EmbedLane, EmbedModel, FieldInForce, Vector } from './columns.ts'
import { isServed } from './embedding/queue.ts'
import { type FieldClasses, phraseOf } from './field.ts'
import type { VectorIndex } from './vector-index.ts'
import { type Looking, type ServingModel, servingModel, vectorSource } from './vectors.ts'

/** Rows that are looked at in one go, when not all are to be. */
const rowsMax = 65_536

/** One lane's index, held against the vectors in the record. */
export class VectorLane {
  /** EmbedLane */
  readonly lane: number
  index: VectorIndex | undefined
  /** Whose vectors the index holds. */
  model: ServingModel | undefined
  /** Vectors added and removed since it was given. */
  changes = 0
  /** Of these, vectors removed: what was forgotten is not to rest in a file for long. */
  removals = 0
  #taken = 0
  #reviewed = 0

  constructor(lane: number) {
    this.lane = lane
  }

  /** Takes over an index, which may hold some of the vectors already; without one the lane is silent. */
  serve(index: VectorIndex | undefined, model: ServingModel | undefined): void {
    this.index = index
    this.model = model
    this.changes = 0
    this.removals = 0
    this.#taken = 0
    this.#reviewed = 0
  }

  /** Rows of Vector that were looked at. */
  get taken(): number {
    return this.#taken
  }

  /** Rows of Vector that were not looked at yet. */
  behind(world: World): number {
    return this.index === undefined ? 0 : world.rows(Vector) - this.#taken
  }

  /** Looks at new rows of Vector and takes the vectors that belong here, so many at most. @returns how many rows are left */
  catchUp(view: Looking, vectors_max: number = Number.POSITIVE_INFINITY): number {
    if (this.index === undefined) return 0
    this.#taken = this.#look(view, this.#taken, view.world.rows(Vector), vectors_max)
    return this.behind(view.world)
  }

  /**
   * Looks again at rows that were taken: what was forgotten meanwhile leaves the index, what came back enters it.
   * @returns how many rows are left of this round; after the last the next round begins
   */
  review(view: Looking, vectors_max: number = Number.POSITIVE_INFINITY): number {
    if (this.index === undefined) return 0
    this.#reviewed = this.#look(view, this.#reviewed, this.#taken, vectors_max)
    const left = this.#taken - this.#reviewed
    if (left === 0) this.#reviewed = 0
    return left
  }

  /** @returns the last row that was looked at */
  #look(view: Looking, after: number, last: number, vectors_max: number): number {
    const { index, model, lane } = this
    if (index === undefined || model === undefined) return last
    const source = vectorSource(view, model, lane)
    const { of_high, of_low } = view.world.of(Vector)
    const wanted = 2 * model.row + lane
    const end = vectors_max === Number.POSITIVE_INFINITY ? last : Math.min(last, after + rowsMax)
    let left = vectors_max
    for (let row = after + 1; row <= end; row++) {
      if (of_low[row] !== wanted) continue
      const memory_id = of_high[row]!
      const served = isServed(view.world, memory_id)
      if (served === index.has(memory_id)) continue
      const vector = served ? source.vector(memory_id) : undefined
      if (vector !== undefined) index.add(memory_id, vector)
      else if (index.remove(memory_id)) this.removals++
      else continue
      this.changes++
      if (--left === 0) return row
    }
    return end
  }
}

/** The vector lanes of a world: whose vectors they are to hold, and what is still to come. */
export class VectorLanes {
  readonly canonical: VectorLane = new VectorLane(EmbedLane.canonical)
  readonly eidolon: VectorLane = new VectorLane(EmbedLane.eidolon)

  /** The model whose vectors a lane is to hold; undefined while there is none or the lane is off. */
  wanted(view: Looking, { lane }: VectorLane): ServingModel | undefined {
    const isOff = lane === EmbedLane.eidolon && view.world.of(Embedding).eidolon[1] === 0
    return isOff ? undefined : servingModel(view)
  }

  /** Vectors that the record has, of all models. */
  rows(world: World): number {
    return world.rows(Vector)
  }

  /** A number by which the first rows of one record are told from those of another: of one that was restored, for instance. */
  markOf(world: World, rows: number): number {
    const { of_high, of_low } = world.of(Vector)
    const { source_high, source_low } = world.of(Memory)
    let mark = 0
    for (let row = 1; row <= rows; row++) {
      const memory_id = of_high[row]!
      mark = Math.imul(mark ^ memory_id ^ source_high[memory_id]!, 0x2c1b3c6d) ^ (mark >>> 15)
      mark = Math.imul(mark ^ of_low[row]! ^ source_low[memory_id]!, 0x297a2d39) ^ (mark >>> 13)
    }
    return mark >>> 0
  }

  /** The memories whose vectors were ever kept for a lane, also those that are not served any more. */
  *labels({ world }: Looking, { row: model }: ServingModel, { lane }: VectorLane): Generator<number> {
    const { of_high, of_low } = world.of(Vector)
    const rows = world.rows(Vector)
    for (let row = 1; row <= rows; row++) if (of_low[row] === 2 * model + lane) yield of_high[row]!
  }

  /**
   * Memories that are to get vectors, and vectors that are not indexed yet; 0 while embedding is off. Memories that no
   * one has looked at yet count, although some of them will need none.
   */
  pending(view: Looking): number {
    const { world } = view
    const { model, seen, sweep, waiting, running } = world.of(Embedding)
    if (model[1] === 0) return 0
    const again = sweep[1] === 0 ? 0 : Math.max(0, seen[1]! - sweep[1]! + 1)
    const unseen = Math.max(0, world.rows(Memory) - seen[1]!)
    return waiting[1]! + running[1]! + again + unseen + this.unindexed(view)
  }

  /** Vectors in the record that no index holds yet. */
  unindexed(view: Looking): number {
    const { world } = view
    const wanted = this.wanted(view, this.canonical)
    if (wanted === undefined) return 0
    if (this.canonical.model?.row !== wanted.row) return world.of(EmbedModel).vectors[wanted.row]!
    return Math.max(this.canonical.behind(world), this.eidolon.behind(world))
  }

  /** Whether whoever embeds has failed and is left alone for a while. */
  isAway({ world, now_ms }: Looking & { readonly now_ms: number }): boolean {
    const { failures, paused_until_ms } = world.of(Embedding)
    return failures[1]! > 0 && paused_until_ms[1]! > now_ms
  }

  /** The field in force in words, as it stands before a text that is embedded as seen under it; empty when none is. */
  phrase(view: Looking): string {
    const row = view.world.rows(FieldInForce)
    const text = row === 0 ? undefined : view.read('field', row)
    return text === undefined ? '' : phraseOf(JSON.parse(text) as FieldClasses)
  }

  /** A number that changes whenever embedding gets on. */
  progress({ world }: Looking): number {
    const { embedded, sweep, seen } = world.of(Embedding)
    return embedded[1]! + sweep[1]! + seen[1]!
  }
}
