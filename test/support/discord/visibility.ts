import type { Privileged, RawChannel, RawMessage, Snowflake } from './types.ts'

/** Who sees what: intents, permissions, and contents without their intent. */

export const Intent = {
  guilds: 1 << 0,
  members: 1 << 1,
  presences: 1 << 8,
  guild_messages: 1 << 9,
  guild_reactions: 1 << 10,
  direct_messages: 1 << 12,
  direct_reactions: 1 << 13,
  content: 1 << 15,
} as const

/** Bits that mean anything: 0 to 16, 20, 21, 24 and 25. */
const known = 0x1ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25)

const privileges: Record<Privileged, { intent: number; flag: number }> = {
  presences: { intent: Intent.presences, flag: 1 << 13 },
  members: { intent: Intent.members, flag: 1 << 15 },
  message_content: { intent: Intent.content, flag: 1 << 19 },
}

/** The close code that intents are refused with, or 0: 4013 where they mean nothing, 4014 where they are not switched on. */
export function refusedIntents(intents: number, granted: ReadonlySet<Privileged>): number {
  if (!Number.isInteger(intents) || intents < 0 || (intents & ~known) !== 0) return 4013
  for (const name of Object.keys(privileges) as Privileged[])
    if ((intents & privileges[name].intent) !== 0 && !granted.has(name)) return 4014
  return 0
}

/** The application's flags: its privileged intents, as those of a bot in few guilds ("limited"). */
export function applicationFlags(granted: ReadonlySet<Privileged>): number {
  return [...granted].reduce((flags, name) => flags | privileges[name].flag, 0)
}

export const Permission = {
  administrator: 1n << 3n,
  view: 1n << 10n,
  send: 1n << 11n,
  everyone: 1n << 17n,
  history: 1n << 16n,
  send_in_threads: 1n << 38n,
} as const

/** View, send, embed, attach, read history, add reactions, send in threads. */
export const usualPermissions = (
  Permission.view |
  Permission.send |
  (1n << 6n) |
  (1n << 14n) |
  (1n << 15n) |
  Permission.history |
  Permission.send_in_threads
).toString()

export type Member = { guild: Snowflake; roles: readonly { id: Snowflake; permissions: string }[]; user: Snowflake }

/** What a member may do in a channel: its roles, then the overwrites for everyone, for roles, and for itself. */
export function permissionsIn(member: Member, channel: RawChannel): bigint {
  let may = member.roles.reduce((sum, role) => sum | BigInt(role.permissions), 0n)
  if ((may & Permission.administrator) !== 0n) return -1n
  const given = channel.permission_overwrites ?? []
  const roles = new Set(member.roles.map(({ id }) => id))
  const steps = [
    given.filter(({ id }) => id === member.guild),
    given.filter(({ id, type }) => type === 0 && id !== member.guild && roles.has(id)),
    given.filter(({ id, type }) => type === 1 && id === member.user),
  ]
  for (const step of steps) {
    const deny = step.reduce((sum, one) => sum | BigInt(one.deny), 0n)
    const allow = step.reduce((sum, one) => sum | BigInt(one.allow), 0n)
    may = (may & ~deny) | allow
  }
  return may
}

/** A message as it is shown to one without the intent for contents, unless it is direct, the bot's own, or names the bot. */
export function withoutContent(message: RawMessage, bot: Snowflake, direct: boolean): RawMessage {
  const answered = message.referenced_message
  const shown =
    answered === undefined || answered === null
      ? message
      : { ...message, referenced_message: withoutContent(answered, bot, direct) }
  if (direct || message.author.id === bot || message.mentions.some(({ id }) => id === bot)) return shown
  return { ...shown, content: '', embeds: [], attachments: [], components: [] }
}
