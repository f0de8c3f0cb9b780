import type { View } from '../../../engine/flow/adapter.ts'
import { Deleted, Mark, Memory, MemoryKind, MemoryRole, Trust } from '../../../systems/components.ts'

/** All that is known of one memory, for people and for programs. Times in milliseconds since 1970, 0 = unknown or never. */
export type MemoryView = {
  readonly memory_id: number
  /** The event's own id; of a note, its path. */
  readonly id: string
  readonly kind: string
  readonly role: string
  /** How far it may be believed: unknown, bot, person, own, operator. */
  readonly trust: string
  readonly title: string
  readonly text: string
  readonly tags: readonly string[]
  readonly source: SourceView
  readonly path: string
  readonly happened_at_ms: number
  readonly stored_at_ms: number
  /** `live`, `gone` (its note was deleted), `forgotten`, or `replaced`. */
  readonly state: 'live' | 'gone' | 'forgotten' | 'replaced'
  /** The memory that stands for it; 0 = itself. */
  readonly replaced_by: number
  readonly pinned: boolean
  /** Times it was said again and kept as this one memory, and when last. */
  readonly copies: number
  readonly copied_at_ms: number
  /** The first memory with the same words, and the first of its family of near duplicates; 0 = none. */
  readonly same_as: number
  readonly family: number
  readonly chunks: number
  readonly words: number
  readonly marks: readonly string[]
  /** How often it was put before a model: in all, fading, and when last counted. */
  readonly usage_total: number
  readonly usage_decayed: number
  readonly used_at_ms: number
}

export type SourceView = {
  readonly kind: string
  readonly channel?: string
  readonly thread?: string
  readonly author?: string
}

/** The metadata record of a memory. */
export type Meta = {
  readonly id?: string
  readonly title?: string
  readonly tags?: readonly string[]
  readonly source?: SourceView
  readonly path?: string
}

const kinds = Object.keys(MemoryKind)
const roles = Object.keys(MemoryRole)
const trusts = Object.keys(Trust)

/** One memory, whole; undefined when there is no such row. A chunk is shown as the document it belongs to. */
export function memoryOf(view: View, row: number): MemoryView | undefined {
  const { world } = view
  if (row < 1 || row > world.rows(Memory)) return undefined
  const memory = world.of(Memory)
  const memory_id = memory.parent[row]! || row
  const { id = '', title = '', tags = [], source = { kind: '' }, path = '' } = metaOf(view, memory_id)
  return {
    memory_id,
    id,
    kind: kinds[memory.kind[memory_id]!] ?? '',
    role: roles[memory.role[memory_id]!] ?? '',
    trust: trusts[memory.trust[memory_id]!] ?? '',
    title,
    text: view.read('text', memory_id) ?? '',
    tags,
    source,
    path,
    happened_at_ms: memory.happened_at_ms[memory_id]!,
    stored_at_ms: memory.stored_at_ms[memory_id]!,
    state: stateOf(view, memory_id),
    replaced_by: memory.replaced_by[memory_id]!,
    pinned: memory.pinned[memory_id] === 1,
    copies: memory.copies[memory_id]!,
    copied_at_ms: memory.copied_at_ms[memory_id]!,
    same_as: memory.same_as[memory_id]!,
    family: memory.family[memory_id]!,
    chunks: memory.chunks[memory_id]!,
    words: memory.words[memory_id]!,
    marks: Object.entries(Mark).flatMap(([name, bit]) => ((memory.marks[memory_id]! & bit) === 0 ? [] : [name])),
    usage_total: memory.usage_total[memory_id]!,
    usage_decayed: memory.usage_decayed[memory_id]!,
    used_at_ms: memory.usage_at_ms[memory_id]!,
  }
}

/** Whether a memory is still served, and if not, why. */
export function stateOf({ world }: View, row: number): MemoryView['state'] {
  const { deleted, replaced_by } = world.of(Memory)
  if (deleted[row] === Deleted.forgotten) return 'forgotten'
  if (deleted[row] !== 0) return 'gone'
  return replaced_by[row] === 0 ? 'live' : 'replaced'
}

/** The metadata record of a memory; empty when it has none any more. */
export function metaOf(view: View, row: number): Meta {
  const text = view.read('meta', row)
  return text === undefined ? {} : (JSON.parse(text) as Meta)
}

/** What a person calls a memory: its title, its path, or the beginning of its text. */
export function nameOf(view: View, row: number): string {
  const { title = '', path = '', id = '' } = metaOf(view, row)
  if (title !== '') return title
  const [line = ''] = (view.read('text', row) ?? '').trimStart().split('\n', 1)
  return path || line.slice(0, 60) || id
}
