import type { EventInput, Source } from '../../engine/flow/event.ts'
import {
  DiscordChannelSeen,
  DiscordDeleted,
  DiscordEdited,
  DiscordReaction,
  DiscordSaid,
} from '../../systems/events.ts'
import type { RawMessage, RawReaction, RawUser } from './raw.ts'
import { mended, textOf, threadStarter } from './text.ts'

/** Who the agent is on Discord. */
export type Self = {
  readonly id: string
  /** Of its application: webhooks that it made carry it. */
  readonly application: string
}

/** Where something happened, as events say it. */
export type Where = {
  readonly channel: string
  /** Empty outside threads. */
  readonly thread: string
  /** Of the channel, or of the thread. */
  readonly name: string
  readonly guild: string
  readonly direct: boolean
}

/** Where in the gateway's stream something stood; undefined for what was fetched, or had to wait. */
export type Place = { readonly shard: number; readonly sequence: number } | undefined

/** Words of people and programs: plain, answers, commands' answers, what a thread began from. All else is Discord's own. */
const spoken = new Set([0, 19, 20, threadStarter, 23])
const attachmentsMax = 10

/**
 * The event of a message that was posted; undefined for the agent's own, for what Discord says by itself, and for what
 * says nothing. Pure. O(length).
 * @param history it was fetched because somebody asked for it
 */
export function saidOf(
  message: RawMessage,
  where: Where,
  self: Self,
  place?: Place,
  history?: boolean,
): EventInput | undefined {
  const { author, type = 0, timestamp = '' } = message
  if (author === undefined || !spoken.has(type) || isOwn(message, self)) return undefined
  const text = textOf(message)
  if (text === '') return undefined
  const ts = Date.parse(timestamp)
  return {
    id: message.id,
    ts: Number.isFinite(ts) ? ts : 0,
    type: DiscordSaid.name,
    source: sourceOf(where, author.id),
    payload: {
      text,
      ...about(message, author, where, self),
      edited_ms: editedOf(message),
      ...place,
      ...(history ? { history } : undefined),
    },
  }
}

/**
 * The event of a message as it reads now; undefined when it says nothing new. When Discord only looked at the links in
 * it, which is no edit, the time is that of the message, so that every real edit is later. Pure. O(length).
 */
export function editedEventOf(message: RawMessage, where: Where, self: Self, place?: Place): EventInput | undefined {
  const { author, type = 0, content, embeds = [] } = message
  if (author === undefined || content === undefined || !spoken.has(type) || isOwn(message, self)) return undefined
  let edited = editedOf(message)
  if (edited === 0) {
    if (isProgram(message, author) || embeds.length === 0) return undefined
    const posted = Date.parse(message.timestamp ?? '')
    edited = Number.isFinite(posted) ? posted : 1
  }
  const text = textOf(message)
  if (text === '') return undefined
  return {
    id: `${message.id}:${edited}`,
    ts: edited,
    type: DiscordEdited.name,
    source: sourceOf(where, author.id),
    payload: {
      text,
      message_id: message.id,
      ...about(message, author, where, self),
      edited_ms: edited,
      ...place,
    },
  }
}

/** The event of messages that are gone. */
export function deletedOf(ids: readonly string[], where: Where, place?: Place): EventInput {
  const id = ids.length === 1 ? `${ids[0]}:deleted` : `${ids[0]}:deleted:${ids.length}`
  return { id, type: DiscordDeleted.name, source: sourceOf(where), payload: { message_ids: ids, ...place } }
}

/**
 * The event of a sign that was put to a message or taken away; undefined for the agent's own signs.
 * @param sequence makes it another event when the same is done again
 */
export function reactionOf(
  reaction: RawReaction,
  added: boolean,
  at: { where: Where; self: Self; sequence: number; place?: Place },
): EventInput | undefined {
  const { user_id, message_id, emoji } = reaction
  if (user_id === at.self.id) return undefined
  const sign = mended(emoji.name ?? emoji.id ?? '')
  return {
    id: `${message_id}:${user_id}:${emoji.id ?? sign}:${added ? '+' : '-'}:${at.sequence}`,
    type: DiscordReaction.name,
    source: sourceOf(at.where, user_id),
    payload: {
      message_id,
      emoji: sign,
      added,
      ...(reaction.member?.user?.bot ? { bot: true } : undefined),
      ...at.place,
    },
  }
}

/** The event of what became known of a channel. */
export function channelOf(channel: string, known: Omit<DiscordChannelSeen, 'channel'>): EventInput {
  const name = known.name === undefined ? undefined : { name: mended(known.name) }
  return { type: DiscordChannelSeen.name, source: { kind, channel }, payload: { channel, ...known, ...name } }
}

/** It is the agent's: said by its account, or by a webhook of its application. */
export function isOwn({ author, webhook_id, application_id }: RawMessage, self: Self): boolean {
  if (author?.id === self.id) return true
  return webhook_id !== undefined && application_id !== undefined && application_id === self.application
}

/** Milliseconds since 1970 of the last edit; 0 = never edited. */
export function editedOf({ edited_timestamp }: RawMessage): number {
  if (edited_timestamp === undefined || edited_timestamp === null) return 0
  const time = Date.parse(edited_timestamp)
  return Number.isFinite(time) ? time : 0
}

const kind = 'discord'

function sourceOf({ channel, thread }: Where, author?: string): Source {
  if (thread !== '') return author === undefined ? { kind, channel, thread } : { kind, channel, thread, author }
  return author === undefined ? { kind, channel } : { kind, channel, author }
}

function isProgram({ webhook_id }: RawMessage, author: RawUser): boolean {
  return author.bot === true || webhook_id !== undefined
}

function about(message: RawMessage, author: RawUser, where: Where, self: Self) {
  const { webhook_id, message_reference, attachments } = message
  const answered = message_reference?.type === 1 ? undefined : message_reference?.message_id
  return {
    author_name: nameOf(author, webhook_id !== undefined),
    ...(isProgram(message, author) ? { bot: true } : undefined),
    ...(webhook_id === undefined ? undefined : { webhook: true }),
    ...(where.name === '' ? undefined : { channel_name: where.name }),
    ...(where.guild === '' ? undefined : { guild: where.guild }),
    ...(where.direct ? { direct: true } : undefined),
    ...(where.direct || isToMe(message, self) ? { to_me: true } : undefined),
    ...(answered === undefined ? undefined : { reply_to: answered }),
    ...(attachments === undefined || attachments.length === 0 ? undefined : { attachments: filesOf(attachments) }),
  }
}

/** Names of people are unique by themselves, those of programs by their number. */
function nameOf({ username, discriminator }: RawUser, webhook: boolean): string {
  const numbered = !webhook && discriminator !== undefined && /[1-9]/.test(discriminator)
  return mended(numbered ? `${username}#${discriminator}` : username)
}

function isToMe({ mentions, referenced_message }: RawMessage, self: Self): boolean {
  if (mentions !== undefined) for (const { id } of mentions) if (id === self.id) return true
  return referenced_message?.author?.id === self.id
}

function filesOf(attachments: NonNullable<RawMessage['attachments']>) {
  return attachments.slice(0, attachmentsMax).map(({ filename, content_type = '', size, url }) => ({
    name: mended(filename),
    type: mended(content_type),
    bytes: size,
    url: mended(url),
  }))
}
