import type { World } from '../../engine/world/world.ts'
import { Edge, Key, Mark, Memory } from '../components.ts'
import { rarity } from '../daimoi/weights.ts'
import { MentionField } from '../memory/mentions.ts'
import { dateFit } from './calendar.ts'
import type { Pool } from './pool.ts'
import type { Query } from './query.ts'
import { settings } from './settings.ts'

/** The turns from which a turn inherits; 0 where there is none. */
export type Around = { asked: number; said: number; next: number }

/** Looks for the turns around a memory. O(back_max). */
export function aroundOf(world: World, row: number, into: Around): void {
  const { previous, next, author, marks } = world.of(Memory)
  const before = previous[row]!
  const answers = before !== 0 && (marks[before]! & Mark.question) !== 0 && author[before] !== author[row]
  into.asked = answers ? before : 0
  into.next = next[row]!
  into.said = 0
  let back = before
  for (let turns = 0; back !== 0 && turns < settings.back_max && into.said === 0; turns++) {
    if (author[back] === author[row]) into.said = back
    back = previous[back]!
  }
}

const around: Around = { asked: 0, said: 0, next: 0 }

/** How much each thread speaks of each word, over the rows that the lexical lane gave. */
export type Talk = ReadonlyMap<number, Float64Array>

export function talkOf(world: World, pool: Pool, query: Query, seeds: readonly number[]): Talk {
  const { thread } = world.of(Memory)
  const talk = new Map<number, Float64Array>()
  for (const slot of seeds) {
    const of = thread[pool.rows[slot]!]!
    if (of === 0) continue
    const sums = talk.get(of) ?? new Float64Array(query.terms.length)
    for (let term = 0; term < sums.length; term++) sums[term]! += frequencyPart(pool, query, slot, term)
    talk.set(of, sums)
  }
  return talk
}

/** BM25 without the rarity: how much of a word there is in a memory, 0 to k1 + 1. */
function frequencyPart(pool: Pool, query: Query, slot: number, term: number): number {
  const weight = query.weights[term]!
  return weight === 0 ? 0 : pool.word(slot, term) / weight
}

/**
 * The parts of a candidate's score that come from itself and what stands around it; its surroundings must be in the pool.
 * O(words of the query).
 */
export function scoreDirect(world: World, pool: Pool, query: Query, talk: Talk, slot: number): void {
  const row = pool.rows[slot]!
  const memory = world.of(Memory)
  const thread = memory.thread[row]!
  const sums = talk.get(thread)
  aroundOf(world, row, around)
  const asked = pool.slotOf(around.asked)
  const said = pool.slotOf(around.said)
  let lexical = 0
  let context = 0
  let ofThread = 0
  for (let term = 0; term < query.terms.length; term++) {
    const weight = query.weights[term]!
    if (weight === 0) continue
    const own = frequencyPart(pool, query, slot, term)
    if (thread === 0) {
      lexical += weight * own
      continue
    }
    const near =
      settings.asked * frequencyPart(pool, query, asked, term) + settings.said * frequencyPart(pool, query, said, term)
    lexical += weight * (settings.own * own + saturated(own))
    context += weight * (saturated(own + near) - saturated(own))
    const sum = sums?.[term] ?? 0
    ofThread += weight * settings.thread * (sum / (sum + 1))
  }
  pool.setPart(slot, 'lexical', lexical / query.scale)
  if (query.authors.size === 1 && query.authors.has(memory.author[row]!)) pool.setPart(slot, 'author', settings.author)
  if (thread === 0) return pool.setPart(slot, 'length', settings.alone)
  pool.setPart(slot, 'context', context / query.scale)
  pool.setPart(slot, 'thread', ofThread / query.scale)
  const words = memory.words[row]!
  pool.setPart(slot, 'length', (settings.length * words) / (words + settings.length_words))
  const marks = memory.marks[row]!
  if (query.asksWhen && (marks & Mark.time) !== 0) pool.setPart(slot, 'when', settings.when)
  if ((marks & Mark.asking) !== 0) pool.setPart(slot, 'asking', -settings.asking)
  if (query.date !== undefined) {
    pool.setPart(slot, 'date', settings.date * dateFit(query.date, memory.happened_at_ms[row]!, settings.date_days))
  }
}

function saturated(frequency: number): number {
  return frequency / (frequency + settings.saturation)
}

/** Rows that mention or are titled by a thing of the query, with the edge that says so: titles, then the newest. */
export function* thingEdges(world: World, key: number): Generator<number> {
  const { newest_edge, title_edge } = world.of(Key)
  const title = title_edge[key]!
  if (title !== 0) yield title
  let left = settings.mentioned_max
  for (let edge = newest_edge[key]!; edge !== 0 && left > 0; edge = world.of(Edge).older[edge]!, left--) {
    if (edge !== title) yield edge
  }
}

/** Adds what the query's named things give to the candidates that have them; each thing counts once a memory. */
export function scoreThings(world: World, pool: Pool, query: Query, memories: number): void {
  const edges = world.of(Edge)
  for (const { key, numeric } of query.things) {
    const degree = world.of(Key).degree[key]!
    const rare = rarity(memories, degree) * Math.log(1 + memories) * (numeric ? 0.3 : 1)
    const best = new Map<number, number>()
    for (const edge of thingEdges(world, key)) {
      const slot = pool.slotOf(edges.memory_id[edge]!)
      if (slot < 0) continue
      const worth = rare * (edges.field[edge] === MentionField.title ? settings.titled : settings.mentioned)
      if (worth > (best.get(slot) ?? 0)) best.set(slot, worth)
    }
    for (const [slot, worth] of best) {
      pool.setPart(slot, 'thing', pool.part(slot, 'thing') + worth / (settings.thingScale * query.scale))
    }
  }
}
