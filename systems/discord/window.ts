import type { World } from '../../engine/world/world.ts'
import { DiscordChannel, DiscordSeen, seenSlots } from './columns.ts'
import type { Halves } from './snowflake.ts'

/**
 * Which of a channel's messages were heard. Everything with a smaller id than a full window's oldest counts as heard, and
 * everything else was heard if it is in the window: so nothing has to be kept for each message.
 */

/** Whether a message went through the channel's window before, or is older than all that the window can still tell apart. O(log seenSlots) */
export function wasSeen(world: World, channel: number, id: Halves): boolean {
  const isFull = world.of(DiscordChannel).seen[channel] === seenSlots
  return isInWindow(world, channel, id) || (isFull && placeOf(world, channel, id.high, id.low) === 0)
}

/** Whether a message is one of those that the channel's window holds. O(log seenSlots) */
export function isInWindow(world: World, channel: number, { high, low }: Halves): boolean {
  const at = placeOf(world, channel, high, low)
  return at > 0 && compare(world, rowAt(world, channel, at - 1), high, low) === 0
}

/**
 * Puts a message that was not seen into the window, and moves the channel's cursor on when it is newer than that. O(1) for
 * messages in order, O(seenSlots) for others. A full table remembers no new channel: then all of it is always new.
 */
export function see(world: World, channel: number, { high, low }: Halves): void {
  const channels = world.of(DiscordChannel)
  if (isAfter(high, low, channels.cursor_high[channel]!, channels.cursor_low[channel]!)) {
    channels.cursor_high[channel] = high
    channels.cursor_low[channel] = low
  }
  if (channels.window[channel] === 0) {
    if (world.room(DiscordSeen) < seenSlots) return
    channels.window[channel] = world.append(DiscordSeen, seenSlots)
  }
  const ids = world.of(DiscordSeen)
  let at = placeOf(world, channel, high, low)
  if (channels.seen[channel] === seenSlots) {
    const first = channels.window[channel]!
    ids.oldest[first] = (ids.oldest[first]! + 1) % seenSlots
    at--
  } else channels.seen[channel]!++
  for (let to = channels.seen[channel]! - 1; to > at; to--) {
    const from = rowAt(world, channel, to - 1)
    const row = rowAt(world, channel, to)
    ids.id_high[row] = ids.id_high[from]!
    ids.id_low[row] = ids.id_low[from]!
  }
  const row = rowAt(world, channel, at)
  ids.id_high[row] = high
  ids.id_low[row] = low
}

/** Whether the first id is that of a newer message. */
export function isAfter(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high > otherHigh || (high === otherHigh && low > otherLow)
}

/** How many messages of the window are not newer than this one. */
function placeOf(world: World, channel: number, high: number, low: number): number {
  let from = 0
  let to = world.of(DiscordChannel).seen[channel]!
  // What comes in order is newer than all.
  if (to > 0 && compare(world, rowAt(world, channel, to - 1), high, low) < 0) return to
  while (from < to) {
    const middle = (from + to) >>> 1
    if (compare(world, rowAt(world, channel, middle), high, low) <= 0) from = middle + 1
    else to = middle
  }
  return from
}

function rowAt(world: World, channel: number, at: number): number {
  const first = world.of(DiscordChannel).window[channel]!
  return first + ((world.of(DiscordSeen).oldest[first]! + at) % seenSlots)
}

/** Below 0 when the message in the row is older than this one. */
function compare(world: World, row: number, high: number, low: number): number {
  const { id_high, id_low } = world.of(DiscordSeen)
  return id_high[row]! - high || id_low[row]! - low
}
