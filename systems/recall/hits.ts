import { Edge, Memory, MemoryKind } from '../components.ts'
import { metaOf, type Reading, textOf } from '../memory/text-of.ts'
import type { Ranked } from '../recall.ts'
import { explanationOf } from './explain.ts'
import { partsOf } from './parts.ts'
import { Part } from './pool.ts'
import type { Hit } from './types.ts'

const kindNames = Object.keys(MemoryKind)
const families_max = 20

/** The best hits with their texts: one for an event, one for the same words, one for a family, which lists its others. */
export function hitsFrom(view: Reading, ranked: Ranked, hits_max: number, explain: boolean): Hit[] {
  const { pool } = ranked.scene
  let shown = groupsOf(ranked, ranked.order, hits_max)
  // Many parts of one document may stand before all else.
  if (shown.size < hits_max && ranked.order.length < pool.candidateCount) {
    shown = groupsOf(ranked, pool.best(pool.candidateCount), hits_max)
  }
  return [...shown].map(([id, { slot, others }]) => hitOf(view, ranked, id, slot, others, explain))
}

/** By event: the slot that stands for it, and the other members of its family. */
type Groups = Map<number, { readonly slot: number; readonly others: number[] }>

function groupsOf({ scene: { memory, pool } }: Ranked, order: readonly number[], hits_max: number): Groups {
  const shown: Groups = new Map()
  const groups = new Map<number, number>()
  for (const slot of order) {
    if (pool.total(slot) <= 0) continue
    const id = standing(memory, pool.rows[slot]!)
    if (shown.has(id)) continue
    const group = memory.family[id]! || memory.same_as[id]! || id
    const stands = groups.get(group)
    if (stands !== undefined) {
      const { others } = shown.get(stands)!
      if (others.length < families_max && !others.includes(id)) others.push(id)
      continue
    }
    if (shown.size === hits_max) continue
    groups.set(group, id)
    shown.set(id, { slot, others: [] })
  }
  return shown
}

/** Whom a row is shown as: its document, or the summary that stands for that. */
function standing({ parent, replaced_by }: Ranked['scene']['memory'], row: number): number {
  const whole = parent[row]! || row
  return replaced_by[whole]! || whole
}

function hitOf(
  view: Reading,
  ranked: Ranked,
  id: number,
  slot: number,
  others: readonly number[],
  explain: boolean,
): Hit {
  const { world } = view
  const memory = world.of(Memory)
  const found = ranked.scene.pool.rows[slot]!
  const isOwn = (memory.parent[found]! || found) === id
  const row = isOwn ? found : id
  const meta = metaOf(view, id)
  const parts = partsOf(view, ranked, slot, explain)
  return {
    id: meta.id,
    memory_id: id,
    score: parts.reduce((sum, { value }) => sum + value, 0),
    parts,
    ...(explain ? { explanation: explanationOf(view, ranked, slot) } : {}),
    lanes: lanesOf(ranked, slot),
    path: isOwn ? pathOf(view, ranked, slot) : [...pathOf(view, ranked, slot), nameOf(view, id)],
    // A document that was reached as a whole shows how it begins.
    text: textOf(view, memory.chunks[row]! > 0 ? row + 1 : row),
    title: meta.title ?? '',
    kind: kindNames[memory.kind[id]!] ?? 'none',
    source: meta.source,
    happened_at_ms: memory.happened_at_ms[id]!,
    tags: meta.tags ?? [],
    copies: memory.copies[id]!,
    family: others.map((other) => ({ id: metaOf(view, other).id, memory_id: other })),
  }
}

function lanesOf({ scene: { pool }, spread }: Ranked, slot: number): string[] {
  const lanes: string[] = []
  if (pool.part(slot, Part.lexical) > 0) lanes.push('lexical')
  if (pool.part(slot, Part.context) > 0 || pool.part(slot, Part.thread) > 0) lanes.push('thread')
  if (pool.part(slot, Part.thing) > 0 || pool.part(slot, Part.anchor) > 0) lanes.push('thing')
  if (pool.part(slot, Part.meaning) > 0) lanes.push('canonical')
  if (spread.steps.has(slot)) lanes.push('walk')
  if (pool.part(slot, Part.date) > 0) lanes.push('date')
  // What nothing of its own brought was brought by the turn beside it.
  return lanes.length === 0 ? ['thread'] : lanes
}

/** From the seed to the hit: `note 12`, `ent:arm64`, `note 98`. */
function pathOf(view: Reading, { scene: { pool }, spread }: Ranked, slot: number): string[] {
  const { world } = view
  const path: string[] = [nameOf(view, pool.rows[slot]!)]
  let at = slot
  for (let step = spread.steps.get(at); step !== undefined && path.length < 16; step = spread.steps.get(at)) {
    path.unshift(view.read('key', world.of(Edge).key[step.edge]!) ?? '?')
    path.unshift(nameOf(view, step.from))
    at = pool.slotOf(step.from)
  }
  return path
}

function nameOf({ world }: Reading, row: number): string {
  const { kind, parent } = world.of(Memory)
  return `${kindNames[kind[row]!]} ${parent[row]! || row}`
}
