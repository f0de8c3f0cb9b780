import type { World } from '../../engine/world/world.ts'
import { Edge, Key, Memory, MentionField } from '../components.ts'
import { degreePenalty, type KindWeights, rarity } from './weights.ts'

/** What a walk may spend, in counts, so that the same world gives the same walk whatever the machine. */
export type Budget = {
  /** Keys followed from a node. */
  readonly keys_max: number
  /** Edges read of a key: its title's, then the newest. */
  readonly edges_max: number
  /** Memories that all walkers together may bring. */
  readonly candidates_max: number
}

/** What the walkers look for, and how they weigh a link. */
export type Condition = {
  /** The bit of each word of the query, and its weight; the weights add up to 1. */
  readonly bits: Int32Array
  readonly weights: Float64Array
  /** Rows in Key that the query names itself: they lead nowhere new. */
  readonly known: ReadonlySet<number>
  /** How many memories there are, for the rarity of keys. */
  readonly memories: number
  readonly kinds: KindWeights
  /** What a link with none of the words near it is worth, against 1 more for one with all of them. */
  readonly unconditioned: number
  /** A link to a mention in a text, against 1 to a title. */
  readonly intoText: number
}

/** Where walkers have been: parallel arrays, one entry a memory, its best link. */
export class Links {
  count = 0
  row: Uint32Array
  from: Uint32Array
  /** Edge at the source that was followed, and the edge by which it arrived. */
  edge: Uint32Array
  arrival: Uint32Array
  value: Float64Array
  readonly #index = new Map<number, number>()
  readonly #most: number

  constructor(candidates_max: number) {
    this.#most = candidates_max
    this.row = new Uint32Array(candidates_max)
    this.from = new Uint32Array(candidates_max)
    this.edge = new Uint32Array(candidates_max)
    this.arrival = new Uint32Array(candidates_max)
    this.value = new Float64Array(candidates_max)
  }

  clear(): void {
    this.count = 0
    this.#index.clear()
  }

  /** Keeps a link when it is the first to its memory, or better than the one before. @returns whether there was room */
  add(row: number, from: number, edge: number, arrival: number, value: number): boolean {
    let at = this.#index.get(row)
    if (at === undefined) {
      if (this.count === this.#most) return false
      at = this.count++
      this.#index.set(row, at)
      this.row[at] = row
    } else if (this.value[at]! >= value) return true
    this.from[at] = from
    this.edge[at] = edge
    this.arrival[at] = arrival
    this.value[at] = value
    return true
  }
}

const followed = { edge: new Uint32Array(256), value: new Float64Array(256), count: 0 }

/**
 * One hop of one walker: from a memory along its best keys to the memories that share them. Reads columns alone, no text;
 * O(edges of the memory + keys_max * edges_max).
 * @param strength multiplies every link, 1 for a walker at the best seed
 */
export function hop(world: World, from: number, strength: number, on: Condition, budget: Budget, into: Links): void {
  chooseKeys(world, from, on, budget.keys_max)
  const edge = world.of(Edge)
  const key = world.of(Key)
  for (let at = 0; at < followed.count; at++) {
    const followedEdge = followed.edge[at]!
    const row = edge.key[followedEdge]!
    const value = followed.value[at]! * strength
    let left = budget.edges_max
    const title = key.title_edge[row]!
    if (title !== 0) {
      left--
      arrive(world, from, followedEdge, title, value, into)
    }
    for (let next = key.newest_edge[row]!; next !== 0 && left > 0; next = edge.older[next]!, left--) {
      if (next === title) continue
      const worth = edge.field[next] === MentionField.title ? value : value * on.intoText
      arrive(world, from, followedEdge, next, worth, into)
    }
  }
}

function arrive(world: World, from: number, followedEdge: number, arrival: number, value: number, into: Links): void {
  const row = world.of(Edge).memory_id[arrival]!
  if (row === from) return
  const { deleted, replaced_by, thread } = world.of(Memory)
  if (deleted[row] !== 0 || replaced_by[row] !== 0) return
  // The turns of its own thread are ranked by what they inherit; a walk is to lead out of it.
  if (thread[row] !== 0 && thread[row] === thread[from]) return
  into.add(row, from, followedEdge, arrival, value)
}

/** The keys that lead best from a memory: rare ones, with words of the query near their mention. Ties by edge. */
function chooseKeys(world: World, from: number, on: Condition, keys_max: number): void {
  const { first_edge, edges } = world.of(Memory)
  const edge = world.of(Edge)
  const { kind, degree } = world.of(Key)
  followed.count = 0
  const first = first_edge[from]!
  for (let at = first; at < first + edges[from]!; at++) {
    const row = edge.key[at]!
    const weight = on.kinds[kind[row]!]!
    if (weight === 0 || degree[row]! < 2 || on.known.has(row)) continue
    const inText = edge.field[at] === MentionField.text || edge.field[at] === MentionField.opening
    const near = inText ? nearness(edge.signature[at]!, on) : 0
    const worth = weight * rarity(on.memories, degree[row]!) * degreePenalty(degree[row]!)
    insert(at, (on.unconditioned + near) * worth, keys_max)
  }
}

/** The share of the query's words, by weight, that may stand near a mention. */
function nearness(signature: number, { bits, weights }: Condition): number {
  let near = 0
  for (let at = 0; at < bits.length; at++) if ((signature & bits[at]!) !== 0) near += weights[at]!
  return near
}

function insert(edge: number, value: number, most: number): void {
  let at = followed.count
  while (at > 0 && followed.value[at - 1]! < value) at--
  if (at >= most) return
  followed.count = Math.min(most, followed.count + 1)
  for (let index = followed.count - 1; index > at; index--) {
    followed.edge[index] = followed.edge[index - 1]!
    followed.value[index] = followed.value[index - 1]!
  }
  followed.edge[at] = edge
  followed.value[at] = value
}
