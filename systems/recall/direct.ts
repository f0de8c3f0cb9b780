import type { Columns } from '../../engine/world/columns.ts'
import type { World } from '../../engine/world/world.ts'
import { Edge, Key, Mark, type Memory, MentionField } from '../components.ts'
import { rarity } from '../daimoi/weights.ts'
import { dateFit } from './calendar.ts'
import { Part, type Pool } from './pool.ts'
import type { Query } from './query.ts'
import type { Settings } from './settings.ts'

/** The columns of all memories. */
export type MemoryColumns = Columns<(typeof Memory)['schema']>

/** What the parts of a score are computed from: the world, one query, and the memories that it looks at. */
export type Scene = {
  readonly world: World
  readonly memory: MemoryColumns
  readonly pool: Pool
  readonly query: Query
  readonly settings: Settings
  /** How many memories there are, for the rarity of keys. */
  readonly memories: number
}

/** The turns from which a turn inherits; 0 where there is none. */
export type Around = { asked: number; said: number; next: number }

/** How many turns before it the same person is looked for. */
const backMax = 3

/** Looks for the turns around a memory; what was deleted lends nothing. */
export function aroundOf({ previous, next, author, marks, deleted }: MemoryColumns, row: number, into: Around): void {
  const before = previous[row]!
  const asks = before !== 0 && deleted[before] === 0 && (marks[before]! & Mark.question) !== 0
  into.asked = asks && author[before] !== author[row] ? before : 0
  into.next = deleted[next[row]!] === 0 ? next[row]! : 0
  into.said = 0
  let back = before
  for (let turns = 0; back !== 0 && turns < backMax && into.said === 0; turns++) {
    if (author[back] === author[row] && deleted[back] === 0) into.said = back
    back = previous[back]!
  }
}

/** How much each thread speaks of each word, over the rows that the lexical lane gave. */
export class Talk {
  readonly #threads = new Map<number, number>()
  #sums = new Float64Array(0)
  #terms = 0

  /** Gathers anew what the threads of some slots speak of. */
  gather({ memory: { thread }, pool, query }: Scene, seeds: Uint32Array): void {
    this.#threads.clear()
    this.#terms = query.terms.length
    const length = seeds.length * this.#terms
    if (this.#sums.length < length) this.#sums = new Float64Array(length)
    else this.#sums.fill(0, 0, length)
    for (const slot of seeds) {
      const of = thread[pool.rows[slot]!]!
      if (of === 0) continue
      const known = this.#threads.get(of)
      const at = known ?? this.#threads.size * this.#terms
      if (known === undefined) this.#threads.set(of, at)
      for (let term = 0; term < this.#terms; term++) this.#sums[at + term]! += frequencyPart(pool, query, slot, term)
    }
  }

  /** Where the sums of a thread begin; -1 when nobody spoke there. */
  of(thread: number): number {
    return this.#threads.get(thread) ?? -1
  }

  /** How much there is of a word. @param at of `of` */
  sum(at: number, term: number): number {
    return at < 0 ? 0 : this.#sums[at + term]!
  }
}

/** BM25 without the rarity: how much of a word there is in a memory, 0 to k1 + 1. */
export function frequencyPart(pool: Pool, query: Query, slot: number, term: number): number {
  const weight = query.weights[term]!
  return weight === 0 ? 0 : pool.word(slot, term) / weight
}

/**
 * The parts of a candidate's score that come from itself and what stands around it; its surroundings must be in the pool.
 * O(words of the query).
 */
export function scoreDirect(scene: Scene, talk: Talk, slot: number): void {
  const { memory, pool, query, settings } = scene
  const row = pool.rows[slot]!
  if (query.authors.size === 1 && query.authors.has(memory.author[row]!))
    pool.setPart(slot, Part.author, settings.author)
  if (memory.thread[row] === 0) {
    pool.setPart(slot, Part.lexical, wordsAlone(pool, slot) / query.scale)
    pool.setPart(slot, Part.length, settings.alone)
  } else {
    scoreWords(scene, talk, slot, row)
    const words = memory.words[row]!
    pool.setPart(slot, Part.length, (settings.length * words) / (words + settings.length_words))
    const marks = memory.marks[row]!
    if (query.asksWhen && (marks & Mark.time) !== 0) pool.setPart(slot, Part.when, settings.when)
    if ((marks & Mark.asking) !== 0) pool.setPart(slot, Part.asking, -settings.asking)
    if (query.date !== undefined) {
      const fit = dateFit(query.date, memory.happened_at_ms[row]!, settings.date_days)
      pool.setPart(slot, Part.date, settings.date * fit)
    }
  }
  pool.settle(slot)
}

function wordsAlone(pool: Pool, slot: number): number {
  let sum = 0
  for (let term = 0; term < pool.terms; term++) sum += pool.word(slot, term)
  return sum
}

/** What the words give to a turn: its own, those of the turns around it, and those of its thread. */
function scoreWords({ memory, pool, query, settings }: Scene, talk: Talk, slot: number, row: number): void {
  const spoken = talk.of(memory.thread[row]!)
  const asked = pool.asked[slot]!
  const said = pool.said[slot]!
  const { saturation } = settings
  let lexical = 0
  let context = 0
  let thread = 0
  for (let term = 0; term < query.terms.length; term++) {
    const weight = query.weights[term]!
    if (weight === 0) continue
    const own = frequencyPart(pool, query, slot, term)
    const near =
      settings.asked * frequencyPart(pool, query, asked, term) + settings.said * frequencyPart(pool, query, said, term)
    const alone = own / (own + saturation)
    const sum = talk.sum(spoken, term)
    lexical += weight * (settings.own * own + alone)
    context += weight * ((own + near) / (own + near + saturation) - alone)
    thread += weight * settings.thread * (sum / (sum + 1))
  }
  pool.setPart(slot, Part.lexical, lexical / query.scale)
  pool.setPart(slot, Part.context, context / query.scale)
  pool.setPart(slot, Part.thread, thread / query.scale)
}

/** Calls for each edge by which a thing of the query is known: its newest title, then the newest mentions, at most so many. */
export function eachThingEdge(world: World, key: number, most: number, call: (edge: number) => void): void {
  const { newest_edge, title_edge } = world.of(Key)
  const { older } = world.of(Edge)
  const title = title_edge[key]!
  if (title !== 0) call(title)
  for (let edge = newest_edge[key]!, left = most; edge !== 0 && left > 0; edge = older[edge]!, left--) {
    if (edge !== title) call(edge)
  }
}

/** What a thing of the query gives to the memory that is titled so, and what to one that mentions it. */
export function worthOfThing({ world, query, settings, memories }: Scene, key: number, field: number): number {
  const rare = rarity(memories, world.of(Key).degree[key]!) * Math.log(1 + memories)
  const much = field === MentionField.title ? settings.titled : settings.mentioned
  return (much * rare) / (settings.thingScale * query.raritySum)
}

/** Adds what the query's named things give to the candidates that have them. */
export function scoreThings(scene: Scene): void {
  const { world, pool, query, settings } = scene
  const { memory_id, field } = world.of(Edge)
  for (const { key } of query.things) {
    const titled = worthOfThing(scene, key, MentionField.title)
    const mentioned = worthOfThing(scene, key, MentionField.text)
    eachThingEdge(world, key, settings.mentioned_max, (edge) => {
      const slot = pool.slotOf(memory_id[edge]!)
      const worth = field[edge] === MentionField.title ? titled : mentioned
      if (!pool.isCandidate(slot) || worth === 0) return
      pool.setPart(slot, Part.thing, pool.part(slot, Part.thing) + worth)
      pool.settle(slot)
    })
  }
}
