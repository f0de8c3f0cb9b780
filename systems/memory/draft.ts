import type { Event } from '../../engine/flow/event.ts'
import { MemoryKind, MemoryRole, Trust } from '../components.ts'
import {
  ChatSaid,
  type DiscordEdited,
  DiscordSaid,
  JanitorReport,
  type NoteReady,
  NoteWritten,
  OpencodeEdited,
  OpencodeError,
  OpencodeSaid,
  OpencodeTool,
  type Said,
  SessionSaid,
} from '../events.ts'

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
  /**
   * Key in DiscordChannel of the channel or thread whose window knows a second delivery of it, so that a copy needs no row in
   * Copy; empty = none does. Only of what programs say: two of a person's messages are told apart when one is deleted.
   */
  readonly place: string
  /** Of what a tool brought: its name. */
  readonly tool?: string
}

/** The draft of an event, or undefined when the event is none of those that are remembered. */
export function draftOf(event: Event): Draft | undefined {
  if (NoteWritten.is(event)) return said(event, { ...event.payload, role: 'user' }, MemoryKind.note)
  if (ChatSaid.is(event)) return said(event, event.payload, MemoryKind.chat)
  if (DiscordSaid.is(event)) return ofDiscord(event, placeOf(event))
  if (SessionSaid.is(event)) return ownWords(event)
  if (JanitorReport.is(event)) return report(event)
  return ofOpencode(event)
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
    place: '',
  }
}

/** What makes two deliveries of a message from Discord the same: its channel, or that of its thread, and its id. */
export function discordIdentity({ source: { kind, channel, thread } }: Event, id: string): string {
  return `${kind}\n${channel || thread || ''}\n${id}`
}

/**
 * The draft of a message as it reads now, after an edit. No window knows it. `id` says which identity it gets: that of the
 * edit, or that of the message itself when nobody has heard of that before.
 */
export function draftOfEdit(event: Event & { readonly payload: DiscordEdited }, id: string): Draft {
  return { ...ofDiscord(event, ''), id, identity: discordIdentity(event, id) }
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
    place: '',
  }
}

/** People are remembered by their names, and channels by theirs: the numbers are what routing compares. */
function ofDiscord(event: Event & { readonly payload: DiscordSaid | DiscordEdited }, place: string): Draft {
  const { author_name, channel_name } = event.payload
  const draft = said(event, event.payload, MemoryKind.discord)
  const { kind, channel, thread, author } = draft.source
  const source = { kind, channel: channel_name || channel, thread, author: author_name || author }
  return { ...draft, source, place }
}

/** What was fetched from history, and what has no snowflake, went through no window; and people's copies are kept apart. */
function placeOf({ id, source, payload }: Event & { readonly payload: DiscordSaid }): string {
  const place = source.thread || source.channel || ''
  if (source.kind !== 'discord' || payload.bot !== true || payload.history === true) return ''
  return isSnowflake(id) && isSnowflake(place) ? place : ''
}

const snowflake = /^[0-9]{1,20}$/

function isSnowflake(text: string): boolean {
  return snowflake.test(text)
}

/** What an agent said in a session; it is believed no more than the least trusted text it was made from. */
function ownWords(event: Event & { readonly payload: SessionSaid }): Draft {
  const { session, agent, text, trust } = event.payload
  const source = { ...event.source, kind: 'session', channel: session, author: agent }
  const draft = said({ ...event, source }, { text, role: 'assistant' }, MemoryKind.chat)
  return { ...draft, trust: believed(trust, Trust.own) }
}

/** What the world says of programs quotes them, and every report is much like the last: it is believed least, and no flood. */
function report(event: Event & { readonly payload: JanitorReport }): Draft | undefined {
  if (event.source.kind !== 'world' || event.payload.messages === 0) return undefined
  const draft = said(event, { text: event.payload.text }, MemoryKind.summary)
  return { ...draft, role: MemoryRole.system, trust: Trust.unknown }
}

/** What was said and done in opencode: its person is a person, its model a program, and what tools bring nobody vouches for. */
function ofOpencode(event: Event): Draft | undefined {
  if (event.source.kind !== 'opencode') return undefined
  if (OpencodeSaid.is(event)) {
    const draft = said(event, event.payload, MemoryKind.chat)
    return { ...draft, trust: event.payload.role === 'user' ? Trust.person : Trust.bot }
  }
  if (OpencodeTool.is(event)) {
    const { tool, title, text, path = '' } = event.payload
    const done = [title, text].filter((part) => part !== '').join('\n')
    if (done === '') return undefined
    const draft = said(event, { text: done, title, role: 'tool' }, MemoryKind.tool)
    return { ...draft, trust: Trust.unknown, path, tool }
  }
  if (OpencodeEdited.is(event)) {
    const { files } = event.payload
    const draft = said(event, { text: `Changed ${files.join(', ')}`, role: 'tool' }, MemoryKind.tool)
    return { ...draft, trust: Trust.bot, path: files[0] ?? '' }
  }
  if (!OpencodeError.is(event)) return undefined
  return { ...said(event, { text: event.payload.text, role: 'system' }, MemoryKind.system), trust: Trust.unknown }
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
  // Of a client in another process the operator said how far it is believed; more than a person it never is.
  if (source.kind === 'mcp') return believed(String(payload['trust']), Trust.person)
  // Whoever says of a line that an agent said it is believed like anybody; what an agent says here comes as `session.said`.
  if (role === 'assistant') return Trust.person
  if (bot || role === 'tool' || role === 'system') return Trust.bot
  return source.kind === 'operator' ? Trust.operator : Trust.person
}
