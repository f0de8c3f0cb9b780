import type { Adapter } from '../../engine/flow/adapter.ts'
import { createEngine, type Engine, type Limits, type Store } from '../../engine/index.ts'
import type { Parts } from '../../engine/tick.ts'
import { File, Gauge, Memory } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { recall } from '../../systems/recall.ts'

/** The whole mind over a store, ticking only when told; what tests of memory share. */

export const noon_ms = 1_760_000_000_000

export type Opening = { parts?: Parts; adapters?: readonly Adapter[]; limits?: Partial<Limits> }

/** A started engine of the mind. */
export async function remembering(
  store: Store,
  { parts = mind(), adapters = [], limits }: Opening = {},
): Promise<Engine> {
  const engine = await createEngine({
    ...parts,
    store,
    adapters,
    drive: 'manual',
    clock: () => noon_ms,
    limits: { stop_ms: 20, ...limits },
  })
  await engine.start()
  return engine
}

export type Line = {
  text: string
  id?: string
  ts?: number
  type?: 'chat.message' | 'discord.message.new' | 'note.written'
  kind?: string
  channel?: string
  thread?: string
  author?: string
  title?: string
  tags?: readonly string[]
  role?: 'user' | 'assistant' | 'tool' | 'system' | 'developer'
  bot?: boolean
}

let said = 0

/** An event with an identity of its own, said at noon by Ada in `general` unless told otherwise. */
export function line({ text, id, ts = noon_ms, type = 'discord.message.new', kind = 'discord', ...more }: Line) {
  const { channel = 'general', author = 'Ada', thread, title, tags, role, bot } = more
  return {
    type,
    id: id ?? `line-${++said}`,
    ts,
    source: { kind, channel, author, ...(thread === undefined ? {} : { thread }) },
    payload: {
      text,
      ...(title === undefined ? {} : { title }),
      ...(tags === undefined ? {} : { tags: [...tags] }),
      ...(role === undefined ? {} : { role }),
      ...(bot === undefined ? {} : { bot }),
    },
  }
}

/** Says things and ticks until nothing waits. */
export async function tell(engine: Engine, ...lines: readonly (Line | ReturnType<typeof line>)[]): Promise<void> {
  for (const each of lines) {
    const event = 'payload' in each ? each : line(each)
    while (!engine.publish(event)) await engine.step()
  }
  await drained(engine)
}

/** Ticks until all that waits has been heard, and what it led to. */
export async function drained(engine: Engine): Promise<void> {
  do await engine.step()
  while (engine.status().inbox > 0)
  await engine.step()
}

/** Orders something about a memory. */
export async function order(
  engine: Engine,
  what: 'hide' | 'forget' | 'pin' | 'unpin',
  memory_id: number,
): Promise<void> {
  engine.publish({ type: 'memory.order', payload: { order: what, memory_id } })
  await drained(engine)
}

/** A gauge as it stands. */
export function gauge(engine: Engine, name: keyof typeof Gauge.schema): number {
  return engine.world.of(Gauge)[name][1]!
}

/** Whole memories that are served, by row. */
export function alive(engine: Engine): number[] {
  const { deleted, replaced_by, parent } = engine.world.of(Memory)
  return whole(engine).filter((row) => deleted[row] === 0 && replaced_by[row] === 0 && parent[row] === 0)
}

/** Every memory ever made, chunks left out. */
export function whole(engine: Engine): number[] {
  const { parent } = engine.world.of(Memory)
  return Array.from({ length: engine.world.rows(Memory) }, (_, at) => at + 1).filter((row) => parent[row] === 0)
}

/** A memory's text as the record has it. */
export function textAt(engine: Engine, row: number): string {
  return engine.read('text', row) ?? ''
}

/** Event ids of what recall finds, best first. */
export function found(engine: Engine, query: string, hits_max = 10): string[] {
  return recall(engine, query, { hits_max }).hits.map(({ id }) => id)
}

/** A note that has met its contract, as the sentinel says it, of a file that the world has seen. */
export async function saved(engine: Engine, path: string, text: string, more: SavedNote = {}): Promise<void> {
  const { hash = hashOf(text), title = '', tags = [], ts = noon_ms } = more
  if (engine.world.find(File, path) === 0) {
    const payload = { path, size_bytes: text.length, modified_ms: noon_ms, changed_ms: noon_ms }
    engine.publish({ type: 'fs.file.created', source: { kind: 'fs' }, payload })
    await drained(engine)
  }
  engine.publish({ type: 'note.ready', ts, source: { kind: 'fs' }, payload: { path, hash, text, title, tags } })
  await drained(engine)
}

export type SavedNote = { hash?: string; title?: string; tags?: string[]; ts?: number }

/** The file of a note is gone. */
export async function removed(engine: Engine, path: string): Promise<void> {
  engine.publish({ type: 'note.gone', payload: { path } })
  await drained(engine)
}

function hashOf(text: string): string {
  let state = 7
  for (let at = 0; at < text.length; at++) state = (Math.imul(state, 31) + text.charCodeAt(at)) >>> 0
  return state.toString(16).padStart(8, '0').repeat(8)
}
