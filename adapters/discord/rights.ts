/** Who may do what in a channel: Discord's permissions, as far as they are asked for here. */

export type RawOverwrite = { readonly id: string; readonly allow: string; readonly deny: string }
/** What a channel says about rights; a thread says nothing of its own. */
export type RawAccess = { readonly permission_overwrites?: readonly RawOverwrite[] }
export type RawGuildRoles = {
  readonly id: string
  readonly owner_id?: string
  readonly roles: readonly { readonly id: string; readonly permissions: string }[]
}
export type RawMember = { readonly roles: readonly string[] }

/** Bits of permissions. */
export const rights = {
  administrator: 1n << 3n,
  view: 1n << 10n,
  send: 1n << 11n,
  history: 1n << 16n,
  send_in_threads: 1n << 38n,
} as const

type Place = {
  readonly user: string
  readonly guild: RawGuildRoles
  readonly member: RawMember
  /** Of a thread those of its channel. */
  readonly overwrites: readonly RawOverwrite[]
}

/**
 * All that a member may do in a channel: everyone's rights and those of its roles, then what the channel changes for
 * everyone, for its roles together, and for itself. Who owns the guild or administrates it may do everything.
 */
export function rightsIn({ user, guild, member, overwrites }: Place): bigint {
  const all = Object.values(rights).reduce((sum, right) => sum | right, 0n)
  if (guild.owner_id === user) return all
  const mine = new Set([guild.id, ...member.roles])
  const base = guild.roles.filter(({ id }) => mine.has(id)).reduce((sum, role) => sum | BigInt(role.permissions), 0n)
  if ((base & rights.administrator) !== 0n) return all
  const roles = overwrites.filter(({ id }) => id !== guild.id && mine.has(id))
  const together = {
    allow: roles.reduce((sum, { allow }) => sum | BigInt(allow), 0n),
    deny: roles.reduce((sum, { deny }) => sum | BigInt(deny), 0n),
  }
  const steps = [overwrites.find(({ id }) => id === guild.id), together, overwrites.find(({ id }) => id === user)]
  return steps.reduce((sum, step) => (step === undefined ? sum : (sum & ~BigInt(step.deny)) | BigInt(step.allow)), base)
}
