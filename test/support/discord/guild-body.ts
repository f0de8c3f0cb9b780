import { type Guild, memberOf } from './guild.ts'
import { timestamp } from './snowflakes.ts'
import type { RawChannel } from './types.ts'

/** The body of GUILD_CREATE: what the bot sees of the guild. */
export function guildCreate(guild: Guild, now: number): object {
  const seen = [...guild.channels.values()].filter((channel) => channel.guild_id !== undefined && guild.sees(channel))
  const isThread = ({ type }: RawChannel): boolean => type === 11
  return {
    ...guildOf(guild),
    joined_at: timestamp(now),
    large: false,
    unavailable: false,
    member_count: guild.users.size,
    members: [{ user: guild.bot, ...memberOf(guild.bot) }],
    channels: seen.filter((channel) => !isThread(channel)),
    threads: seen.filter(isThread),
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  }
}

/** A guild as REST gives it. */
export function guildOf(guild: Guild): object {
  const roles = guild.roles.map((role) => ({
    ...role,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: role.id !== guild.id,
    mentionable: false,
    flags: 0,
  }))
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    owner_id: guild.id,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    preferred_locale: 'en-US',
    system_channel_flags: 0,
    features: [],
    roles,
    emojis: [],
    stickers: [],
  }
}
