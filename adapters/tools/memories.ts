import type { View } from '../../engine/flow/adapter.ts'
import { Memory } from '../../systems/recall.ts'
import { type ToolContext, ToolProblem } from './tool.ts'

/** What tools may know of memories. */

/** Whether a session keeps to itself what is said in it. */
export type IsPrivate = (session: string) => boolean

export type From = { readonly kind: string; readonly channel?: string }
type Meta = { readonly id: string; readonly source: From }

/** Kinds of sources whose channel is the key of a session. */
const inSessions = new Set(['operator', 'session', 'tool'])

/** True for what was said in another session that keeps it to itself. */
export function isHidden({ kind, channel }: From, session: string, isPrivate: IsPrivate): boolean {
  return inSessions.has(kind) && channel !== undefined && channel !== session && isPrivate(channel)
}

/** The metadata of a memory that is no chunk. */
export function metaOf(view: View, row: number): Meta | undefined {
  const text = view.read('meta', row)
  return text === undefined ? undefined : (JSON.parse(text) as Meta)
}

/**
 * The row of a memory that this session may act on: of a chunk, its document's.
 * @throws ToolProblem the same for what does not exist, was forgotten, or is another session's own
 */
export function memoryFor({ view, session }: ToolContext, memory_id: number, isPrivate: IsPrivate): number {
  const { world } = view
  const { parent, deleted } = world.of(Memory)
  const row = memory_id <= world.rows(Memory) ? parent[memory_id]! || memory_id : 0
  const meta = row === 0 || deleted[row] !== 0 ? undefined : metaOf(view, row)
  if (meta === undefined || isHidden(meta.source, session, isPrivate)) {
    throw new ToolProblem(`there is no memory ${memory_id}`)
  }
  return row
}
