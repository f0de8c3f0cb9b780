import { hash } from 'node:crypto'
import { reasonOf } from '../../../engine/errors.ts'
import type { EventInput, Payload, Source } from '../../../engine/flow/event.ts'
import { type Repairs, repaired, suspicious } from './repair.ts'
import { isOwnKind } from './rules.ts'
import { readTime } from './time.ts'

/** What a line says: an event, or why it is none; and how it was changed on the way. */
export type LineRead = {
  readonly event: EventInput | undefined
  readonly refusal: Remark | undefined
  /** Most lines have none, and then this is one shared empty list. */
  readonly changes: readonly Remark[]
}
/** A stable code, and a sentence for people. */
export type Remark = { readonly code: string; readonly reason: string }

export type LineRules = {
  /** Types of event that may come from a file, and those that are known but may not. */
  readonly types: ReadonlySet<string>
  readonly known: ReadonlySet<string>
  readonly now_ms: number
}

const idUnitsMax = 1024
const tagsMax = 256
const wordUnitsMax = 4096
const unchanged: readonly Remark[] = []
const kindOfFile: Source = { kind: 'file' }

/** Reads one line as an event: only what an event has is taken over. @param bytes the line without its end */
export function readLine(bytes: Buffer, text: string, rules: LineRules): LineRead {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    return refused('NOT_JSON', reasonOf(thrown).slice(0, 200))
  }
  const changes: Remark[] = []
  if (suspicious(text)) {
    const repairs: Repairs = { surrogates: 0, nuls: 0, forbidden: false, deep: false }
    value = repaired(value, repairs)
    if (repairs.forbidden) return refused('MEMBER_FORBIDDEN', 'a member is named __proto__')
    if (repairs.deep) return refused('TOO_DEEP', 'its objects and lists are nested more than 64 deep')
    if (repairs.surrogates > 0) {
      changes.push(remark('LONE_SURROGATE', `halves of characters in ${repairs.surrogates} texts became U+FFFD`))
    }
    if (repairs.nuls > 0) changes.push(remark('NUL_REMOVED', `NULs in ${repairs.nuls} texts were taken out`))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refused('NOT_EVENT', 'an event is an object: {"type": …, "payload": …}')
  }
  return eventOf(value as Given, bytes, rules, changes)
}

type Given = { type?: unknown; id?: unknown; ts?: unknown; source?: unknown; payload?: unknown }

function eventOf(given: Given, bytes: Buffer, rules: LineRules, changes: Remark[]): LineRead {
  const { type } = given
  if (typeof type !== 'string') return refused('NOT_EVENT', 'it has no type; try note.written or chat.message')
  if (!rules.types.has(type)) {
    if (rules.known.has(type)) return refused('TYPE_NOT_ALLOWED', `${type} is not for a file to say`)
    return refused('EVENT_TYPE_UNKNOWN', `there is no type ${type.slice(0, 60)}; known: ${[...rules.types].join(', ')}`)
  }
  if (isOwnKind(given.source)) {
    return refused('SOURCE_FORBIDDEN', 'no file speaks as operator, session, tool or world; name another source.kind')
  }
  if (isEmpty(given.payload)) return refused('EMPTY', 'it has neither text nor title')
  const time = readTime(given.ts, rules.now_ms)
  if (time.ts === undefined) return refused(time.code, time.reason)
  if (time.code !== '') changes.push(remark(time.code, `ts ${JSON.stringify(given.ts)} was read as ${time.ts}`))
  const id = idOf(given.id, bytes, changes)
  if (id === undefined) return refused('ID_INVALID', `id must be a text of at most ${idUnitsMax} characters`)
  const event: EventInput = {
    id,
    ts: time.ts,
    type,
    source: (given.source ?? kindOfFile) as Source,
    payload: trimmed(given.payload, changes),
  }
  return { event, refusal: undefined, changes: changes.length === 0 ? unchanged : changes }
}

/** Nothing can be remembered of a text that is empty. */
function isEmpty(payload: unknown): boolean {
  const { text, title } = (payload ?? {}) as { text?: unknown; title?: unknown }
  return text === '' && (title === undefined || title === '')
}

/** The source's own id; a line without one gets the hash of its bytes, so that the same line is the same event. */
function idOf(id: unknown, bytes: Buffer, changes: Remark[]): string | undefined {
  if (typeof id === 'string' && id !== '') return id.length <= idUnitsMax ? id : undefined
  if (id === undefined || id === null || id === '') return `line-${hash('sha256', bytes).slice(0, 32)}`
  if (typeof id !== 'number' || !Number.isFinite(id)) return undefined
  const exact = Number.isSafeInteger(id) || !Number.isInteger(id)
  const advice = exact ? '' : ', which may have lost digits; write ids as texts'
  changes.push(remark('ID_NUMBER', `id ${id} was read as a text${advice}`))
  return String(id)
}

/** Bounds what could only cost and never help; whether the payload is right is for the edge of the world to say. */
function trimmed(payload: unknown, changes: Remark[]): Payload {
  if (typeof payload !== 'object' || payload === null) return payload as Payload
  const { text, tags } = payload as { text?: unknown; tags?: unknown }
  if (typeof text === 'string' && text.length > wordUnitsMax) {
    const longest = longestWord(text)
    if (longest > wordUnitsMax) {
      changes.push(remark('WORD_CUT', `a word of ${longest} characters is only found by its beginning`))
    }
  }
  if (!Array.isArray(tags) || tags.length <= tagsMax) return payload as Payload
  changes.push(remark('TAGS_CUT', `of ${tags.length} tags the first ${tagsMax} were kept`))
  return { ...(payload as Payload), tags: tags.slice(0, tagsMax) }
}

function longestWord(text: string): number {
  let longest = 0
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const isBlank = at === text.length || text.charCodeAt(at) <= 32
    if (!isBlank) continue
    if (at - start > longest) longest = at - start
    start = at + 1
  }
  return longest
}

function remark(code: string, reason: string): Remark {
  return { code, reason }
}

function refused(code: string, reason: string): LineRead {
  return { event: undefined, refusal: { code, reason }, changes: unchanged }
}
