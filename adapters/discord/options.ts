import type { Adapter } from '../../engine/flow/adapter.ts'

/** Times of the adapter, in milliseconds. */
export type DiscordTimes = {
  /** First and longest wait between two attempts to connect. Default 1,000 and 60,000. */
  readonly first_ms: number
  readonly most_ms: number
  /** A connection that held so long starts the waits anew. Default 60,000. */
  readonly steady_ms: number
  /** A sequence that advanced without an event is written down so often. Default 60,000. */
  readonly at_ms: number
  /** Shortest distance between two IDENTIFYs. Default 5,000, which Discord asks for. */
  readonly identify_ms: number
  /** How long stopping waits for Discord to say good-bye. Default 2,000. */
  readonly stop_ms: number
}

/** Whom the policy follows; what the world follows already counts as well. */
export type Follows = {
  readonly channels: ReadonlySet<string>
  /** Channels that are not named are followed too. */
  readonly others: boolean
  readonly direct: boolean
}

export type DiscordOptions = {
  readonly token: string
  /** Where the token comes from, for messages: `env:DISCORD_TOKEN`. */
  readonly token_name: string
  /** Another address of the API, for tests and proxies. */
  readonly api_url?: string | undefined
  /** Asked again and again, so that a reload of the config counts. Default: what the world follows, and direct messages. */
  readonly follows?: () => Follows
  readonly times?: Partial<DiscordTimes>
  /** From 0 to 1, for jitter. Default `Math.random`. */
  readonly random?: () => number
  /** Milliseconds since 1970. Default the machine's clock. */
  readonly now?: () => number
}

export type DiscordState = 'idle' | 'connecting' | 'ready' | 'waiting' | 'failed' | 'stopped'

/** How it stands with Discord, for people. */
export type DiscordStatus = {
  readonly state: DiscordState
  /** When the state began, in milliseconds since 1970. */
  readonly since_ms: number
  /** Newest sequence that was handed to the world. */
  readonly sequence: number
  /** How long the session has been going, in milliseconds; 0 = none. Counted from the start of this process at most. */
  readonly session_age_ms: number
  readonly identifies_today: number
  /** Channels whose messages are being fetched. */
  readonly behind: readonly string[]
  /** Edits, deletions and reactions that found no room and were given up. */
  readonly lost: number
  /** Of the newest heartbeat, in milliseconds; 0 = none yet. */
  readonly latency_ms: number
  /** Code and sentence of the newest failure; empty when there was none. */
  readonly last_error: string
  /** What the operator should change; empty when nothing. */
  readonly trouble: string
}

/** What to fetch of a channel's history. */
export type BackfillOrder = {
  /** From this time on, in milliseconds since 1970. Default: the newest messages. */
  readonly since?: number
  /** At most so many messages. Default 1,000. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export type DiscordAdapter = Adapter & {
  status(): DiscordStatus
  /**
   * Fetches messages from a channel's history that came before the channel was followed, or were missed.
   * @throws EffectFailure as `discord.find` does; ENGINE_STATE when the adapter was not started
   */
  backfill(channel: string, order?: BackfillOrder): Promise<{ read: number; published: number }>
}

export const defaultTimes: DiscordTimes = {
  first_ms: 1_000,
  most_ms: 60_000,
  steady_ms: 60_000,
  at_ms: 60_000,
  identify_ms: 5_000,
  stop_ms: 2_000,
}

/** Nobody but whom the world follows, and who speaks to the agent alone. */
export const followsNobody: Follows = { channels: new Set(), others: false, direct: true }
