import { states, table } from '../../engine/world/archetype.ts'

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
    seen: 'u32', //             messages that went through its window; see DiscordSeen
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
  },
  { rows_max: 65_536 },
)

/** How many of a channel's newest messages are told apart one by one. */
export const seenSlots = 256

/** The newest messages of a channel, a ring: those of channel row `c` are the rows from `(c - 1) * seenSlots + 1` on. */
export const DiscordSeen = table('DiscordSeen', { id_high: 'u32', id_low: 'u32' }, { rows_max: 65_536 * seenSlots })

/** A message that was deleted before it was heard of: when it comes after all, it is left out. */
export const DiscordWithdrawn = table(
  'DiscordWithdrawn',
  { id_high: 'u32', id_low: 'u32' },
  { rows_max: 1_000_000, fixed: true },
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

export const discordArchetypes = [DiscordShard, DiscordChannel, DiscordSeen, DiscordWithdrawn, DiscordPost] as const
export const discordRecords = ['post'] as const
