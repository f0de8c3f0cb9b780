import { archetype, states, table } from '../../engine/world/archetype.ts'

/** What the world knows of Discord: where it stopped listening, whom it follows, and what it has sent. Ids are snowflakes in two halves. */

export const GatewayState = states('none', 'connecting', 'ready', 'resumed', 'closed', 'failed')

/** A connection to the gateway. Keyed by the shard's number. The sequence is that of the newest durable event. */
export const DiscordShard = table(
  'DiscordShard',
  {
    state: 'u8', //             GatewayState
    session: 'u32', //          name of the session to resume; 0 = none
    resume_url: 'u32', //       name
    sequence: 'f64',
    close_code: 'u16', //       of the last close; 0 = none
    identifies: 'u32', //       since `identifies_since_ms`: a thousand a day reset the token
    identifies_since_ms: 'f64',
    changed_at_ms: 'f64',
  },
  { capacity: 4, rows_max: 1024 },
)

/** Whether the agent answers in a channel: to what is said to it, to everything, or never. */
export const Speak = states('none', 'never', 'asked', 'always')
/** Which messages of programs get vectors: all that become memories, or only what stands for a flood. */
export const EmbedBots = states('none', 'all', 'aggregates')
/** Steps of back-pressure of a channel; see systems/janitor. */
export const ChannelPressure = states('none', 'medium', 'high', 'flood')

/** A channel, a thread or a direct conversation that was heard of. Keyed by its id. */
export const DiscordChannel = table(
  'DiscordChannel',
  {
    followed: 'u8', //          1 while the policy follows it, or the channel it is a thread of
    locked: 'u8', //            1: nothing of it may be left out
    speak: 'u8', //             Speak
    embed: 'u8', //             EmbedBots
    direct: 'u8', //            1 = between the agent and one person
    gone: 'u8', //              1 once it was deleted
    closed: 'u8', //            1 when Discord refuses messages there; nothing more is sent until the next start
    behind: 'u8', //            1 while messages of it must be fetched from the cursor on before it is live again
    parent: 'u32', //           of a thread: its channel, row here; 0 = none
    name: 'u32', //             name
    cursor_high: 'u32', //      newest message that is durable; 0 = none
    cursor_low: 'u32',
    window: 'u32', //           first row of its window in DiscordSeen; 0 = nothing was said there yet
    seen: 'u32', //             messages in its window, at most `seenSlots`
    people: 'f64', //           messages of people
    bots: 'f64', //             messages of programs
    counted: 'f64', //          of these, only counted: copies and members of families
    suppressed: 'f64', //       of these, by a rule
    edited: 'f64',
    deleted: 'f64',
    minute: 'u32', //           minutes since 1970 that `minute_bots` and `minute_people` are of
    minute_bots: 'u32',
    minute_people: 'u32',
    rate: 'f32', //             messages a minute, fading
    pressure: 'u8', //          ChannelPressure
    last_at_ms: 'f64',
    bot_hops: 'u16', //         answers in a row to programs, since a person spoke there
    posting: 'u32', //          its Posting entity while something waits to be sent there; 0 = nothing does
  },
  { rows_max: 65_536 },
)

/** How many of a channel's newest messages are told apart one by one. */
export const seenSlots = 256

/**
 * The newest messages of channels: a ring of `seenSlots` rows each, from the channel's `window` on, ascending by id. Once it
 * is full a new message takes the place of that with the smallest id.
 */
export const DiscordSeen = table(
  'DiscordSeen',
  {
    id_high: 'u32',
    id_low: 'u32',
    oldest: 'u32', //           of the window's first row: at which place, from 0, its oldest message is
  },
  { rows_max: 65_536 * seenSlots },
)

/** A message that was deleted before it was heard of: when it comes after all, it is left out. */
export const DiscordWithdrawn = table(
  'DiscordWithdrawn',
  { id_high: 'u32', id_low: 'u32' },
  { rows_max: 1_000_000, fixed: true },
)

/** A message that was edited: which memory says what it says now. Its older versions are listed through `older`. */
export const DiscordVersion = table(
  'DiscordVersion',
  {
    id_high: 'u32', //          of the message; the first row with it stands for the message
    id_low: 'u32',
    memory_id: 'u32', //        what this version became, or was counted as
    edited_ms: 'f64',
    newest: 'u32', //           of the first row: the row of the newest version
    older: 'u32', //            the version before this one; 0 = none
  },
  { rows_max: 4_000_000 },
)

/** An input of sessions that is a message from Discord, by which edits and deletions find what they are about. */
export const DiscordInput = table(
  'DiscordInput',
  {
    id_high: 'u32', //          of the message; the first row with it is the head of its list
    id_low: 'u32',
    input: 'u32', //            row in Input
    newest: 'u32', //           of the head: the newest row of the message
    older: 'u32', //            the row of the same message before this one; 0 = none
  },
  { rows_max: 16_000_000 },
)

/** Where a part of what is to be sent stands. `unknown` waits for the operator. */
export const PostState = states('none', 'queued', 'sending', 'looking', 'sent', 'failed', 'unknown', 'dropped')

/** One message to Discord: an answer is as many of them, one after the other, as its length asks for. Record: `post`, JSON of its text. */
export const DiscordPost = table(
  'DiscordPost',
  {
    state: 'u8', //             PostState
    channel: 'u32', //          row in DiscordChannel
    turn: 'u32', //             that said it; 0 = none did
    previous: 'u32', //         the part before it, which must be sent first; 0 = none
    next: 'u32', //             what is sent after it in its channel; 0 = nothing yet
    effect_id: 'u32', //        what it waits for; 0 = nothing
    tries: 'u8', //             times it left
    message_high: 'u32', //     of the message it became
    message_low: 'u32',
    code: 'u32', //             name of the failure's code
    asked_at_ms: 'f64',
    left_at_ms: 'f64', //       when it was asked for last
    ended_at_ms: 'f64',
  },
  { rows_max: 4_000_000 },
)

/** A channel in which something waits to be sent: one after the other, in the order in which it was said. */
export const Posting = archetype('Posting', {
  channel: 'u32', //            row in DiscordChannel
  head: 'u32', //               row in DiscordPost: the one that is sent, or looked for, now
  tail: 'u32',
  waiting: 'u32', //            how many, the head included
  retry_at_ms: 'f64', //        the head is not asked for before
  parked: 'u8', //              1 until the next start: the token is not accepted
})

export const discordArchetypes = [
  DiscordShard,
  DiscordChannel,
  DiscordSeen,
  DiscordWithdrawn,
  DiscordVersion,
  DiscordInput,
  DiscordPost,
  Posting,
] as const
export const discordRecords = ['post'] as const
