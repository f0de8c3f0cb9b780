import { Edge, Memory } from './components.ts'
import type { Condition } from './daimoi/walk.ts'
import { circuitWeights, weightsWithout } from './daimoi/weights.ts'
import { type Lanes, lanesOf } from './eidolon/lanes.ts'
import type { Reading } from './memory/text-of.ts'
import { confidenceOf } from './recall/confidence.ts'
import { eachDatedRow } from './recall/dated.ts'
import { type Around, aroundOf, eachThingEdge, type Scene, scoreDirect, scoreThings, Talk } from './recall/direct.ts'
import { type Accept, filterOf, hitsOf } from './recall/filter.ts'
import { hitsFrom } from './recall/hits.ts'
import { Part, Pool } from './recall/pool.ts'
import { readQuery } from './recall/query.ts'
import { settings as defaults, type Settings } from './recall/settings.ts'
import { anchor, conditionOf, type Spread, spread, type Terrain } from './recall/spread.ts'
import type { Recall, RecallOptions } from './recall/types.ts'

/** A recall whose words have been weighed, before texts are read. Good until the next recall begins. */
export type Ranked = {
  readonly scene: Scene
  readonly talk: Talk
  /** Slots of the pool, best first. */
  readonly order: readonly number[]
  readonly spread: Spread
  readonly condition: Condition
  readonly confidence: number
}

/**
 * Finds memories: by their words, by what stands around them, and by walks along what they share. A pure read of the world
 * between two ticks; it waits for nothing and changes nothing.
 * @param view an engine, or what an adapter sees of one
 * @param settings the ranker's numbers, for those who measure what each is worth
 * @throws EngineError RECALL_OPTION
 */
export function recall(
  view: Reading,
  text: string,
  options: RecallOptions = {},
  settings: Settings = defaults,
): Recall {
  const hits_max = hitsOf(options)
  const ranked = rank(view, text, options, settings)
  const hits = hitsFrom(view, ranked, hits_max, options.explain === true)
  const { confidence } = ranked
  const answered = hits.length > 0 && confidence >= settings.answered
  return { query: text, answered, confidence, hits, [Symbol.iterator]: () => hits[Symbol.iterator]() }
}

const pool = new Pool()
const talk = new Talk()

/** All of recall but reading texts. @throws EngineError RECALL_OPTION */
export function rank(view: Reading, text: string, options: RecallOptions, settings: Settings = defaults): Ranked {
  const { world } = view
  const lanes = lanesOf(world)
  if (!lanes.kept) lanes.catchUp(view)
  const passes = filterOf(world, options)
  const newest = lanes.text.newest
  const accept: Accept = (row) => row <= newest && passes(row)
  const query = readQuery(world, lanes.text, text, settings)
  pool.begin(query.terms.length)
  const scene: Scene = { world, memory: world.of(Memory), pool, query, settings, memories: lanes.text.documents }
  const seeds = gather(scene, lanes, accept, options)
  talk.gather(scene, seeds)
  for (let at = 0; at < pool.candidateCount; at++) scoreDirect(scene, talk, pool.candidates[at]!)
  scoreThings(scene)
  const kinds = weightsWithout(circuitWeights(options.circuit), settings.without ?? [])
  const terrain: Terrain = {
    scene,
    condition: {
      ...conditionOf(query, scene.memories, kinds, settings),
      frequency: (term) => lanes.text.frequency(term),
      standing: { rows: pool.rows, count: seeds.length },
    },
    budget: budgetOf(options, settings),
    admit: (rows, count) => {
      const before = pool.candidateCount
      for (let at = 0; at < count; at++) if (accept(rows[at]!)) pool.admit(rows[at]!)
      complete(scene, lanes, before)
      for (let at = before; at < pool.candidateCount; at++) scoreDirect(scene, talk, pool.candidates[at]!)
    },
  }
  const walked = spread(terrain)
  anchor(terrain, walked)
  const order = pool.best(orderOver * hitsOf(options))
  return { scene, talk, order, spread: walked, condition: terrain.condition, confidence: confidenceOf(scene, order) }
}

/** How many candidates are put in order for each hit that is asked for: of one event or family only the best is shown. */
const orderOver = 8

const around: Around = { asked: 0, said: 0, next: 0 }

/**
 * Brings the candidates: what the words find, what stands around the best of it, a named date's, and named things'.
 * @returns the slots of what the words find, which are the first of the pool
 */
function gather(scene: Scene, lanes: Lanes, accept: Accept, options: RecallOptions): Uint32Array {
  const { world, memory, query, settings } = scene
  const admit = (row: number): void => {
    if (row !== 0 && accept(row)) pool.admit(row)
  }
  const found = lanes.text.search(query.terms, settings.seeds_max, accept)
  const seeds = found.rows.slice(0, found.count)
  for (let at = 0; at < seeds.length; at++) seeds[at] = pool.admit(seeds[at]!)
  for (const row of found.rows.subarray(0, Math.min(found.count, settings.around_max))) {
    aroundOf(memory, row, around)
    admit(memory.previous[row]!)
    admit(around.said)
    admit(around.next)
    admit(memory.next[around.next]!)
  }
  if (query.date !== undefined) eachDatedRow(world, query.date, settings.dated_max, admit)
  const { memory_id } = world.of(Edge)
  for (const { key } of query.things) {
    eachThingEdge(world, key, settings.mentioned_max, (edge) => admit(memory_id[edge]!))
  }
  meaning(scene, lanes.canonical, options.vector, accept)
  meaning(scene, lanes.eidolon, options.field_vector, accept)
  complete(scene, lanes, 0)
  return seeds
}

/** Lends the candidates from one on what stands around them, and asks the index for all that is new. */
function complete({ memory, query }: Scene, lanes: Lanes, from: number): void {
  for (let at = from; at < pool.candidateCount; at++) {
    const slot = pool.candidates[at]!
    aroundOf(memory, pool.rows[slot]!, around)
    const asked = pool.lend(around.asked)
    const said = pool.lend(around.said)
    pool.asked[slot] = asked
    pool.said[slot] = said
  }
  pool.score(lanes.text, query.terms)
}

/** A lane of meaning brings what lies near the query's vector, and says how near; of two lanes the nearer counts. */
function meaning(
  { settings }: Scene,
  lane: Lanes['canonical'],
  vector: Float32Array | undefined,
  accept: Accept,
): void {
  if (lane === undefined || vector === undefined) return
  const near = lane.search(vector, settings.meaning_max, accept)
  near.labels.forEach((row, at) => {
    const slot = pool.admit(row)
    const value = settings.meaning * Math.max(0, near.scores[at]!)
    if (value > pool.part(slot, Part.meaning)) pool.setPart(slot, Part.meaning, value)
  })
}

function budgetOf({ walkers_max, hops_max }: RecallOptions, settings: Settings): Terrain['budget'] {
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
export type { Explanation, Hit, Recall, RecallOptions, ScorePart } from './recall/types.ts'
