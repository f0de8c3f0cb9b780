import type { Columns } from '../../engine/world/columns.ts'
import type { World } from '../../engine/world/world.ts'
import { Edge, Key, KeyKind, Memory, MentionField } from '../components.ts'
import { Leads, type Links, longer } from './links.ts'
import { degreePenalty, type KindWeights, rarity } from './weights.ts'

/** What a walk may spend, in counts, so that the same world gives the same walk whatever the machine. */
export type Budget = {
  /** Keys followed from a node, at most 64. */
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
  /** Terms of the query: a key that is one of these words leads nowhere new either. */
  readonly terms?: ReadonlySet<number>
  /** How many memories hold a term, for how far a key of one word is a name. Without it every key is one. */
  readonly frequency?: (term: number) => number
  /** Memories that the query's own words found: a walk meets them however old their mention of a key is. */
  readonly standing?: Standing
}

/** Rows of memories, the first `count` of them used. */
export type Standing = { readonly rows: Uint32Array; readonly count: number }

const single = new Leads()
/** In a small memory a key may well be shared by most of it. */
const commonLeast = 8

/**
 * One hop of one walker: from a memory along its best keys to the memories that share them. Reads columns alone, no text;
 * O(edges of the memory + keys_max * edges_max).
 * @param strength multiplies every link, 1 for a walker at the best seed
 */
export function hop(world: World, from: number, strength: number, on: Condition, budget: Budget, into: Links): void {
  single.clear()
  choose(world, from, strength, on, budget.keys_max, single)
  follow(world, single, on, budget, into)
}

/** The keys that lead best from a memory: rare ones, with words of the query near their mention. Ties by edge. */
export function choose(
  world: World,
  from: number,
  strength: number,
  on: Condition,
  keys_max: number,
  into: Leads,
): void {
  const { first_edge, edges } = world.of(Memory)
  const { key, field, signature } = world.of(Edge)
  const { kind, degree, term } = world.of(Key)
  into.room(keys_max)
  // An identifier that a quarter of all memories share is a form they follow, like a key of every note's front matter.
  const common = Math.max(commonLeast, on.memories / 4)
  const start = into.count
  const first = first_edge[from]!
  for (let at = first; at < first + edges[from]!; at++) {
    const row = key[at]!
    const weight = on.kinds[kind[row]!]!
    const shared = degree[row]!
    if (weight === 0 || shared < 2 || on.known.has(row)) continue
    if (shared > common && kind[row] === KeyKind.identifier) continue
    if (term[row] !== 0 && on.terms?.has(term[row]!) === true) continue
    const inText = field[at] === MentionField.text || field[at] === MentionField.opening
    const near = inText ? nearness(signature[at]!, on) : 0
    const most = (on.unconditioned + near) * strength * weight * rarity(on.memories, shared) * degreePenalty(shared)
    // How far it is a name is asked only of those that could be followed: that is a look into the index.
    if (into.count - start === keys_max && most <= into.value[into.count - 1]!) continue
    insert(into, start, keys_max, from, at, row, most * nameShare(world, row, on))
  }
}

/** Of how many of the memories that hold a key's only word it is a name; 1 for keys of several words. */
export function nameShare(world: World, key: number, { frequency }: Condition): number {
  const { term, named } = world.of(Key)
  if (frequency === undefined || term[key] === 0) return 1
  return Math.min(1, named[key]! / Math.max(1, frequency(term[key]!)))
}

/** The share of the query's words, by weight, that may stand near a mention. */
export function nearness(signature: number, { bits, weights }: Condition): number {
  let near = 0
  for (let at = 0; at < bits.length; at++) if ((signature & bits[at]!) !== 0) near += weights[at]!
  return near
}

/** Keeps the best of one walker, those from `start` on, in order. */
function insert(
  into: Leads,
  start: number,
  most: number,
  from: number,
  edge: number,
  key: number,
  value: number,
): void {
  if (value <= 0) return
  let at = into.count
  while (at > start && into.value[at - 1]! < value) at--
  if (at - start >= most) return
  into.count = Math.min(start + most, into.count + 1)
  for (let index = into.count - 1; index > at; index--) {
    into.edge[index] = into.edge[index - 1]!
    into.key[index] = into.key[index - 1]!
    into.value[index] = into.value[index - 1]!
  }
  into.from[at] = from
  into.from[into.count - 1] = from
  into.edge[at] = edge
  into.key[at] = key
  into.value[at] = value
}

/** The columns that a hop reads, taken once. */
type Ground = {
  readonly memory: Columns<(typeof Memory)['schema']>
  readonly edge: Columns<(typeof Edge)['schema']>
  readonly key: Columns<(typeof Key)['schema']>
}

/**
 * Goes along every lead to the memories that share its key: first to those that the query's own words found, however old
 * the mention, then along the best leads to the newest, until the budget is spent.
 */
export function follow(world: World, leads: Leads, on: Condition, budget: Budget, into: Links): void {
  const ground: Ground = { memory: world.of(Memory), edge: world.of(Edge), key: world.of(Key) }
  const order = leads.sorted()
  const met = on.standing === undefined ? 0 : meet(ground, leads, on.standing, budget.edges_max)
  for (let index = 0; index < met; index++) {
    for (const lead of order) {
      if (leads.key[lead] === meetingKeys[index]) arrive(ground, leads, lead, meetings[index]!, on, into)
    }
  }
  for (const lead of order) if (!followNewest(ground, leads, lead, on, budget.edges_max, into)) return
}

/** The title of a key, then its newest mentions. @returns whether there was room for them */
function followNewest(
  ground: Ground,
  leads: Leads,
  lead: number,
  on: Condition,
  edges_max: number,
  into: Links,
): boolean {
  const key = leads.key[lead]!
  const { older } = ground.edge
  const title = ground.key.title_edge[key]!
  let left = edges_max
  if (title !== 0) {
    left--
    if (!arrive(ground, leads, lead, title, on, into)) return false
  }
  for (let edge = ground.key.newest_edge[key]!; edge !== 0 && left > 0; edge = older[edge]!, left--) {
    if (edge !== title && !arrive(ground, leads, lead, edge, on, into)) return false
  }
  return true
}

/** @returns whether there was room */
function arrive(
  { memory, edge }: Ground,
  leads: Leads,
  lead: number,
  arrival: number,
  on: Condition,
  into: Links,
): boolean {
  const row = edge.memory_id[arrival]!
  const from = leads.from[lead]!
  if (row === from || memory.deleted[row] !== 0 || memory.replaced_by[row] !== 0) return true
  // The turns of its own thread are ranked by what they inherit; a walk is to lead out of it.
  const thread = memory.thread[row]!
  if (thread !== 0 && thread === memory.thread[from]) return true
  const value = edge.field[arrival] === MentionField.title ? leads.value[lead]! : leads.value[lead]! * on.intoText
  return into.add(row, from, leads.edge[lead]!, arrival, value)
}

const wantedPlaces = 1024
const wanted = new Uint32Array(wantedPlaces)
let meetings = new Uint32Array(256)
let meetingKeys = new Uint32Array(256)

/** Finds where standing memories have a key that is followed and has more mentions than are read. @returns how many */
function meet({ memory, edge, key }: Ground, leads: Leads, standing: Standing, edges_max: number): number {
  let any = false
  wanted.fill(0)
  for (let at = 0; at < Math.min(leads.count, wantedPlaces / 4); at++) {
    const followed = leads.key[at]!
    if (key.degree[followed]! <= edges_max) continue
    any = true
    wanted[placeOf(followed)] = followed
  }
  let count = 0
  for (let index = 0; any && index < standing.count; index++) {
    const row = standing.rows[index]!
    const first = memory.first_edge[row]!
    for (let at = first; at < first + memory.edges[row]!; at++) {
      const mentioned = edge.key[at]!
      if (wanted[placeOf(mentioned)] === 0) continue
      if (count === meetings.length) {
        meetings = longer(meetings, new Uint32Array(count * 2))
        meetingKeys = longer(meetingKeys, new Uint32Array(count * 2))
      }
      meetings[count] = at
      meetingKeys[count++] = mentioned
    }
  }
  return count
}

/** Where a key is among the wanted ones, or where it would be. */
function placeOf(key: number): number {
  let place = key & (wantedPlaces - 1)
  while (wanted[place] !== 0 && wanted[place] !== key) place = (place + 1) & (wantedPlaces - 1)
  return place
}

export { Leads, Links } from './links.ts'
