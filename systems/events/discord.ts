import { effectType } from '../../engine/flow/effect.ts'
import { eventType, objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import { type Said, said } from './mind.ts'
import { count, flag, open, row, text, time } from './schemas.ts'

/** Events and effects of Discord, and of the janitor, whose first work is there. */

/** A snowflake: 64 bits in decimal. */
export const snowflake: JsonSchema = { type: 'string', pattern: '^[0-9]{1,20}$' }
const snowflakes: JsonSchema = { type: 'array', items: snowflake, maxItems: 1_000 }

/** Where in the gateway's stream an event stood; what was fetched from history has none. */
type Place = { shard?: number; sequence?: number }
const place = { 'shard?': count, 'sequence?': count }

/**
 * A message as it was posted. The event's id is its snowflake, `source.author` the author's; `source.channel` is the channel,
 * of a message in a thread the channel of that, and `source.thread` the thread.
 */
export type DiscordSaid = Said & Place & About
type About = {
  /** Unique name of the author; of a webhook the name it shows. */
  author_name?: string
  channel_name?: string
  guild?: string
  /** The message it answers. */
  reply_to?: string
  /** It names the agent, answers it, or is said to it alone. */
  to_me?: boolean
  /** Nobody else hears it. */
  direct?: boolean
  webhook?: boolean
  /** 0 = never. */
  edited_ms?: number
  attachments?: { name: string; type: string; bytes: number; url: string }[]
  /** Fetched on request from before the time when the channel was first followed. */
  history?: boolean
}
export const DiscordSaid = eventType<DiscordSaid>('discord.message.new', said)
/** A message as it reads now. The event's id is `<message_id>:<edited_ms>`. */
export type DiscordEdited = Said & Place & About & { message_id: string }
export const DiscordEdited = eventType<DiscordEdited>(
  'discord.message.edited',
  open(objectOf({ text, message_id: snowflake })),
)
/** Messages of `source.channel` (or its thread) are gone. */
export type DiscordDeleted = Place & { message_ids: string[] }
export const DiscordDeleted = eventType<DiscordDeleted>(
  'discord.message.deleted',
  objectOf({ message_ids: snowflakes, ...place }),
)
/** Somebody put a sign to a message, or took it away again (`added: false`). */
export type DiscordReaction = Place & { message_id: string; emoji: string; added: boolean; bot?: boolean }
export const DiscordReaction = eventType<DiscordReaction>(
  'discord.reaction',
  objectOf({ message_id: snowflake, emoji: text, added: flag, 'bot?': flag, ...place }),
)
/** What became known of a channel or a thread. `behind`: messages were passed over and are fetched; `caught_up`: they were. */
export type DiscordChannelSeen = Place & {
  channel: string
  name?: string
  parent?: string
  direct?: boolean
  state?: 'behind' | 'caught_up' | 'gone'
}
export const DiscordChannelSeen = eventType<DiscordChannelSeen>(
  'discord.channel',
  objectOf({
    channel: snowflake,
    'name?': text,
    'parent?': snowflake,
    'direct?': flag,
    'state?': { enum: ['behind', 'caught_up', 'gone'] },
    ...place,
  }),
)
/**
 * How it stands with the gateway. `identified` is said before an IDENTIFY is sent, so that none is left uncounted by a crash;
 * `at` only carries a sequence on when nothing else has for a while.
 */
export type DiscordGateway = Place & {
  state: 'identified' | 'ready' | 'resumed' | 'refused' | 'closed' | 'failed' | 'at'
  session?: string
  resume_url?: string
  close_code?: number
  code?: string
  reason?: string
}
export const DiscordGateway = eventType<DiscordGateway>(
  'discord.gateway',
  objectOf({
    state: { enum: ['identified', 'ready', 'resumed', 'refused', 'closed', 'failed', 'at'] },
    'session?': text,
    'resume_url?': text,
    'close_code?': count,
    'code?': text,
    'reason?': text,
    ...place,
  }),
)

/** `key` is the same for ever for this message: the nonce is made from it. */
export type DiscordSendRequest = { post: number; channel: string; text: string; key: string; reply_to?: string }
/**
 * Posts one message of at most 2,000 characters, mentioning nobody. Fails with DISCORD_RATE_LIMITED, DISCORD_AWAY (both
 * transient: it was certainly not posted), DISCORD_UNSURE (it may have been), DISCORD_FORBIDDEN, DISCORD_MISSING,
 * DISCORD_AUTH, DISCORD_REFUSED.
 */
export const DiscordSend = effectType<DiscordSendRequest, { message_id: string }>('discord.send', {
  retry: 'once',
  deadline_ms: 120_000,
  attempts_max: 6,
  backoff_ms: 1_000,
  in_flight_max: 16,
  request: { post: row, channel: snowflake, text, key: text, 'reply_to?': snowflake },
  done: { message_id: snowflake },
})
/** `known` are messages of the agent's that other sends became. `since_ms`: when it was first asked for. */
export type DiscordFindRequest = {
  post: number
  channel: string
  text: string
  key: string
  since_ms: number
  known: string[]
}
/** `absent` only when all of the channel's history since then was read. */
export type DiscordFindDone = { found: 'found' | 'absent' | 'unclear'; message_id: string }
/** Looks for a message of the agent's in a channel's history, by nonce, else by its text. Fails like `discord.send`. */
export const DiscordFind = effectType<DiscordFindRequest, DiscordFindDone>('discord.find', {
  retry: 'safe',
  deadline_ms: 60_000,
  attempts_max: 5,
  backoff_ms: 1_000,
  in_flight_max: 4,
  request: { post: row, channel: snowflake, text, key: text, since_ms: time, known: snowflakes },
  done: { found: { enum: ['found', 'absent', 'unclear'] }, message_id: text },
})
/** Nobody knows whether a message was posted: the operator decides. Row in DiscordPost. */
export type DiscordUnsure = { post: number; channel: string; text: string; reason: string }
export const DiscordUnsure = eventType<DiscordUnsure>(
  'discord.unsure',
  objectOf({ post: row, channel: text, text, reason: text }),
)
/** The operator's word on it; heard only from the operator. */
export type DiscordResolve = { post: number; order: 'again' | 'drop' }
export const DiscordResolve = eventType<DiscordResolve>(
  'discord.resolve',
  objectOf({ post: row, order: { enum: ['again', 'drop'] } }),
)

/** A text for a channel that no turn said: a report. Heard only from the world itself. */
export type DiscordSay = { channel: string; text: string }
export const DiscordSay = eventType<DiscordSay>('discord.say', objectOf({ channel: snowflake, text }))

/** Programs say something over and over: the memory that stands for it from now on. `family` is a row in Family. */
export type MemoryFamily = { family: number; memory_id: number }
export const MemoryFamily = eventType<MemoryFamily>('memory.family', objectOf({ family: row, memory_id: row }))

/** A report of what programs said: its numbers, and the same in words (`text`). It becomes a memory. */
export type JanitorReport = {
  report: number
  text: string
  since_ms: number
  until_ms: number
  messages: number
  counted: number
  channels: ReportedChannel[]
  families: ReportedFamily[]
  proposals: { rule: number; family: number; template: string; why: string }[]
}
type ReportedChannel = {
  channel: string
  name: string
  people: number
  bots: number
  counted: number
  suppressed: number
  rate: number
  pressure: string
}
/** `fresh`: it became known since the last report. `count` in all, `recent` since the last report. */
type ReportedFamily = {
  family: number
  memory_id: number
  channel: string
  template: string
  count: number
  recent: number
  fresh: boolean
}
const list: JsonSchema = { type: 'array', items: { type: 'object' } }
export const JanitorReport = eventType<JanitorReport>(
  'janitor.report',
  objectOf({
    report: row,
    text,
    since_ms: time,
    until_ms: time,
    messages: count,
    counted: count,
    channels: list,
    families: list,
    proposals: list,
  }),
)
/** The operator's word on a rule; heard only from the operator. `end` takes an active one back. */
export type JanitorRule = { rule: number; order: 'allow' | 'refuse' | 'end' }
export const JanitorRule = eventType<JanitorRule>(
  'janitor.rule',
  objectOf({ rule: row, order: { enum: ['allow', 'refuse', 'end'] } }),
)
/** A report is wanted now; heard only from the operator. */
export const JanitorAsked = eventType<Record<string, never>>('janitor.asked', objectOf({}))
