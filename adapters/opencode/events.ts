import type { EventInput, Payload } from '../../engine/flow/event.ts'
import type { RawMessage, RawPart, RawPermission } from './raw.ts'

/** Longest text of a tool's output and of an error, in UTF-16 units. */
const outputUnits_max = 4_000
const files_max = 100
const pathUnits_max = 4_096
const titleUnits_max = 200

/** What a message must have said of itself before its parts can be told. */
export type About = { readonly role: 'user' | 'assistant'; readonly created_ms: number; readonly completed: boolean }

/** Undefined for a message whose role is none. */
export function aboutOf(message: RawMessage): About | undefined {
  const { role, time } = message
  if (role !== 'user' && role !== 'assistant') return undefined
  return { role, created_ms: timeOf(time?.created), completed: typeof time?.completed === 'number' }
}

/**
 * The event of a part that is whole, with an id that is the same whenever it is asked for; undefined for a part that
 * still grows, and for what nobody said. O(length)
 */
export function partEventOf(part: RawPart, about: About, directory: string): EventInput | undefined {
  const { id, sessionID, messageID, type } = part
  if (typeof id !== 'string' || typeof sessionID !== 'string' || typeof messageID !== 'string') return undefined
  const at = { id, session: sessionID, directory }
  if (type === 'text') {
    const { text, synthetic, ignored, time } = part
    const whole = about.role === 'user' || about.completed || typeof time?.end === 'number'
    if (!whole || synthetic === true || ignored === true || typeof text !== 'string' || text.trim() === '')
      return undefined
    const ts = about.role === 'user' ? about.created_ms : timeOf(time?.end) || about.created_ms
    return eventOf('opencode.message', at, ts, { text, role: about.role, message: messageID }, about.role)
  }
  if (type === 'tool') return toolOf(part, at)
  if (type !== 'patch' || !Array.isArray(part.files)) return undefined
  const files = part.files
    .filter((file): file is string => typeof file === 'string' && file !== '' && file.length <= pathUnits_max)
    .slice(0, files_max)
    .map((file) => inside(file, directory))
  return files.length === 0 ? undefined : eventOf('opencode.edited', at, about.created_ms, { files })
}

/** The event of an answer that ended with an error; undefined for one that did not. */
export function errorEventOf(message: RawMessage, directory: string): EventInput | undefined {
  const { id, sessionID, error, time } = message
  if (typeof id !== 'string' || typeof sessionID !== 'string' || typeof error?.name !== 'string') return undefined
  const said = error.data?.message
  const text = cut(typeof said === 'string' && said !== '' ? `${error.name}: ${said}` : error.name)
  const at = { id: `${id}:error`, session: sessionID, directory }
  return eventOf('opencode.error', at, timeOf(time?.completed) || timeOf(time?.created), { code: error.name, text })
}

/** The event of a request to be allowed something; undefined for one that cannot be told apart. */
export function permissionEventOf(asked: RawPermission, directory: string): EventInput | undefined {
  const { id, sessionID, permission, type, patterns, pattern } = asked
  const tool = permission ?? type
  if (typeof id !== 'string' || typeof sessionID !== 'string' || typeof tool !== 'string') return undefined
  const given = [patterns ?? pattern ?? []].flat().filter((one): one is string => typeof one === 'string')
  const payload = { permission: id, tool, patterns: given.slice(0, files_max).map(cut) }
  return eventOf('opencode.permission.asked', { id, session: sessionID, directory }, 0, payload)
}

/** The event of an answer to such a request; undefined for one that cannot be told apart. */
export function replyEventOf(
  { sessionID, requestID, reply }: RawPermission,
  directory: string,
): EventInput | undefined {
  if (typeof sessionID !== 'string' || typeof requestID !== 'string') return undefined
  if (reply !== 'once' && reply !== 'always' && reply !== 'reject') return undefined
  const at = { id: `${requestID}:replied`, session: sessionID, directory }
  return eventOf('opencode.permission.replied', at, 0, { permission: requestID, reply })
}

/** The event of a session that began, got another title, or was deleted. */
export function sessionEventOf(
  session: { readonly id?: unknown; readonly title?: unknown; readonly time?: RawMessage['time'] },
  state: 'created' | 'named' | 'deleted',
  directory: string,
): EventInput | undefined {
  if (typeof session.id !== 'string') return undefined
  const title = typeof session.title === 'string' ? session.title.slice(0, titleUnits_max).toWellFormed() : ''
  const at = { id: `${session.id}:${state}${state === 'named' ? ` ${title}` : ''}`, session: session.id, directory }
  return eventOf('opencode.session', at, state === 'created' ? timeOf(session.time?.created) : 0, { state, title })
}

/** The event of a file that was changed, by whomever. */
export function fileEventOf(id: unknown, file: unknown, directory: string): EventInput | undefined {
  if (typeof id !== 'string' || typeof file !== 'string' || file === '' || file.length > pathUnits_max) return undefined
  const source = { kind: 'opencode', channel: directory }
  return { type: 'opencode.file', id, source, payload: { path: inside(file, directory) } }
}

type At = { readonly id: string; readonly session: string; readonly directory: string }

function eventOf(type: string, { id, session, directory }: At, ts: number, payload: Payload, author = ''): EventInput {
  const source = { kind: 'opencode', channel: directory, thread: session, ...(author && { author }) }
  return { type, id, ts, source, payload }
}

function toolOf({ tool, state }: RawPart, at: At): EventInput | undefined {
  const failed = state?.status === 'error'
  if (typeof tool !== 'string' || (!failed && state?.status !== 'completed')) return undefined
  const said = failed ? state.error : state?.output
  const { title, input, time } = state ?? {}
  const file = input?.filePath
  const path = typeof file === 'string' && file !== '' && file.length <= pathUnits_max
  return eventOf('opencode.tool', at, timeOf(time?.end), {
    tool,
    title: typeof title === 'string' ? cut(title) : '',
    text: typeof said === 'string' ? cut(said) : '',
    failed,
    ...(path && { path: inside(file, at.directory) }),
  })
}

/** A path as it is said in the project: relative to its folder. */
function inside(file: string, directory: string): string {
  const folder = directory.endsWith('/') ? directory : `${directory}/`
  return file.startsWith(folder) && file.length > folder.length ? file.slice(folder.length) : file
}

/** The beginning and the end of a long text: what a program says last is what it ends with. */
function cut(text: string): string {
  if (text.length <= outputUnits_max) return text.toWellFormed()
  const half = outputUnits_max / 2
  return `${text.slice(0, half)}\n…\n${text.slice(-half)}`.toWellFormed()
}

function timeOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}
