import type { World } from '../../engine/world/world.ts'
import { Edge, Key } from '../components.ts'
import { type Budget, type Condition, hop, Links } from '../daimoi/walk.ts'
import type { KindWeights } from '../daimoi/weights.ts'
import { rarity } from '../daimoi/weights.ts'
import type { Pool } from './pool.ts'
import type { Query } from './query.ts'
import { settings } from './settings.ts'

/** How a memory was reached: from which memory, along which edge of it, arriving by which edge of its own. */
export type Step = { readonly from: number; readonly edge: number; readonly arrival: number; readonly value: number }

export type Spread = {
  /** By slot. */
  readonly steps: Map<number, Step>
  /** Walkers that went, hops they made, memories they brought. */
  readonly spent: { walkers: number; hops: number; candidates: number }
}

/** What a walk is conditioned on, from a query. */
export function conditionOf(query: Query, memories: number, kinds: KindWeights): Condition {
  const weights = new Float64Array(query.weights.length)
  for (let term = 0; term < weights.length; term++) weights[term] = query.weights[term]! / query.scale
  return {
    bits: query.bits,
    weights,
    known: new Set(query.things.map(({ key }) => key)),
    memories,
    kinds,
    unconditioned: settings.unconditioned,
    intoText: settings.intoText,
  }
}

const links = new Links(settings.candidates_max)

/** What the walkers need of the ranking around them. */
export type Terrain = {
  readonly world: World
  readonly pool: Pool
  readonly query: Query
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
  const { pool, budget } = terrain
  const steps = new Map<number, Step>()
  const spent = { walkers: 0, hops: 0, candidates: 0 }
  let from = pool.best(pool.candidates, budget.walkers_max).filter((slot) => pool.part(slot, 'lexical') > 0)
  const top = from.length === 0 ? 0 : pool.total(from[0]!)
  if (top <= 0) return { steps, spent }
  const covered = new Map<number, Uint8Array>()
  for (const slot of from) covered.set(slot, coverOf(terrain, slot, undefined))
  for (let hops = 0; hops < budget.hops_max && from.length > 0; hops++) {
    links.clear()
    const decay = hops === 0 ? 1 : settings.secondHop
    const scores = new Map(from.map((slot) => [pool.rows[slot]!, pool.total(slot)]))
    for (const slot of from) {
      const strength = (openness(terrain, covered.get(slot)!) * pool.total(slot)) / top
      if (strength <= 0) continue
      hop(terrain.world, pool.rows[slot]!, strength, terrain.condition, budget, links)
      spent.hops++
    }
    if (hops === 0) spent.walkers = from.length
    spent.candidates += links.count
    terrain.admit(links.row, links.count)
    const lifted = lift(terrain, { top, decay, scores, covered, steps })
    from = pool.best(lifted, settings.onward_max)
    for (const slot of from) {
      covered.set(slot, coverOf(terrain, slot, covered.get(pool.slotOf(steps.get(slot)!.from))))
    }
  }
  return { steps, spent }
}

/** How far a walk from a memory with these words goes: what covers the query already leads nowhere new. */
function openness({ query }: Terrain, cover: Uint8Array): number {
  let left = 0
  for (let term = 0; term < cover.length; term++) if (cover[term] === 0) left += query.weights[term]!
  return Math.min(1, (settings.open * left) / query.scale)
}

type Lifting = {
  readonly top: number
  readonly decay: number
  readonly scores: ReadonlyMap<number, number>
  readonly covered: ReadonlyMap<number, Uint8Array>
  readonly steps: Map<number, Step>
}

/** Lifts what this hop has reached; returns the slots that rose. */
function lift({ pool, query }: Terrain, { top, decay, scores, covered, steps }: Lifting): number[] {
  const lifted: number[] = []
  for (let at = 0; at < links.count; at++) {
    const slot = pool.slotOf(links.row[at]!)
    if (slot < 0) continue
    const from = links.from[at]!
    const source = pool.slotOf(from)
    const cover = covered.get(source)!
    let rest = 0
    let over = 0
    for (let term = 0; term < query.terms.length; term++) {
      const own = pool.word(slot, term)
      if (cover[term] === 1) over += Math.min(own, pool.word(source, term))
      else if (own > 0) rest += query.weights[term]!
    }
    const before = pool.part(slot, 'walk')
    const direct = pool.total(slot) - before
    const handed =
      decay * settings.share * links.value[at]! * top * (1 + (settings.rest * rest) / query.scale) -
      (settings.overlap * over) / query.scale
    const most = settings.below * scores.get(from)! - direct
    const walk = Math.min(handed, most)
    if (walk <= before || walk <= 0) continue
    pool.setPart(slot, 'walk', walk)
    steps.set(slot, { from, edge: links.edge[at]!, arrival: links.arrival[at]!, value: links.value[at]! })
    lifted.push(slot)
  }
  return lifted
}

/** Which words of the query a memory has, together with what led to it. */
function coverOf({ pool, query }: Terrain, slot: number, before: Uint8Array | undefined): Uint8Array {
  const cover = new Uint8Array(query.terms.length)
  for (let term = 0; term < cover.length; term++) {
    cover[term] = pool.word(slot, term) > 0 || before?.[term] === 1 ? 1 : 0
  }
  return cover
}

/** What the query names by its title stays near the top, in the order of its own score, whatever the walk has lifted. */
export function anchor({ world, pool, query, condition }: Terrain, steps: Map<number, Step>): void {
  const [first] = pool.best(pool.candidates, 1)
  if (first === undefined) return
  const top = pool.total(first)
  const edges = world.of(Edge)
  for (const thing of query.things) {
    const degree = world.of(Key).degree[thing.key]!
    if (!thing.capital || thing.numeric || rarity(condition.memories, degree) < settings.anchorRarity) continue
    if (query.things.some((other) => isInside(thing, other) && world.of(Key).title_edge[other.key] !== 0)) continue
    const title = world.of(Key).title_edge[thing.key]!
    const slot = title === 0 ? -1 : pool.slotOf(edges.memory_id[title]!)
    if (slot < 0) continue
    const total = pool.total(slot)
    const least = top * (settings.anchor + (0.02 * (total - pool.part(slot, 'walk'))) / top)
    if (total >= least) continue
    pool.setPart(slot, 'anchor', least - total)
    steps.delete(slot)
  }
}

function isInside(thing: { first: number; past: number }, other: { first: number; past: number }): boolean {
  return other.first <= thing.first && other.past >= thing.past && other.past - other.first > thing.past - thing.first
}
