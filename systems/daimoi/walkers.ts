import type { World } from '../../engine/world/world.ts'
import { Edge, Memory } from '../components.ts'
import type { DaimoiSent, DaimoiWalked } from '../events.ts'
import { Walk, Walker, WalkLink, WalkWord } from './columns.ts'
import { type Condition, hop, Links } from './walk.ts'
import { circuitWeights } from './weights.ts'

/** Lenses by the number that a walk keeps; new ones go to the end. */
export const circuits: readonly (string | undefined)[] = [
  undefined,
  ...['survival', 'permission', 'symbolic', 'alignment', 'sensory', 'procedural', 'meta', 'mythic'],
]

/** What a walk may spend, as recall's own walk. */
export const walkBudget = { walkers_max: 8, hops_max: 2, keys_max: 6, edges_max: 25, candidates_max: 200 } as const
/** Walks that may be under way at once; one more is answered at once with nothing. */
export const walksMax = 256

/** A link with none of the words near it, and one to a mention in a text against 1 to a title. */
const unconditioned = 0.5
const intoText = 0.5
/** How much a walker keeps of the link that brought it on. */
const onward = 0.6
const bitsMax = 32

const scratch = new Links(walkBudget.candidates_max)

/** Spawns a walk and its walkers. @returns false when there is nothing to set out from, or no room for another walk */
export function spawnWalk(world: World, order: DaimoiSent): boolean {
  const seeds = seedsOf(world, order.seeds)
  const top = seeds[0]?.score ?? 0
  if (top <= 0 || world.each(Walk).length >= walksMax) return false
  const walk = world.spawn(Walk)
  const columns = world.of(Walk)
  columns.walk_id[walk] = order.walk_id
  columns.circuit[walk] = Math.max(0, circuits.indexOf(order.circuit))
  columns.memories[walk] = world.rows(Memory)
  columns.keys_max[walk] = walkBudget.keys_max
  columns.edges_max[walk] = walkBudget.edges_max
  columns.candidates_max[walk] = walkBudget.candidates_max
  columns.walkers[walk] = seeds.length
  spawnWords(world, walk, order.words)
  const hops = Math.max(1, Math.min(order.hops ?? walkBudget.hops_max, walkBudget.hops_max))
  for (const { memory_id, score } of seeds) {
    const walker = world.spawn(Walker)
    const walkers = world.of(Walker)
    walkers.walk[walker] = walk
    walkers.at[walker] = memory_id
    walkers.strength[walker] = score / top
    walkers.hops_left[walker] = hops
  }
  return true
}

type Seeds = DaimoiSent['seeds']

/** The best seeds that are served, each once, best first, ties by row: whatever the order in which they were given. */
function seedsOf(world: World, given: Seeds): Seeds {
  const { deleted, replaced_by } = world.of(Memory)
  const rows = world.rows(Memory)
  const best = new Map<number, number>()
  for (const { memory_id, score } of given) {
    if (memory_id < 1 || memory_id > rows || !(score > 0)) continue
    if (deleted[memory_id] !== 0 || replaced_by[memory_id] !== 0) continue
    best.set(memory_id, Math.max(score, best.get(memory_id) ?? 0))
  }
  const seeds = [...best].map(([memory_id, score]) => ({ memory_id, score }))
  return seeds.sort((a, b) => b.score - a.score || a.memory_id - b.memory_id).slice(0, walkBudget.walkers_max)
}

/** Words that share a bit are one to a signature. */
function spawnWords(world: World, walk: number, words: DaimoiSent['words']): void {
  const weights = new Float64Array(bitsMax)
  for (const { bit, weight } of words) if (bit < bitsMax && weight > 0) weights[bit]! += weight
  const sum = weights.reduce((total, weight) => total + weight, 0)
  for (let bit = 0; bit < bitsMax; bit++) {
    if (weights[bit] === 0) continue
    const word = world.spawn(WalkWord)
    const columns = world.of(WalkWord)
    columns.walk[word] = walk
    columns.bit[word] = bit
    columns.weight[word] = weights[bit]! / sum
  }
}

/** What belongs to each walk under way. */
type Parts = { readonly words: number[]; readonly walkers: number[]; readonly links: number[] }

/** Lets every walker make one hop. @returns the walks that are done by it, and are gone with all that was theirs */
export function advance(world: World): DaimoiWalked[] {
  const byWalk = new Map<number, Parts>()
  for (const walk of world.each(Walk)) byWalk.set(walk, { words: [], walkers: [], links: [] })
  const words = world.of(WalkWord)
  for (const word of world.each(WalkWord)) byWalk.get(words.walk[word]!)!.words.push(word)
  const walkers = world.of(Walker)
  for (const walker of world.each(Walker)) byWalk.get(walkers.walk[walker]!)!.walkers.push(walker)
  const links = world.of(WalkLink)
  for (const link of world.each(WalkLink)) byWalk.get(links.walk[link]!)!.links.push(link)
  const done: DaimoiWalked[] = []
  for (const [walk, parts] of byWalk) {
    const walked = advanceWalk(world, walk, parts)
    if (walked !== undefined) done.push(walked)
  }
  return done
}

function advanceWalk(world: World, walk: number, parts: Parts): DaimoiWalked | undefined {
  const { keys_max, edges_max, candidates_max, hops } = world.of(Walk)
  const links = linksOf(world, candidates_max[walk]!, parts.links)
  const before = links.count
  const condition = conditionOf(world, walk, parts.words)
  const budget = { keys_max: keys_max[walk]!, edges_max: edges_max[walk]!, candidates_max: candidates_max[walk]! }
  const { at, strength } = world.of(Walker)
  // Ids are given anew when others die, so the order of walkers is theirs by strength and place.
  const walkers = parts.walkers.sort((a, b) => strength[b]! - strength[a]! || at[a]! - at[b]!)
  for (const walker of walkers) hop(world, at[walker]!, strength[walker]!, condition, budget, links)
  hops[walk]! += walkers.length
  const going = links.count < candidates_max[walk]! ? moveOn(world, walkers, links, before) : new Set<number>()
  for (const walker of walkers) if (!going.has(walker)) world.kill(walker)
  if (going.size > 0) {
    keepLinks(world, walk, parts.links, links)
    return undefined
  }
  const walked = walkedOf(world, walk, links)
  for (const id of [walk, ...parts.words, ...parts.links]) world.kill(id)
  return walked
}

function conditionOf(world: World, walk: number, words: number[]): Condition {
  const { bit, weight } = world.of(WalkWord)
  const { circuit, memories } = world.of(Walk)
  const ordered = words.sort((a, b) => bit[a]! - bit[b]!)
  return {
    bits: Int32Array.from(ordered, (word) => 1 << bit[word]!),
    weights: Float64Array.from(ordered, (word) => weight[word]!),
    known: new Set(),
    memories: memories[walk]!,
    kinds: circuitWeights(circuits[circuit[walk]!]),
    unconditioned,
    intoText,
  }
}

/** What a walk has reached so far, in the order of the entities that keep it. */
function linksOf(world: World, candidates_max: number, ids: readonly number[]): Links {
  scratch.clear(candidates_max)
  const { memory_id, from, edge, arrival, value } = world.of(WalkLink)
  for (const id of ids) scratch.add(memory_id[id]!, from[id]!, edge[id]!, arrival[id]!, value[id]!)
  return scratch
}

/** Each walker with hops left goes to the best memory that it alone has newly reached. @returns those that go on */
function moveOn(world: World, walkers: readonly number[], links: Links, before: number): Set<number> {
  const { at, strength, hops_left } = world.of(Walker)
  const taken = new Set(walkers.map((walker) => at[walker]!))
  const going = new Set<number>()
  for (const walker of walkers) {
    if (--hops_left[walker]! === 0) continue
    let best = -1
    for (let link = before; link < links.count; link++) {
      if (links.from[link] !== at[walker] || taken.has(links.row[link]!)) continue
      if (best === -1 || isBetter(links, link, best)) best = link
    }
    if (best === -1) continue
    at[walker] = links.row[best]!
    strength[walker] = Math.min(1, links.value[best]!) * onward
    taken.add(at[walker]!)
    going.add(walker)
  }
  return going
}

function isBetter({ value, row }: Links, a: number, b: number): boolean {
  return value[a]! > value[b]! || (value[a] === value[b] && row[a]! < row[b]!)
}

function keepLinks(world: World, walk: number, ids: readonly number[], links: Links): void {
  for (let at = 0; at < links.count; at++) {
    const id = ids[at] ?? world.spawn(WalkLink)
    const columns = world.of(WalkLink)
    columns.walk[id] = walk
    columns.memory_id[id] = links.row[at]!
    columns.from[id] = links.from[at]!
    columns.edge[id] = links.edge[at]!
    columns.arrival[id] = links.arrival[at]!
    columns.value[id] = links.value[at]!
  }
}

/** What a walk has found. A memory that was forgotten on the way is not told. */
function walkedOf(world: World, walk: number, links: Links): DaimoiWalked {
  const { deleted, replaced_by } = world.of(Memory)
  const { key } = world.of(Edge)
  const { walk_id, walkers, hops } = world.of(Walk)
  const order = Array.from({ length: links.count }, (_, at) => at).filter((at) => {
    const row = links.row[at]!
    return deleted[row] === 0 && replaced_by[row] === 0
  })
  order.sort((a, b) => (isBetter(links, a, b) ? -1 : 1))
  return {
    walk_id: walk_id[walk]!,
    visited: order.map((at) => ({
      memory_id: links.row[at]!,
      from: links.from[at]!,
      key: key[links.edge[at]!]!,
      value: links.value[at]!,
    })),
    spent: { walkers: walkers[walk]!, hops: hops[walk]!, candidates: links.count },
  }
}
