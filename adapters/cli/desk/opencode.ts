import type { Engine } from '../../../engine/engine.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import { OpencodeOrder } from '../../../systems/events.ts'
import {
  OpencodeFolder,
  OpencodeLink,
  OpencodePermit,
  OpencodeSession,
  PermissionBy,
  PermissionReply,
  PermissionState,
} from '../../../systems/opencode/columns.ts'
import type { Asked } from '../../../systems/opencode/permissions.ts'

/** What may be asked about opencode. */
export type OpencodeQuestion =
  | { readonly ask: 'opencode' }
  | { readonly ask: 'permissions'; readonly all: boolean }
  | { readonly ask: 'permit'; readonly permission: string; readonly reply: OpencodeOrder['reply'] }

const id: JsonSchema = { type: 'string', minLength: 1, maxLength: 200 }

/** The form of each question. */
export const opencodeSchemas: { readonly [ask in OpencodeQuestion['ask']]: JsonSchema } = {
  opencode: objectOf({ ask: { const: 'opencode' } }),
  permissions: objectOf({ ask: { const: 'permissions' }, all: { type: 'boolean' } }),
  permit: objectOf({ ask: { const: 'permit' }, permission: id, reply: { enum: ['once', 'always', 'reject'] } }),
}

/** A folder whose sessions are heard. `sessions` and `events` since the record began. */
export type FolderView = {
  readonly directory: string
  readonly state: string
  readonly reason: string
  readonly changed_at_ms: number
  readonly sessions: number
  readonly events: number
}
/** Something that opencode asked to be allowed. */
export type PermitView = Asked & {
  readonly state: string
  readonly reply: string
  readonly by: string
  /** Why the last answer did not arrive; empty when none failed. */
  readonly code: string
  readonly asked_at_ms: number
}
export type PermitAnswer = { readonly permission: string; readonly done: boolean; readonly reason: string }

/** Permissions that are listed when all are asked for. */
const listed_max = 1_000
const nameOf = (states: { readonly [name: string]: number }, value: number): string =>
  Object.keys(states)[value] ?? 'none'

/** Answers a question about opencode. An order is durable when this resolves; opencode hears of it a moment later. */
export async function answerOfOpencode(engine: Engine, question: OpencodeQuestion): Promise<object> {
  switch (question.ask) {
    case 'opencode':
      return { folders: foldersOf(engine), open: permitsOf(engine, false).length }
    case 'permissions':
      return { permissions: permitsOf(engine, question.all) }
    case 'permit':
      return permit(engine, question.permission, question.reply)
  }
}

/** O(folders + sessions) */
function foldersOf({ world }: View): FolderView[] {
  const { changed_at_ms, reason, state } = world.of(OpencodeFolder)
  const views = Array.from({ length: world.rows(OpencodeFolder) }, (_, at) => ({ row: at + 1, sessions: 0, events: 0 }))
  const { events, folder } = world.of(OpencodeSession)
  for (let row = 1; row <= world.rows(OpencodeSession); row++) {
    const view = views[folder[row]! - 1]
    if (view === undefined) continue
    view.sessions++
    view.events += events[row]!
  }
  return views.map(({ row, ...counts }) => ({
    directory: world.keyOf(OpencodeFolder, row),
    state: nameOf(OpencodeLink, state[row]!),
    reason: reason[row] === 0 ? '' : world.names.text(reason[row]!),
    changed_at_ms: changed_at_ms[row]!,
    ...counts,
  }))
}

/** Newest last. O(permissions) */
function permitsOf(view: View, all: boolean): PermitView[] {
  const { world } = view
  const { asked_at_ms, by, code, reply, state } = world.of(OpencodePermit)
  const found: PermitView[] = []
  for (let row = world.rows(OpencodePermit); row > 0 && found.length < listed_max; row--) {
    if (!all && state[row] !== PermissionState.asked) continue
    const text = view.read('opencode_permission', row)
    if (text === undefined || text === '') continue
    found.push({
      ...(JSON.parse(text) as Asked),
      state: nameOf(PermissionState, state[row]!),
      reply: nameOf(PermissionReply, reply[row]!),
      by: nameOf(PermissionBy, by[row]!),
      code: code[row] === 0 ? '' : world.names.text(code[row]!),
      asked_at_ms: asked_at_ms[row]!,
    })
  }
  return found.reverse()
}

async function permit(engine: Engine, permission: string, reply: OpencodeOrder['reply']): Promise<PermitAnswer> {
  const { world } = engine
  const row = world.find(OpencodePermit, permission)
  if (row === 0) return { permission, done: false, reason: 'opencode never asked for that' }
  const before = world.of(OpencodePermit).state[row]!
  if (before !== PermissionState.asked) {
    return { permission, done: false, reason: `it is ${nameOf(PermissionState, before)} already` }
  }
  await engine.ingest({ type: OpencodeOrder.name, source: { kind: 'operator' }, payload: { permission, reply } })
  const done = world.of(OpencodePermit).state[row] !== PermissionState.asked
  return { permission, done, reason: done ? '' : 'the world did not take it' }
}
