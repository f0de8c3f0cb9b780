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

/** Without a word about Discord nothing is followed. */
export const defaultDiscord: DiscordPolicy = { channels: [], others: 'ignore', direct: true, bot_hops_max: 3 }

/** The policy of Discord in force. */
export function discordPolicyOf(tick: Pick<Tick, 'world' | 'read'>): DiscordPolicy {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  const given = text === undefined ? {} : (JSON.parse(text) as { discord?: Partial<DiscordPolicy> }).discord
  return { ...defaultDiscord, ...given }
}
