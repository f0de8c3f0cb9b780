import { eventType, objectOf } from '../../engine/flow/event.ts'
import { flag, path, text } from './schemas.ts'

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

export const opencodeEvents = [OpencodeSaid, OpencodeTool, OpencodeEdited, OpencodeError, OpencodePermission] as const
