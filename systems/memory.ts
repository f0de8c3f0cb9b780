import { hash } from 'node:crypto'
import type { Event } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import type { World } from '../engine/world/world.ts'
import { File, Gauge, Memory, MemoryKind } from './components.ts'
import { MemoryStored, MemoryUsed, NoteGone, NoteReady, NoteWritten } from './events.ts'
import { wake } from './memory/usage.ts'

type Remembered = {
  readonly text: string
  readonly title: string
  readonly tags: readonly string[]
  /** What makes two deliveries the same: for a file its content, for an event its source and id. */
  readonly identity: string
  readonly source: string
  readonly ts: number
  readonly file: number
}

/** What is worth finding again becomes a row, and its text and metadata records in the same commit. */
export const memory = system('memory', (tick) => {
  for (const event of tick.events) {
    if (NoteReady.is(event)) {
      const { path, text, title, tags, hash: content } = event.payload
      const file = tick.world.find(File, path)
      remember(tick, { text, title, tags, file, identity: `fs\n${path}\n${content}`, source: path, ts: event.ts })
    } else if (NoteWritten.is(event)) {
      const { text, title = '', tags = [] } = event.payload
      remember(tick, {
        text,
        title,
        tags,
        file: 0,
        identity: identityOf(event),
        source: event.source.kind,
        ts: event.ts,
      })
    } else if (NoteGone.is(event)) forgetFile(tick.world, tick.world.find(File, event.payload.path))
    else if (MemoryUsed.is(event)) {
      for (const id of event.payload.memory_ids) if (id <= tick.world.rows(Memory)) wake(tick.world, id, tick.now_ms)
    }
  }
})

function remember(tick: Tick, note: Remembered): void {
  const { world, now_ms } = tick
  const gauge = world.of(Gauge)
  const digest = hash('sha256', note.identity, 'buffer')
  const high = digest.readUInt32LE(0)
  const low = digest.readUInt32LE(4)
  const known = world.findPair(Memory, 'source', high, low)
  if (known !== 0) {
    gauge.duplicates[1]!++
    if (note.file !== 0) standFor(world, note.file, known)
    return
  }
  if (world.room(Memory) === 0) {
    gauge.refused[1]!++
    return
  }
  const id = world.append(Memory)
  const columns = world.of(Memory)
  columns.kind[id] = MemoryKind.note
  columns.stored_at_ms[id] = now_ms
  columns.happened_at_ms[id] = note.ts
  columns.text_bytes[id] = Buffer.byteLength(note.text)
  columns.file[id] = note.file
  columns.source_high[id] = high
  columns.source_low[id] = low
  gauge.memories[1]!++
  tick.put('text', id, note.text)
  tick.put('meta', id, JSON.stringify({ title: note.title, tags: note.tags, source: note.source }))
  if (note.file !== 0) standFor(world, note.file, id)
  tick.emit(MemoryStored, { memory_id: id, kind: 'note', source: note.source })
}

/** One memory stands for a file: the newest content's. An older one that comes back is served again. */
function standFor(world: World, file: number, id: number): void {
  const { memory_id } = world.of(File)
  const columns = world.of(Memory)
  const before = memory_id[file]!
  if (before === id) return
  if (before !== 0) {
    columns.replaced_by[before] = id
    world.of(Gauge).memories[1]!--
  }
  if (columns.replaced_by[id] !== 0 || columns.deleted[id] !== 0) {
    columns.replaced_by[id] = 0
    columns.deleted[id] = 0
    world.of(Gauge).memories[1]!++
  }
  memory_id[file] = id
}

function forgetFile(world: World, file: number): void {
  const { memory_id } = world.of(File)
  const id = memory_id[file]!
  if (file === 0 || id === 0) return
  world.of(Memory).deleted[id] = 1
  world.of(Gauge).memories[1]!--
  memory_id[file] = 0
}

function identityOf(event: Event): string {
  const { kind, channel = '', thread = '' } = event.source
  return `${kind}\n${channel || thread}\n${event.id}`
}
