import type { Tick } from '../../engine/system.ts'
import { Policy } from '../components.ts'

/** What the policy says of Discord: whom to follow, and where to speak. */
export type DiscordPolicy = {
  readonly channels: readonly ChannelPolicy[]
  /** Channels that are not named: left alone, or followed like named ones. */
  readonly others: 'ignore' | 'follow'
  /** Direct messages are followed, and answered. */
  readonly direct: boolean
  /** What a program says to the agent is answered so many times in a row in a channel, until a person speaks there. */
  readonly bot_hops_max: number
}

export type ChannelPolicy = {
  /** Its snowflake. */
  readonly id: string
  readonly name: string
  /** Nothing of it may be left out, whatever the pressure, and no tool can take its subscription away. */
  readonly locked: boolean
  readonly embed: 'all' | 'aggregates'
  readonly speak: 'never' | 'asked' | 'always'
}

export const defaultChannel: Omit<ChannelPolicy, 'id' | 'name'> = { locked: false, embed: 'aggregates', speak: 'asked' }

/** What the policy leaves open about Discord. */
export const defaultDiscord: DiscordPolicy = { channels: [], others: 'ignore', direct: true, bot_hops_max: 3 }

/** The policy with its channels by their ids. `said` is false while no policy has a word about Discord. */
export type DiscordRules = {
  readonly said: boolean
  readonly policy: DiscordPolicy
  readonly named: ReadonlyMap<string, ChannelPolicy>
}

/**
 * Without a word about Discord whatever is published is taken, and no channel is spoken in: who embeds the engine and says
 * so himself needs no policy.
 */
const unsaid: DiscordRules = {
  said: false,
  policy: { ...defaultDiscord, others: 'follow' },
  named: new Map(),
}

/** Reading is pure, so what one row says can be kept; only the newest is. */
let kept: { readonly text: string; readonly rules: DiscordRules } | undefined

/** The rules of Discord in force. O(1) until the policy changes. */
export function discordRulesOf(tick: Pick<Tick, 'world' | 'read'>): DiscordRules {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  if (text === undefined) return unsaid
  if (kept?.text !== text) kept = { text, rules: rulesFrom(text) }
  return kept.rules
}

function rulesFrom(text: string): DiscordRules {
  const { discord } = JSON.parse(text) as { discord?: Given }
  if (discord === undefined) return unsaid
  const channels = (discord.channels ?? []).map((channel) => ({ ...defaultChannel, ...channel }))
  const named = new Map(channels.map((channel) => [channel.id, channel]))
  return { said: true, policy: { ...defaultDiscord, ...discord, channels }, named }
}

type Given = Omit<Partial<DiscordPolicy>, 'channels'> & {
  readonly channels?: readonly (Partial<ChannelPolicy> & Pick<ChannelPolicy, 'id' | 'name'>)[]
}
