import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Copy, Memory } from '../components.ts'
import type { DiscordDeleted, DiscordEdited, DiscordSaid } from '../events.ts'
import { skip } from '../skipped.ts'
import { hash64 } from '../text/hash.ts'
import { followedRow, isFollowed, nameChannel } from './channels.ts'
import { DiscordChannel, DiscordWithdrawn } from './columns.ts'
import { discordRulesOf } from './policy.ts'
import { type Halves, readSnowflake } from './snowflake.ts'
import { isInWindow, see, wasSeen } from './window.ts'

/** Which messages are news: what was delivered before, was withdrawn, or is said where nobody follows is left out. */

const minute_ms = 60_000
const message: Halves = { is: false, high: 0, low: 0 }
const place: Halves = { is: false, high: 0, low: 0 }
const identity = new Uint32Array(2)
/** The new messages of this tick, which memory has not looked at yet. Nothing in here outlives the tick. */
const fresh = new Set<string>()

/** A tick begins. */
export function beginTick(): void {
  if (fresh.size > 0) fresh.clear()
}

/** A message: counted once, or skipped. What has no snowflakes is none of Discord's and is left alone. O(1) */
export function hearMessage(tick: Tick, event: Event & { readonly payload: DiscordSaid }): void {
  if (!isOfDiscord(event) || !readSnowflake(event.id, message)) return
  const { world } = tick
  const { channel_name, bot = false, history = false, direct = false } = event.payload
  const channel = channelOf(tick, event, direct)
  if (channel === 0) return
  const channels = world.of(DiscordChannel)
  if (channel_name !== undefined && channels.name[channel] === 0) nameChannel(world, channel, channel_name)
  if (history ? isInWindow(world, channel, message) : wasSeen(world, channel, message)) {
    skip(event)
    return
  }
  const heard = isRemembered(world, event, event.id) || isWithdrawn(world, message)
  if (!history) see(world, channel, message)
  if (heard) {
    skip(event)
    return
  }
  fresh.add(event.id)
  count(tick, channel, { bot, history })
}

/** A sign that was put to a message: skipped where nobody follows. O(1) */
export function hearReaction(tick: Tick, event: Event): void {
  if (isOfDiscord(event)) channelOf(tick, event, false)
}

/** A message reads otherwise now. What a program changed of a message that was only counted is only counted too. O(1) */
export function hearEdited(tick: Tick, event: Event & { readonly payload: DiscordEdited }): void {
  if (!isOfDiscord(event)) return
  const { message_id, bot = false, direct = false } = event.payload
  const channel = channelOf(tick, event, direct)
  if (channel === 0 || !bot || !wasOnlyCounted(tick, event, channel, message_id)) return
  tick.world.of(DiscordChannel).edited[channel]!++
  skip(event)
}

/**
 * Messages are gone. Of those that nobody has heard of yet it is kept that they were withdrawn, so that they are left out
 * when they come after all. O(messages)
 */
export function hearDeleted(tick: Tick, event: Event & { readonly payload: DiscordDeleted }): void {
  if (!isOfDiscord(event)) return
  const { world } = tick
  const channel = channelOf(tick, event, false)
  if (channel === 0) return
  for (const id of event.payload.message_ids) {
    if (!readSnowflake(id, message) || isWithdrawn(world, message)) continue
    if (wasOnlyCounted(tick, event, channel, id)) world.of(DiscordChannel).deleted[channel]!++
    else if (!wasSeen(world, channel, message) && !isRemembered(world, event, id)) withdraw(world, message)
  }
}

/** Whether a message was heard in a tick before, and is neither a memory nor kept as a copy of one. */
function wasOnlyCounted({ world }: Tick, event: Event, channel: number, id: string): boolean {
  if (!readSnowflake(id, message) || !wasSeen(world, channel, message)) return false
  return !fresh.has(id) && !isRemembered(world, event, id)
}

/**
 * The row of the channel or thread that an event is about. Where nobody follows, the event is skipped; where the table is
 * full it is not, because memory tells deliveries apart by itself, only dearer.
 * @returns 0 when there is none
 */
function channelOf(tick: Tick, event: Event, direct: boolean): number {
  const { channel = '', thread = '' } = event.source
  const rules = discordRulesOf(tick)
  const about = { id: thread || channel, parent: thread === '' || thread === channel ? '' : channel, direct }
  const row = followedRow(tick, rules, about)
  if (row !== 0) return row
  if (tick.world.find(DiscordChannel, about.id) !== 0 || !isFollowed(rules, about)) skip(event)
  return 0
}

/** Only the adapter's events have snowflakes for their channels. */
function isOfDiscord({ source: { kind, channel = '', thread = '' } }: Event): boolean {
  return kind === 'discord' && readSnowflake(thread || channel, place)
}

/** Whether a message is a memory of its own, or is kept as a copy of one. O(1) */
function isRemembered(world: World, { source: { kind, channel, thread } }: Event, id: string): boolean {
  hash64(`${kind}\n${channel || thread || ''}\n${id}`, identity)
  if (world.findPair(Memory, 'source', identity[0]!, identity[1]!) !== 0) return true
  return world.rows(Copy) > 0 && world.findPair(Copy, 'source', identity[0]!, identity[1]!) !== 0
}

function isWithdrawn(world: World, { high, low }: Halves): boolean {
  return world.rows(DiscordWithdrawn) > 0 && world.findPair(DiscordWithdrawn, 'id', high, low) !== 0
}

/** A full table keeps no more: such a message is taken when it comes after all. */
function withdraw(world: World, { high, low }: Halves): void {
  if (world.room(DiscordWithdrawn) === 0) return
  const row = world.append(DiscordWithdrawn)
  const withdrawn = world.of(DiscordWithdrawn)
  withdrawn.id_high[row] = high
  withdrawn.id_low[row] = low
}

/** Counts a message. What was fetched from history says nothing of how loud it is now. */
function count({ world, now_ms }: Tick, channel: number, { bot, history }: { bot: boolean; history: boolean }): void {
  const channels = world.of(DiscordChannel)
  if (bot) channels.bots[channel]!++
  else channels.people[channel]!++
  if (history) return
  const minute = Math.floor(now_ms / minute_ms)
  if (channels.minute[channel] !== minute) {
    channels.minute[channel] = minute
    channels.minute_bots[channel] = 0
    channels.minute_people[channel] = 0
  }
  if (bot) channels.minute_bots[channel]!++
  else {
    channels.minute_people[channel]!++
    channels.bot_hops[channel] = 0
  }
  channels.gone[channel] = 0
  channels.last_at_ms[channel] = now_ms
}
