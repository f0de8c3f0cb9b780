import { idOf, timestamp } from './snowflakes.ts'
import type { NewChannel, RawChannel, RawMessage, RawUser, Said, Snowflake } from './types.ts'

/** Users, channels and messages as Discord writes them. */

export function makeUser({ id, username, bot }: { id: Snowflake; username: string; bot?: boolean }): RawUser {
  const user = { id, username, global_name: null, discriminator: '0', avatar: null }
  return bot === true ? { ...user, bot } : user
}

type Place = {
  id: Snowflake
  guild: Snowflake
  parent: RawChannel | undefined
  recipient: RawUser | undefined
  now: number
}

/** A direct conversation, a thread where the parent is no category, else a channel of the guild. */
export function makeChannel(asked: NewChannel, { id, guild, parent, recipient, now }: Place): RawChannel {
  if (asked.direct !== undefined && asked.direct !== false)
    return { id, type: 1, recipients: recipient === undefined ? [] : [recipient], last_message_id: null }
  const base = { id, name: asked.name, guild_id: guild, last_message_id: null }
  if (parent !== undefined && parent.type !== 4) {
    const archive_timestamp = timestamp(now)
    return {
      ...base,
      type: asked.type ?? 11,
      parent_id: parent.id,
      owner_id: guild,
      thread_metadata: { archived: false, auto_archive_duration: 1_440, archive_timestamp, locked: false },
      message_count: 0,
      member_count: 1,
    }
  }
  return {
    ...base,
    type: asked.type ?? 0,
    parent_id: asked.parent === undefined ? null : idOf(asked.parent),
    position: 0,
    nsfw: false,
    topic: null,
    permission_overwrites: asked.overwrites ?? [],
  }
}

type Parts = {
  id: Snowflake
  channel: RawChannel
  author: RawUser
  content: string
  at: string
  mentions: RawUser[]
  everyone: boolean
  answered: RawMessage | undefined
  type: number | undefined
  embeds: object[]
  attachments: (NonNullable<Said['attachments']>[number] & { id: Snowflake })[]
  webhook: Snowflake | undefined
}

/** A message without what depends on who reads it: guild, member and nonce. */
export function makeMessage(parts: Parts): RawMessage {
  const { answered, channel, id, webhook } = parts
  const message: RawMessage = {
    id,
    channel_id: channel.id,
    author: parts.author,
    content: parts.content,
    timestamp: parts.at,
    edited_timestamp: null,
    tts: false,
    mention_everyone: parts.everyone,
    mentions: parts.mentions,
    mention_roles: [],
    attachments: parts.attachments.map(({ id: attachment, filename, size, content_type, url }) => ({
      id: attachment,
      filename,
      size: size ?? 1_000,
      content_type: content_type ?? 'application/octet-stream',
      url: url ?? `https://cdn.discordapp.com/attachments/${channel.id}/${attachment}/${filename}`,
    })),
    embeds: parts.embeds,
    components: [],
    pinned: false,
    type: parts.type ?? (answered === undefined ? 0 : 19),
    flags: 0,
  }
  if (webhook !== undefined) message.webhook_id = webhook
  if (answered !== undefined) {
    const place = { type: 0, message_id: answered.id, channel_id: channel.id } as const
    message.message_reference = channel.guild_id === undefined ? place : { ...place, guild_id: channel.guild_id }
    // Only one step back: what the answered message answered is left out.
    const { referenced_message: _, ...plain } = answered
    message.referenced_message = plain
  }
  return message
}
