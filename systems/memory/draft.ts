import type { Event } from '../../engine/flow/event.ts'
import { MemoryKind, MemoryRole, Trust } from '../components.ts'
import { ChatSaid, DiscordSaid, type NoteReady, NoteWritten, type Said, SessionSaid } from '../events.ts'

/** A text that may become a memory, from whatever event it came. */
export type Draft = {
  readonly kind: number // MemoryKind
  readonly role: number // MemoryRole
  readonly trust: number // Trust
  readonly text: string
  readonly title: string
  readonly tags: readonly string[]
  readonly id: string
  /** What makes two deliveries the same: for a file its path and content, for an event its source and id. */
  readonly identity: string
  readonly source: { readonly kind: string; readonly channel: string; readonly thread: string; readonly author: string }
  /** When it happened, in milliseconds since 1970; 0 = unknown. */
  readonly ts: number
  /** Row in File, 0 = none, and its path. */
  readonly file: number
  readonly path: string
}

/** The draft of an event, or undefined when the event is none of those that are remembered. */
export function draftOf(event: Event): Draft | undefined {
  if (NoteWritten.is(event)) return said(event, { ...event.payload, role: 'user' }, MemoryKind.note)
  if (ChatSaid.is(event)) return said(event, event.payload, MemoryKind.chat)
  if (DiscordSaid.is(event)) return said(event, event.payload, MemoryKind.discord)
  if (SessionSaid.is(event)) return ownWords(event)
  return undefined
}

/** The draft of a note that has met its contract. */
export function draftOfNote(note: NoteReady, file: number, ts: number): Draft {
  const { path, text, title, tags, hash } = note
  return {
    kind: MemoryKind.note,
    role: MemoryRole.user,
    trust: Trust.person,
    text,
    title,
    tags,
    id: path,
    identity: `fs\n${path}\n${hash}`,
    source: { kind: 'fs', channel: '', thread: '', author: '' },
    ts,
    file,
    path,
  }
}

/** A note without its front matter: what its author wrote. */
export function bodyOf(text: string): string {
  if (!/^---[ \t]*\r?\n/.test(text)) return text
  closing.lastIndex = 3
  return closing.test(text) ? text.slice(closing.lastIndex) : text
}

const closing = /\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/g

function said(event: Event, payload: Said, kind: number): Draft {
  const { role = 'user', bot = false } = payload
  const { channel = '', thread = '', author = '' } = event.source
  return {
    kind: role === 'tool' ? MemoryKind.tool : role === 'system' ? MemoryKind.system : kind,
    role: MemoryRole[role],
    trust: trustOf(event, role, bot),
    text: payload.text,
    title: payload.title ?? '',
    tags: payload.tags ?? [],
    id: event.id,
    identity: `${event.source.kind}\n${channel || thread}\n${event.id}`,
    source: { kind: event.source.kind, channel, thread, author },
    ts: event.ts,
    file: 0,
    path: '',
  }
}

/** What an agent said in a session; it is believed no more than the least trusted text it was made from. */
function ownWords(event: Event & { readonly payload: SessionSaid }): Draft {
  const { session, agent, text, trust } = event.payload
  const source = { ...event.source, kind: 'session', channel: session, author: agent }
  const draft = said({ ...event, source }, { text, role: 'assistant' }, MemoryKind.chat)
  return { ...draft, trust: believed(trust, Trust.own) }
}

/** A named trust, or less. A name that is none is believed least. */
function believed(name: string, most: number): number {
  const trust = Object.hasOwn(Trust, name) ? Trust[name as keyof typeof Trust] : Trust.unknown
  return Math.max(Trust.unknown, Math.min(trust, most))
}

/**
 * A message that calls its author `admin` is a person's like any other: what a text says of itself lends it no weight.
 * Only the operator's own channels publish under the kind `operator`; what a tool publishes names how far it is believed.
 */
function trustOf({ source, payload }: Event, role: Said['role'] & string, bot: boolean): number {
  if (source.kind === 'tool') return believed(String(payload['trust']), Trust.own)
  // Whoever says of a line that an agent said it is believed like anybody; what an agent says here comes as `session.said`.
  if (role === 'assistant') return Trust.person
  if (bot || role === 'tool' || role === 'system') return Trust.bot
  return source.kind === 'operator' ? Trust.operator : Trust.person
}
