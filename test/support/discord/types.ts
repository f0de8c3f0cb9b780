/** What Discord's wire carries, as far as this server speaks it; and what a test may ask of the server. */

export type Snowflake = string
export type Id = Snowflake | { readonly id: Snowflake }

export type RawUser = {
  id: Snowflake
  username: string
  global_name: string | null
  discriminator: string
  avatar: string | null
  bot?: boolean
}

export type RawOverwrite = { id: Snowflake; type: 0 | 1; allow: string; deny: string }

export type RawChannel = {
  id: Snowflake
  /** 0 text, 1 direct, 4 category, 5 announcement, 11 public thread. */
  type: number
  name?: string
  guild_id?: Snowflake
  parent_id?: Snowflake | null
  position?: number
  nsfw?: boolean
  topic?: string | null
  permission_overwrites?: RawOverwrite[]
  recipients?: RawUser[]
  owner_id?: Snowflake
  thread_metadata?: { archived: boolean; auto_archive_duration: number; archive_timestamp: string; locked: boolean }
  message_count?: number
  member_count?: number
  last_message_id: Snowflake | null
}

export type RawAttachment = { id: Snowflake; filename: string; size: number; content_type: string; url: string }
export type RawReaction = { count: number; me: boolean; emoji: RawEmoji }
export type RawEmoji = { id: Snowflake | null; name: string }

export type RawMessage = {
  id: Snowflake
  channel_id: Snowflake
  author: RawUser
  content: string
  timestamp: string
  edited_timestamp: string | null
  tts: boolean
  mention_everyone: boolean
  mentions: RawUser[]
  mention_roles: Snowflake[]
  attachments: RawAttachment[]
  embeds: object[]
  components: object[]
  reactions?: RawReaction[]
  pinned: boolean
  /** 0 plain, 19 an answer, others are said by the system. */
  type: number
  flags: number
  webhook_id?: Snowflake
  message_reference?: { type: 0; message_id: Snowflake; channel_id: Snowflake; guild_id?: Snowflake }
  referenced_message?: RawMessage | null
  nonce?: string | number
}

/** A message of the bot's as it stands, and how it was asked for. */
export type Posted = RawMessage & { allowed_mentions?: AllowedMentions }
export type AllowedMentions = { parse?: string[]; users?: Snowflake[]; roles?: Snowflake[]; replied_user?: boolean }

export type NewChannel = {
  id?: Snowflake
  name: string
  /** The channel this is a thread of, or the category it is in. */
  parent?: Id
  /** Between the bot and one person: the recipient, or whoever speaks there first. */
  direct?: boolean | Id
  type?: number
  overwrites?: RawOverwrite[]
  /** It is there, but nobody is told. */
  silent?: boolean
}

export type Said = {
  embeds?: object[]
  attachments?: { filename: string; size?: number; content_type?: string; url?: string }[]
  /** Said by a webhook: the name it shows, or `true` for the user's. */
  webhook?: boolean | string
  reply_to?: Id
  /** Besides those named in the content as `<@id>`. */
  mentions?: Id[]
  /** Other than 0 and 19: a message of the system's. */
  type?: number
  /** Stored, not dispatched. */
  silent?: boolean
}

/** Privileged intents that are switched on for the application. */
export type Privileged = 'message_content' | 'members' | 'presences'

export type DiscordOptions = {
  token?: string
  bot_name?: string
  guild_name?: string
  /** The server's clock: snowflakes, nonces, sessions and limits follow it. */
  now?: () => number
  privileged?: readonly Privileged[]
  /** What the bot's role allows, a bit set in decimal. */
  permissions?: string
  heartbeat_ms?: number
  /** Without a heartbeat for so long the connection is closed with 4009; 2 intervals and a second unless given. */
  silence_ms?: number
  /** Sessions can be resumed for so long after their connection ended. */
  session_ms?: number
  /** Dispatches kept to be replayed, a session. */
  buffer_max?: number
  identifies_total?: number
  /** IDENTIFYs nearer to each other are answered with op 9; 0 = never. */
  identify_every_ms?: number
  /** A nonce is remembered for so long. */
  nonce_ms?: number
  /** Whether history gives nonces back; Discord's own does not. */
  history_nonce?: boolean
  /** Messages kept a channel. */
  history_max?: number
  /** Limits that are really kept: of posts and of reads a channel, and of everything. None unless given. */
  post_limit?: Rate
  get_limit?: Rate
  global_limit?: Rate
}
export type Rate = { limit: number; per_ms: number }

/** The next `times` requests that fit are answered with 429. */
export type Limit = {
  scope: 'route' | 'global' | 'shared'
  retry_after_ms: number
  times: number
  method?: string
  path?: string | RegExp
}

/**
 * The next `times` requests that fit go wrong: with a status, or by silence (`hang`), or else the connection breaks;
 * `after_accept`: when the work was already done.
 */
export type Fault = {
  method: string
  path: string | RegExp
  status?: number
  /** Discord's own number of the error, in the body. */
  code?: number
  message?: string
  after_accept?: boolean
  hang?: boolean
  times: number
}

/** What clients did so far. `posts` and `gets` are requests for messages; `invalid` those Discord counts towards a ban. */
export type Counts = {
  connects: number
  identifies: number
  resumes: number
  resumed: number
  heartbeats: number
  requests: number
  posts: number
  gets: number
  invalid: number
}
