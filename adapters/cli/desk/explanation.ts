import type { View } from '../../../engine/flow/adapter.ts'
import { Edge, Key, Memory } from '../../../systems/components.ts'
import { MentionField } from '../../../systems/memory/mentions.ts'
import { type MemoryView, memoryOf, nameOf, stateOf } from './memory.ts'

/** Another memory, and what it is called. */
export type Neighbour = { readonly memory_id: number; readonly name: string }

/** A key that a memory mentions, where, and who else does. */
export type KeyView = {
  readonly key: string
  /** How many mentions it has in all memories. */
  readonly degree: number
  /** `title`, `text` or `metadata`. */
  readonly field: string
  readonly times: number
  /** Some of the others that mention it, newest first. */
  readonly others: readonly Neighbour[]
}

/** Where a memory comes from, what it hangs together with, and what became of it. */
export type Explanation = {
  readonly memory: MemoryView
  readonly keys: readonly KeyView[]
  /** What was said before and after it in its thread. */
  readonly before: Neighbour | null
  readonly after: Neighbour | null
  /** The others of its family of near duplicates. */
  readonly family: readonly Neighbour[]
  /** Memories with the very same words. */
  readonly same: readonly Neighbour[]
}

const fields = Object.keys(MentionField)
const othersMax = 5
const lookedAtMax = 64
const relativesMax = 20

/** All that explains one memory; undefined when there is no such row. */
export function explanationOf(view: View, row: number): Explanation | undefined {
  const memory = memoryOf(view, row)
  if (memory === undefined) return undefined
  const { previous, next } = view.world.of(Memory)
  const { memory_id } = memory
  return {
    memory,
    keys: keysOf(view, memory_id),
    before: neighbour(view, previous[memory_id]!),
    after: neighbour(view, next[memory_id]!),
    family: relatives(view, memory_id, 'family'),
    same: relatives(view, memory_id, 'same_as'),
  }
}

/** The keys of a memory and of its chunks, rarest first. */
function keysOf(view: View, memory_id: number): KeyView[] {
  const { world } = view
  const memory = world.of(Memory)
  const edge = world.of(Edge)
  const { degree } = world.of(Key)
  const seen = new Map<number, KeyView>()
  for (let row = memory_id; row <= memory_id + memory.chunks[memory_id]!; row++) {
    const first = memory.first_edge[row]!
    for (let at = first; at < first + memory.edges[row]!; at++) {
      const key = edge.key[at]!
      if (seen.has(key)) continue
      const field = fields[edge.field[at]!] ?? ''
      const others = othersOf(view, key, memory_id)
      const name = view.read('key', key) ?? ''
      seen.set(key, { key: name, degree: degree[key]!, field, times: edge.times[at]!, others })
    }
  }
  return [...seen.values()].sort((a, b) => a.degree - b.degree || (a.key < b.key ? -1 : 1))
}

function othersOf(view: View, key: number, memory_id: number): Neighbour[] {
  const { world } = view
  const edge = world.of(Edge)
  const { parent } = world.of(Memory)
  const found = new Set<number>()
  let at = world.of(Key).newest_edge[key]!
  for (let looked = 0; at !== 0 && looked < lookedAtMax && found.size < othersMax; looked++) {
    const row = edge.memory_id[at]!
    const document = parent[row]! || row
    if (document !== memory_id && stateOf(view, document) === 'live') found.add(document)
    at = edge.older[at]!
  }
  return [...found].map((row) => ({ memory_id: row, name: nameOf(view, row) }))
}

function neighbour(view: View, row: number): Neighbour | null {
  return row === 0 || stateOf(view, row) !== 'live' ? null : { memory_id: row, name: nameOf(view, row) }
}

/** Memories whose column names the same first one as this memory's. */
function relatives(view: View, memory_id: number, column: 'family' | 'same_as'): Neighbour[] {
  const { world } = view
  const columns = world.of(Memory)
  const first = columns[column][memory_id]! || (column === 'same_as' ? memory_id : 0)
  if (first === 0) return []
  const found: Neighbour[] = []
  for (let row = 1; row <= world.rows(Memory) && found.length < relativesMax; row++) {
    if (row === memory_id || columns.parent[row] !== 0) continue
    if (row !== first && columns[column][row] !== first) continue
    if (stateOf(view, row) === 'live') found.push({ memory_id: row, name: nameOf(view, row) })
  }
  return found
}
