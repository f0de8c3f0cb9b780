import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import type { DiscordChannelSeen } from '../events.ts'
import { DiscordChannel, EmbedBots, Speak } from './columns.ts'
import { type DiscordRules, discordRulesOf } from './policy.ts'
import { type Halves, readSnowflake } from './snowflake.ts'

/** What is known of channels, threads and direct conversations, and what the policy says of each. */

const nameUnits_max = 200
const id: Halves = { is: false, high: 0, low: 0 }

/** What is known of a channel before it has a row. `parent` is the channel of a thread; empty for all others. */
export type About = { readonly id: string; readonly parent: string; readonly direct: boolean }

/** Whether the policy wants to hear of a channel: by its own name, by that of the channel it is a thread of, or as all others. O(1) */
export function isFollowed(rules: DiscordRules, { id: channel, parent, direct }: About): boolean {
  if (rules.named.has(channel) || (parent !== '' && rules.named.has(parent))) return true
  return direct ? rules.policy.direct : rules.policy.others === 'follow'
}

/**
 * The row of a channel that the policy follows, made when it is new; 0 for one that it does not follow, for what is no
 * snowflake, and when the table is full. O(1)
 */
export function followedRow(tick: Tick, rules: DiscordRules, about: About): number {
  const { world } = tick
  const known = world.find(DiscordChannel, about.id)
  if (known !== 0) {
    const channels = world.of(DiscordChannel)
    if (channels.parent[known] === 0 && about.parent !== '') belong(tick, rules, known, about.parent)
    if (about.direct && channels.direct[known] === 0) {
      channels.direct[known] = 1
      mark(world, rules, known)
    }
    return channels.followed[known] === 1 ? known : 0
  }
  if (!isFollowed(rules, about) || world.room(DiscordChannel) < 2 || !readSnowflake(about.id, id)) return 0
  const row = world.appendKeyed(DiscordChannel, about.id)
  world.of(DiscordChannel).direct[row] = about.direct ? 1 : 0
  if (about.parent !== '') belong(tick, rules, row, about.parent)
  mark(world, rules, row)
  return row
}

/** Something became known of a channel. One that nobody follows is remembered only if it was before. O(1) */
export function learn(tick: Tick, { payload }: Event & { readonly payload: DiscordChannelSeen }): void {
  const { world } = tick
  const { channel, parent = '', direct = false, name, state } = payload
  const rules = discordRulesOf(tick)
  const row = followedRow(tick, rules, { id: channel, parent, direct }) || world.find(DiscordChannel, channel)
  if (row === 0) return
  const channels = world.of(DiscordChannel)
  if (name !== undefined) nameChannel(world, row, name)
  if (state === 'behind') channels.behind[row] = 1
  else if (state === 'caught_up') channels.behind[row] = 0
  channels.gone[row] = state === 'gone' ? 1 : 0
}

/** Keeps a channel's name. O(1) */
export function nameChannel(world: World, row: number, name: string): void {
  const { name: names } = world.of(DiscordChannel)
  const short = name.slice(0, nameUnits_max).toWellFormed()
  if (world.names.text(names[row]!) !== short) names[row] = short === '' ? 0 : world.names.id(short)
}

/** The policy was set: all channels that it names get rows, and all that are known are marked anew. O(channels) */
export function markAll(tick: Tick): void {
  const { world } = tick
  const rules = discordRulesOf(tick)
  for (const { id: channel, name } of rules.policy.channels) {
    const row =
      followedRow(tick, rules, { id: channel, parent: '', direct: false }) || world.find(DiscordChannel, channel)
    if (row !== 0 && world.of(DiscordChannel).name[row] === 0) nameChannel(world, row, name)
  }
  for (let row = 1; row <= world.rows(DiscordChannel); row++) mark(world, rules, row)
}

/** Channels that refused messages are tried again by a new run. O(channels) */
export function reopenAll(world: World): void {
  const { closed } = world.of(DiscordChannel)
  for (let row = 1; row <= world.rows(DiscordChannel); row++) closed[row] = 0
}

function belong(tick: Tick, rules: DiscordRules, row: number, parent: string): void {
  const { world } = tick
  if (parent === world.keyOf(DiscordChannel, row) || !readSnowflake(parent, id)) return
  let above = world.find(DiscordChannel, parent)
  if (above === 0) {
    if (world.room(DiscordChannel) === 0) return
    above = world.appendKeyed(DiscordChannel, parent)
    mark(world, rules, above)
  }
  world.of(DiscordChannel).parent[row] = above
  mark(world, rules, row)
}

/** Writes down what the policy says of one channel. */
function mark(world: World, rules: DiscordRules, row: number): void {
  const channels = world.of(DiscordChannel)
  const above = channels.parent[row]!
  const channel = world.keyOf(DiscordChannel, row)
  const parent = above === 0 ? '' : world.keyOf(DiscordChannel, above)
  const direct = channels.direct[row] === 1
  const followed = isFollowed(rules, { id: channel, parent, direct })
  const { locked, embed, speak } = rules.named.get(channel) ?? rules.named.get(parent) ?? fallback(rules)
  channels.followed[row] = followed ? 1 : 0
  channels.locked[row] = followed && locked ? 1 : 0
  channels.embed[row] = EmbedBots[embed]
  channels.speak[row] = followed ? Speak[speak] : Speak.never
}

function fallback({ said }: DiscordRules): { locked: boolean; embed: 'all' | 'aggregates'; speak: 'never' | 'asked' } {
  return said ? { locked: false, embed: 'aggregates', speak: 'asked' } : { locked: false, embed: 'all', speak: 'never' }
}
