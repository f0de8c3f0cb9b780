import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { ChannelPressure, DiscordChannel } from '../discord/columns.ts'
import { Embedding } from '../eidolon/columns.ts'
import { fading } from '../memory/usage.ts'
import { ChannelWatch, Janitor, Warm } from './columns.ts'
import { type JanitorPolicy, janitorPolicyOf } from './policy.ts'
import { pressureOf } from './pressure.ts'

/** A message weighs less in its channel's rate the older it is: after this time 1/e, so that a rate is messages a minute. */
export const rateTau_ms = 60_000
/** How often the rates of warm channels are brought up to date. */
export const rateEvery_ms = 1_000
/** Below this rate a channel is cold. */
const coldBelow = 0.05

/**
 * Something was said in a channel, or a thread. A cold one gets warm; a warm one is looked at with the others.
 * @returns whether it is news: what was delivered before, and what nobody follows, is not counted and so is none. O(1)
 */
export function hearChannel(tick: Tick, id: string): boolean {
  const { world, now_ms } = tick
  const row = world.find(DiscordChannel, id)
  if (row === 0) return false
  watchChannels(world)
  const { people, bots } = world.of(DiscordChannel)
  const { warm, heard } = world.of(ChannelWatch)
  if (people[row]! + bots[row]! <= heard[row]!) return false
  if (warm[row] !== 0) return true
  if (world.each(Warm).length === 0) world.of(Janitor).rated_at_ms[1] = now_ms
  const entity = world.spawn(Warm)
  world.of(Warm).channel[entity] = row
  warm[row] = entity
  rate(world, row, 1, janitorPolicyOf(tick))
  return true
}

/** Brings the rates and the pressure of warm channels up to date, once a second. O(warm channels), O(1) between. */
export function fadeRates(tick: Tick): void {
  const { world, now_ms } = tick
  if (world.each(Warm).length === 0) return
  if (now_ms - world.of(Janitor).rated_at_ms[1]! >= rateEvery_ms) rateAll(tick)
}

/** Brings them up to date now. O(warm channels) */
export function rateAll(tick: Tick): void {
  const { world, now_ms } = tick
  const { rated_at_ms } = world.of(Janitor)
  const factor = fading(Math.max(0, now_ms - rated_at_ms[1]!) / rateTau_ms)
  rated_at_ms[1] = now_ms
  const policy = janitorPolicyOf(tick)
  const warm = world.each(Warm)
  const { channel } = world.of(Warm)
  for (let at = 0; at < warm.length; at++) {
    const row = channel[warm[at]!]!
    if (rate(world, row, factor, policy) >= coldBelow) continue
    world.of(DiscordChannel).rate[row] = 0
    world.of(DiscordChannel).pressure[row] = ChannelPressure.none
    world.of(ChannelWatch).warm[row] = 0
    world.kill(warm[at]!)
  }
}

/** Every channel that the world knows has a row here too. */
export function watchChannels(world: World): void {
  const missing = world.rows(DiscordChannel) - world.rows(ChannelWatch)
  if (missing > 0) world.append(ChannelWatch, missing)
}

/** What was rated before fades by the factor, what came since counts whole. */
function rate(world: World, row: number, factor: number, policy: JanitorPolicy): number {
  const channels = world.of(DiscordChannel)
  const { heard, heard_counted } = world.of(ChannelWatch)
  const { messages, counted } = world.of(Janitor)
  const total = channels.people[row]! + channels.bots[row]!
  const came = total - heard[row]!
  messages[1]! += came
  counted[1]! += channels.counted[row]! - heard_counted[row]!
  heard[row] = total
  heard_counted[row] = channels.counted[row]!
  const now = channels.rate[row]! * factor + came
  channels.rate[row] = now
  const { waiting } = world.of(Embedding)
  channels.pressure[row] = pressureOf(now, channels.pressure[row]!, waiting[1]!, policy)
  return now
}
