import { setImmediate as breathe } from 'node:timers/promises'
import type { View } from '../../../engine/flow/adapter.ts'
import { Edge, Key, KeyKind, Mark, Memory } from '../../../systems/components.ts'
import { gaugesOf } from '../../../systems/olympia/gauges.ts'
import { secretsIn } from '../../../systems/text/secrets.ts'
import { rowsAtOnce } from './find.ts'
import { stateOf } from './memory.ts'

/** How many there are, and their share of what they are compared with, 0 to 1. */
export type Rate = { readonly count: number; readonly rate: number }

/** The health of memory, in counts and rates. */
export type Audit = {
  readonly memories: number
  /** Said or delivered again and kept once, of all that came in; of them, the agent's own words read back. */
  readonly exact_duplicates: Rate
  readonly recall_loops: Rate
  /** Memories that have a family of near duplicates, the first of each not counted; of the memories. */
  readonly near_duplicates: Rate
  /** Memories with no key but their source and day, and those that share no other key with another memory. */
  readonly orphans: Rate
  readonly alone: Rate
  /** Memories that were neither stored nor put before a model within ninety days. */
  readonly stale: Rate
  readonly hidden_text: number
  readonly cut: number
  /** By kind: how many memories seem to hold one, and the first of them. The secrets themselves are never shown. */
  readonly secrets: readonly { readonly kind: string; readonly count: number; readonly memory_ids: readonly number[] }[]
}

const stale_ms = 90 * 86_400_000
const idsMax = 50

/** Looks at every memory that is served. @param now_ms wall time, for what has not been used for long */
export async function auditOf(view: View, now_ms: number): Promise<Audit> {
  const { world } = view
  const { duplicates, loops } = gaugesOf(world)
  const found = { memories: 0, near: 0, orphans: 0, alone: 0, stale: 0, hidden: 0, cut: 0 }
  const secrets = new Map<string, { count: number; memory_ids: number[] }>()
  for (let row = 1; row <= world.rows(Memory); row++) {
    if (row % rowsAtOnce === 0) await breathe()
    const memory = world.of(Memory)
    if (memory.parent[row] !== 0 || stateOf(view, row) !== 'live') continue
    found.memories++
    if (memory.family[row] !== 0 && memory.family[row] !== row) found.near++
    const links = linksOf(view, row)
    if (links === 'none') found.orphans++
    if (links !== 'shared') found.alone++
    const { stored_at_ms, usage_at_ms } = memory
    if (now_ms - Math.max(stored_at_ms[row]!, usage_at_ms[row]!) > stale_ms) found.stale++
    if ((memory.marks[row]! & Mark.hidden_text) !== 0) found.hidden++
    if ((memory.marks[row]! & Mark.cut) !== 0) found.cut++
    for (const kind of secretsIn(view.read('text', row) ?? '')) {
      const known = secrets.get(kind) ?? { count: 0, memory_ids: [] }
      secrets.set(kind, known)
      known.count++
      if (known.memory_ids.length < idsMax) known.memory_ids.push(row)
    }
  }
  const rate = (count: number, of: number): Rate => ({ count, rate: of === 0 ? 0 : count / of })
  return {
    memories: found.memories,
    exact_duplicates: rate(duplicates, found.memories + duplicates),
    recall_loops: rate(loops, found.memories + duplicates),
    near_duplicates: rate(found.near, found.memories),
    orphans: rate(found.orphans, found.memories),
    alone: rate(found.alone, found.memories),
    stale: rate(found.stale, found.memories),
    hidden_text: found.hidden,
    cut: found.cut,
    secrets: [...secrets].map(([kind, { count, memory_ids }]) => ({ kind, count, memory_ids })),
  }
}

/** What every memory has: it leads from anything to everything. */
const everybodys = new Set<number>([KeyKind.source, KeyKind.day])

/** Whether a document, with its chunks, mentions anything, and whether somebody else mentions that too. */
function linksOf({ world }: View, document: number): 'none' | 'own' | 'shared' {
  const memory = world.of(Memory)
  const { key } = world.of(Edge)
  const { degree, kind } = world.of(Key)
  const own = new Map<number, number>()
  for (let row = document; row <= document + memory.chunks[document]!; row++) {
    const first = memory.first_edge[row]!
    for (let at = first; at < first + memory.edges[row]!; at++) {
      const each = key[at]!
      if (!everybodys.has(kind[each]!)) own.set(each, (own.get(each) ?? 0) + 1)
    }
  }
  if (own.size === 0) return 'none'
  return [...own].some(([each, mentions]) => degree[each]! > mentions) ? 'shared' : 'own'
}
