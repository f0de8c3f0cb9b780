import { eventType, objectOf } from '../../engine/flow/event.ts'
import { count, flag, path, text, texts, time } from './schemas.ts'

/** Events of opencode. `source.channel` is its directory, `source.thread` its session; ids are made of opencode's own. */

/** A text that a person or the model said, once it is whole. */
export type OpencodeSaid = { text: string; role: 'user' | 'assistant'; message: string }
export const OpencodeSaid = eventType<OpencodeSaid>(
  'opencode.message',
  objectOf({ text, role: { enum: ['user', 'assistant'] }, message: text }),
)
/** A call of a tool that ended. `text` is its shortened output, or its error where `failed`; `path` the file it was about. */
export type OpencodeTool = { tool: string; title: string; text: string; failed: boolean; path?: string }
export const OpencodeTool = eventType<OpencodeTool>(
  'opencode.tool',
  objectOf({ tool: text, title: text, text, failed: flag, 'path?': path }),
)
/** Files that a step of the model changed; paths are relative to the directory where they lie in it. */
export type OpencodeEdited = { files: string[] }
export const OpencodeEdited = eventType<OpencodeEdited>(
  'opencode.edited',
  objectOf({ files: { type: 'array', items: path, minItems: 1, maxItems: 100 } }),
)
/** An answer of the model ended with an error. */
export type OpencodeError = { code: string; text: string }
export const OpencodeError = eventType<OpencodeError>('opencode.error', objectOf({ code: text, text }))
/** Opencode asks whether a tool may be used. */
export type OpencodePermission = { permission: string; tool: string; patterns: string[] }
export const OpencodePermission = eventType<OpencodePermission>(
  'opencode.permission.asked',
  objectOf({ permission: text, tool: text, patterns: { type: 'array', items: text, maxItems: 100 } }),
)

/** Somebody answered a request to be allowed something. */
export type OpencodeReplied = { permission: string; reply: 'once' | 'always' | 'reject' }
export const OpencodeReplied = eventType<OpencodeReplied>(
  'opencode.permission.replied',
  objectOf({ permission: text, reply: { enum: ['once', 'always', 'reject'] } }),
)
/** A session began, got another title, or was deleted. */
export type OpencodeSessionSeen = { state: 'created' | 'named' | 'deleted'; title: string }
export const OpencodeSessionSeen = eventType<OpencodeSessionSeen>(
  'opencode.session',
  objectOf({ state: { enum: ['created', 'named', 'deleted'] }, title: text }),
)
/** A file was changed, by whomever; it is said of no session. */
export type OpencodeFile = { path: string }
export const OpencodeFile = eventType<OpencodeFile>('opencode.file', objectOf({ path }))
/** How it stands with a folder's server; once it is `ready`, `permissions` are all that it asks for now. */
export type OpencodeStand = { state: 'ready' | 'away'; reason: string; permissions: string[] }
export const OpencodeStand = eventType<OpencodeStand>(
  'opencode.stand',
  objectOf({ state: { enum: ['ready', 'away'] }, reason: text, permissions: texts }),
)
/** A session's history was read up to a time of opencode's clock. */
export type OpencodeRead = { read_ms: number }
export const OpencodeRead = eventType<OpencodeRead>('opencode.read', objectOf({ read_ms: time }))
/** The operator's answer to a request to be allowed something. */
export type OpencodeOrder = { permission: string; reply: 'once' | 'always' | 'reject' }
export const OpencodeOrder = eventType<OpencodeOrder>(
  'opencode.order',
  objectOf({ permission: text, reply: { enum: ['once', 'always', 'reject'] } }),
)
/** How far a prompt is that opencode was given. `effect` is the id of its `opencode.run`. */
export type OpencodeProgress = { effect: number; state: 'begun' | 'working' | 'waiting'; text: string }
export const OpencodeProgress = eventType<OpencodeProgress>(
  'opencode.progress',
  objectOf({ effect: count, state: { enum: ['begun', 'working', 'waiting'] }, text }),
)

export const opencodeEvents = [
  OpencodeSaid,
  OpencodeTool,
  OpencodeEdited,
  OpencodeError,
  OpencodePermission,
  OpencodeReplied,
  OpencodeSessionSeen,
  OpencodeFile,
  OpencodeStand,
  OpencodeRead,
  OpencodeOrder,
  OpencodeProgress,
] as const
