import { setImmediate as breathe } from 'node:timers/promises'
import type { View } from '../../../engine/flow/adapter.ts'
import type { EventInput } from '../../../engine/flow/event.ts'
import { Memory } from '../../../systems/components.ts'
import { ChatSaid, DiscordSaid, NoteWritten } from '../../../systems/events.ts'
import { isOwnKind } from '../ingest/rules.ts'
import { rowsAtOnce } from './find.ts'
import { type MemoryView, memoryOf, stateOf } from './memory.ts'

/** A run of memories as events, and the row with which to go on; 0 at the end. */
export type ExportPage = { readonly events: readonly EventInput[]; readonly next: number }

const pageChars = 1_048_576
/** Tags that the mind makes by itself, and will make again. */
const ownTags = /^(src|chan|author|tool|risk|file|net|err|topic|ops|lang)\//

/** The memories that are served, from a row on, as events that `ingest` takes: one page. */
export async function exportOf(view: View, from: number): Promise<ExportPage> {
  const { world } = view
  const events: EventInput[] = []
  let chars = 0
  for (let row = from; row <= world.rows(Memory); row++) {
    if (chars > pageChars) return { events, next: row }
    if (row % rowsAtOnce === 0) await breathe()
    if (world.of(Memory).parent[row] !== 0 || stateOf(view, row) !== 'live') continue
    const memory = memoryOf(view, row)
    if (memory === undefined) continue
    events.push(eventOf(memory))
    chars += memory.text.length + 300
  }
  return { events, next: 0 }
}

function eventOf({ id, kind, role, trust, title, text, tags, source, happened_at_ms }: MemoryView): EventInput {
  const given = tags.filter((tag) => !ownTags.test(tag))
  const said =
    kind === 'note' ? {} : { ...(role === 'user' ? {} : { role }), ...(trust === 'bot' ? { bot: true } : {}) }
  const payload = {
    text,
    ...(title === '' ? {} : { title }),
    ...(given.length === 0 ? {} : { tags: given }),
    ...said,
  }
  // What the operator, agents and tools said comes back as what a file says: nothing may claim to be them.
  const from = isOwnKind(source) ? { ...source, kind: 'file' } : source
  return { id, ts: happened_at_ms, type: typeOf(kind, source.kind), source: from, payload }
}

function typeOf(kind: string, source: string): string {
  if (kind === 'note') return NoteWritten.name
  return source === 'discord' ? DiscordSaid.name : ChatSaid.name
}
