import { eventType, objectOf } from '../../engine/flow/event.ts'
import { count, flag, row, text, time } from './schemas.ts'

/** Events of compaction: memories that nobody uses are stood for by a summary, and may come back. */

const rows = { type: 'array', items: row, minItems: 1, maxItems: 1_000 } as const
const source = objectOf({ kind: text, 'channel?': text, 'thread?': text, 'author?': text })

/**
 * A summary stands for memories from now on. It is believed as far as the least of them; `plan` is a row in Plan, `happened_ms`
 * when the last of them happened. Nothing happens when one of them is not what it was any more.
 */
export type MemoryCompacted = {
  plan: number
  memory_ids: number[]
  title: string
  text: string
  trust: number
  happened_ms: number
  source: { kind: string; channel?: string; thread?: string; author?: string }
}
export const MemoryCompacted = eventType<MemoryCompacted>(
  'memory.compacted',
  objectOf({ plan: row, memory_ids: rows, title: text, text, trust: count, happened_ms: time, source }),
)
/** A summary stands for nothing any more: the memories are served again as they were. */
export type MemoryRestored = { plan: number; memory_id: number; memory_ids: number[] }
export const MemoryRestored = eventType<MemoryRestored>(
  'memory.restored',
  objectOf({ plan: row, memory_id: row, memory_ids: rows }),
)
/**
 * The operator's word: a pass now, an end with the running round, one plan taken back; or `purge`: the texts that summaries put in
 * place before a time stand for are removed for good, 64 plans at a time. Like forgetting, it asks for a snapshot before it and the end of the past
 * after it.
 */
export type CompactOrder = { order: 'run' | 'halt' | 'undo' | 'purge'; plan?: number; before_ms?: number }
export const CompactOrder = eventType<CompactOrder>(
  'compact.order',
  objectOf({ order: { enum: ['run', 'halt', 'undo', 'purge'] }, 'plan?': row, 'before_ms?': time }),
)
/**
 * What the last questions find before and after a round of plans, `first` to `last`: of the memories found before, how many are
 * still found, themselves or by what stands for them. When too few are, the whole round is taken back.
 */
export type CompactChecked = {
  first: number
  last: number
  questions: number
  found: number
  kept: number
  accepted: boolean
}
export const CompactChecked = eventType<CompactChecked>(
  'compact.checked',
  objectOf({ first: row, last: row, questions: count, found: count, kept: count, accepted: flag }),
)
/** A pass is over: every line was looked through. */
export type CompactEnded = { memories: number; plans: number }
export const CompactEnded = eventType<CompactEnded>('compact.ended', objectOf({ memories: count, plans: count }))

export const compactEvents = [MemoryCompacted, MemoryRestored, CompactOrder, CompactChecked, CompactEnded] as const
