import { Edge, Key, MentionField } from '../components.ts'
import { type Budget, type Condition, choose, follow, Leads, Links } from '../daimoi/walk.ts'
import { type KindWeights, rarity } from '../daimoi/weights.ts'
import { eachThingEdge, frequencyPart, type Scene } from './direct.ts'
import { Part } from './pool.ts'
import type { Query } from './query.ts'
import { anchorOwn } from './recompute.ts'
import { settings as defaults, type Settings } from './settings.ts'

/** How a memory was reached: from which memory, along which edge of it, arriving by which edge of its own. */
export type Step = {
  readonly from: number
  readonly edge: number
  readonly arrival: number
  readonly value: number
  /** The score of the memory it was reached from, as it was then. */
  readonly from_score: number
  /** 1 for the first hop, less for the next. */
  readonly decay: number
  /** Which words of the query the way there had, by term. */
  readonly cover: Uint8Array
}

export type Spread = {
  /** By slot. */
  readonly steps: Map<number, Step>
  /** Walkers that went, hops they made, memories they brought. */
  readonly spent: { walkers: number; hops: number; candidates: number }
  /** The best score after the walk. */
  readonly reached: number
}

/** What a walk is conditioned on, from a query. */
export function conditionOf(
  query: Query,
  memories: number,
  kinds: KindWeights,
  settings: Settings = defaults,
): Condition {
  const weights = new Float64Array(query.rarities.length)
  for (let term = 0; term < weights.length; term++)
    weights[term] = (settings.conditioned * query.rarities[term]!) / query.raritySum
  return {
    bits: query.bits,
    weights,
    known: new Set(query.things.map(({ key }) => key)),
    terms: new Set(query.terms.map(({ term }) => term)),
    memories,
    kinds,
    unconditioned: settings.unconditioned,
    intoText: settings.intoText,
  }
}

/** What the first hop may spend of the memories that a walk may bring. */
const firstHopShare = 0.75
const links = new Links(1024)
const leads = new Leads()

/** What the walkers need of the ranking around them. */
export type Terrain = {
  readonly scene: Scene
  readonly condition: Condition
  readonly budget: Budget & { readonly walkers_max: number; readonly hops_max: number }
  /** Makes rows candidates and scores them by themselves. */
  admit(rows: Uint32Array, count: number): void
}

/**
 * Sends walkers from the best candidates along the Nexus and lifts what they reach, never above what it was reached from.
 * Changes the part `walk` of the lifted candidates.
 */
export function spread(terrain: Terrain): Spread {
  const { scene, budget } = terrain
  const { pool, settings } = scene
  const steps = new Map<number, Step>()
  const spent = { walkers: 0, hops: 0, candidates: 0 }
  const [first] = pool.best(1)
  const top = first === undefined ? 0 : pool.total(first)
  let from = pool.best(budget.walkers_max).filter((slot) => pool.part(slot, Part.lexical) > 0)
  if (top <= 0) return { steps, spent, reached: top }
  const covered = new Map<number, Uint8Array>()
  for (const slot of from) covered.set(slot, coverOf(scene, slot, undefined))
  for (let hops = 0; hops < budget.hops_max && from.length > 0; hops++) {
    const decay = hops === 0 ? 1 : settings.secondHop
    const scores = new Map(from.map((slot) => [pool.rows[slot]!, pool.total(slot)]))
    leads.clear()
    for (const slot of from) {
      const strength = (openness(scene, covered.get(slot)!) * pool.total(slot)) / top
      if (strength <= 0) continue
      choose(scene.world, pool.rows[slot]!, strength, terrain.condition, budget.keys_max, leads)
      spent.hops++
    }
    if (hops === 0) spent.walkers = from.length
    links.clear(hops === 0 ? budget.candidates_max * firstHopShare : budget.candidates_max - spent.candidates)
    follow(scene.world, leads, terrain.condition, budget, links)
    spent.candidates += links.count
    terrain.admit(links.row, links.count)
    const lifted = lift(scene, { top, decay, scores, covered, steps })
    from = pool.sorted(lifted, settings.onward_max)
    for (const slot of from) {
      covered.set(slot, coverOf(scene, slot, covered.get(pool.slotOf(steps.get(slot)!.from))))
    }
  }
  return { steps, spent, reached: pool.total(pool.best(1)[0]!) }
}

/** How far a walk from a memory with these words goes: what covers the query already leads nowhere new. */
function openness({ query, settings }: Scene, cover: Uint8Array): number {
  let left = 0
  for (let term = 0; term < cover.length; term++) if (cover[term] === 0) left += query.rarities[term]!
  return Math.min(1, (settings.open * left) / query.raritySum)
}

type Lifting = {
  readonly top: number
  readonly decay: number
  readonly scores: ReadonlyMap<number, number>
  readonly covered: ReadonlyMap<number, Uint8Array>
  readonly steps: Map<number, Step>
}

/** Lifts what this hop has reached; returns the slots that rose. */
function lift(scene: Scene, { top, decay, scores, covered, steps }: Lifting): number[] {
  const { pool, query, settings } = scene
  const lifted: number[] = []
  for (let at = 0; at < links.count; at++) {
    const slot = pool.slotOf(links.row[at]!)
    if (!pool.isCandidate(slot)) continue
    const from = links.from[at]!
    const source = pool.slotOf(from)
    const cover = covered.get(source)!
    let rest = 0
    let over = 0
    for (let term = 0; term < query.terms.length; term++) {
      if (query.weights[term] === 0) continue
      const own = frequencyPart(pool, query, slot, term)
      if (cover[term] === 1) over += query.rarities[term]! * Math.min(own, frequencyPart(pool, query, source, term))
      else if (own > 0) rest += query.rarities[term]!
    }
    const before = pool.part(slot, Part.walk)
    const from_score = scores.get(from)!
    const direct = pool.total(slot) - before
    const handed =
      decay * settings.share * links.value[at]! * top * (1 + (settings.rest * rest) / query.raritySum) -
      (settings.overlap * over) / query.raritySum
    const walk = Math.min(handed, settings.below * from_score - direct)
    if (walk <= before || walk <= 0) continue
    pool.setPart(slot, Part.walk, walk)
    pool.settle(slot)
    steps.set(slot, {
      from,
      edge: links.edge[at]!,
      arrival: links.arrival[at]!,
      value: links.value[at]!,
      from_score,
      decay,
      cover,
    })
    lifted.push(slot)
  }
  return lifted
}

/** Which words of the query a memory has, together with what led to it. */
function coverOf({ pool, query }: Scene, slot: number, before: Uint8Array | undefined): Uint8Array {
  const cover = new Uint8Array(query.terms.length)
  for (let term = 0; term < cover.length; term++) {
    cover[term] = pool.word(slot, term) > 0 || before?.[term] === 1 ? 1 : 0
  }
  return cover
}

/** What the query names by its title stays near the top, in the order of its own score, whatever the walk has lifted. */
export function anchor({ scene, condition }: Terrain, { steps, reached }: Spread): void {
  if (reached <= 0) return
  const { world, pool, query, settings } = scene
  const { degree, title_edge } = world.of(Key)
  for (const thing of query.things) {
    if (!thing.capital || thing.numeric || title_edge[thing.key] === 0) continue
    if (rarity(condition.memories, degree[thing.key]!) < settings.anchorRarity) continue
    if (query.things.some((other) => isInside(thing, other) && title_edge[other.key] !== 0)) continue
    const slot = bestTitled(scene, thing.key)
    if (slot < 0) continue
    const own = pool.total(slot) - pool.part(slot, Part.walk) - pool.part(slot, Part.anchor)
    const least = reached * settings.anchor + anchorOwn * own
    if (pool.total(slot) >= least) continue
    pool.setPart(slot, Part.walk, 0)
    pool.setPart(slot, Part.anchor, least - own)
    pool.settle(slot)
    steps.delete(slot)
  }
}

/** The candidate that is titled so and by itself stands best; -1 for none. */
function bestTitled({ world, pool, settings }: Scene, key: number): number {
  const { memory_id, field } = world.of(Edge)
  let best = -1
  let most = Number.NEGATIVE_INFINITY
  eachThingEdge(world, key, settings.mentioned_max, (edge) => {
    const slot = pool.slotOf(memory_id[edge]!)
    if (field[edge] !== MentionField.title || !pool.isCandidate(slot)) return
    const own = pool.total(slot) - pool.part(slot, Part.walk) - pool.part(slot, Part.anchor)
    if (own <= most) return
    most = own
    best = slot
  })
  return best
}

function isInside(thing: { first: number; past: number }, other: { first: number; past: number }): boolean {
  return other.first <= thing.first && other.past >= thing.past && other.past - other.first > thing.past - thing.first
}
