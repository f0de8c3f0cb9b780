import type { World } from '../engine/world/world.ts'
import { Edge, Memory } from './components.ts'
import { circuitWeights } from './daimoi/weights.ts'
import { type Lanes, lanesOf } from './eidolon/lanes.ts'
import type { Reading } from './memory/text-of.ts'
import { confidenceOf } from './recall/confidence.ts'
import { datedRows } from './recall/dated.ts'
import { type Around, aroundOf, scoreDirect, scoreThings, type Talk, talkOf, thingEdges } from './recall/direct.ts'
import { type Accept, filterOf, hitsOf } from './recall/filter.ts'
import { hitsFrom } from './recall/hits.ts'
import { Pool } from './recall/pool.ts'
import { type Query, readQuery } from './recall/query.ts'
import { settings } from './recall/settings.ts'
import { anchor, conditionOf, type Spread, spread, type Terrain } from './recall/spread.ts'
import type { Recall, RecallOptions } from './recall/types.ts'

/** A recall whose words have been weighed, before texts are read. */
export type Ranked = {
  readonly query: Query
  readonly pool: Pool
  /** Slots of the pool, best first. */
  readonly order: readonly number[]
  readonly spread: Spread
  readonly confidence: number
}

/**
 * Finds memories: by their words, by what stands around them, and by walks along what they share. A pure read of the world
 * between two ticks; it waits for nothing and changes nothing.
 * @param view an engine, or what an adapter sees of one
 * @throws EngineError RECALL_OPTION
 */
export function recall(view: Reading, text: string, options: RecallOptions = {}): Recall {
  const hits_max = hitsOf(options)
  const ranked = rank(view, text, options)
  const hits = hitsFrom(view, ranked, hits_max, options.explain === true)
  const { confidence } = ranked
  const answered = hits.length > 0 && confidence >= settings.answered
  return { query: text, answered, confidence, hits, [Symbol.iterator]: () => hits[Symbol.iterator]() }
}

/** All of recall but reading texts. @throws EngineError RECALL_OPTION */
export function rank(view: Reading, text: string, options: RecallOptions): Ranked {
  const { world } = view
  const lanes = lanesOf(world)
  if (!lanes.kept) lanes.catchUp(view)
  const passes = filterOf(world, options)
  const accept: Accept = (row) => row <= lanes.text.newest && passes(row)
  const query = readQuery(world, lanes.text, text)
  const pool = new Pool(query.terms.length)
  const talk = gather(world, lanes, pool, query, accept)
  meaning(lanes, pool, options, accept)
  const memories = lanes.text.documents
  for (const slot of pool.candidates) scoreDirect(world, pool, query, talk, slot)
  scoreThings(world, pool, query, memories)
  const terrain: Terrain = {
    world,
    pool,
    query,
    condition: conditionOf(query, memories, circuitWeights(options.circuit)),
    budget: budgetOf(options),
    admit: (rows, count) => {
      const before = pool.candidates.length
      for (let at = 0; at < count; at++) if (accept(rows[at]!)) pool.admit(rows[at]!)
      complete(world, lanes, pool, query, before)
      for (const slot of pool.candidates.slice(before)) scoreDirect(world, pool, query, talk, slot)
    },
  }
  const walked = spread(terrain)
  anchor(terrain, walked.steps)
  const order = pool.best(pool.candidates, pool.candidates.length)
  return { query, pool, order, spread: walked, confidence: confidenceOf(world, pool, query, order) }
}

const around: Around = { asked: 0, said: 0, next: 0 }

/** Brings the candidates: what the words find, what stands around the best of it, a named date's, and named things'. */
function gather(world: World, lanes: Lanes, pool: Pool, query: Query, accept: Accept): Talk {
  const memory = world.of(Memory)
  const admit = (row: number): void => {
    if (row !== 0 && accept(row)) pool.admit(row)
  }
  const found = lanes.text.search(query.terms, settings.seeds_max, accept)
  const seeds = Array.from(found.rows.subarray(0, found.count), (row) => pool.admit(row))
  for (const row of found.rows.subarray(0, Math.min(found.count, settings.around_max))) {
    aroundOf(world, row, around)
    admit(memory.previous[row]!)
    admit(around.said)
    admit(around.next)
    admit(memory.next[around.next]!)
  }
  if (query.date !== undefined) for (const row of datedRows(world, query.date, settings.dated_max)) admit(row)
  for (const { key } of query.things) {
    for (const edge of thingEdges(world, key)) admit(world.of(Edge).memory_id[edge]!)
  }
  complete(world, lanes, pool, query, 0)
  return talkOf(world, pool, query, seeds)
}

/** Lends the candidates from one on what stands around them, and asks the index for all that is new. */
function complete(world: World, lanes: Lanes, pool: Pool, query: Query, from: number): void {
  const { previous } = world.of(Memory)
  for (let at = from; at < pool.candidates.length; at++) {
    const row = pool.rows[pool.candidates[at]!]!
    aroundOf(world, row, around)
    pool.lend(previous[row]!)
    pool.lend(around.said)
    pool.lend(around.next)
  }
  pool.score(lanes.text, query.terms)
}

/** The lanes of meaning bring what lies near the query's vector, and say how near. */
function meaning(lanes: Lanes, pool: Pool, { vector }: RecallOptions, accept: Accept): void {
  if (vector === undefined || lanes.canonical === undefined) return
  const near = lanes.canonical.search(vector, settings.meaning_max, accept)
  const slots = Array.from(near.labels, (row) => pool.admit(row))
  for (const [at, slot] of slots.entries()) {
    pool.setPart(slot, 'meaning', settings.meaning * Math.max(0, near.scores[at]!))
  }
}

function budgetOf({ walkers_max, hops_max }: RecallOptions): Terrain['budget'] {
  const { keys_max, edges_max, candidates_max } = settings
  return {
    keys_max,
    edges_max,
    candidates_max,
    walkers_max: Math.min(walkers_max ?? settings.walkers_max, settings.walkers_max),
    hops_max: Math.min(hops_max ?? settings.hops_max, settings.hops_max),
  }
}

export { Key, Memory } from './components.ts'
export { type Lanes, lanesOf } from './eidolon/lanes.ts'
export { decodeSegment, encodeSegment, type Segment } from './eidolon/text-index.ts'
export type { Hit, Recall, RecallOptions, ScorePart } from './recall/types.ts'
