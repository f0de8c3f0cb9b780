import type { World } from '../../engine/world/world.ts'
import { Memory, MemoryKind, Recent } from '../components.ts'
import { hamming } from '../text/fingerprint.ts'

/** Two messages of a program are of one flood within this time and this many differing bits of their SimHash. */
export const floodWindow_ms = 600_000
export const floodBits = 6
/** Members of a flood that are kept as memories of their own, beside the one that stands for all. */
export const examples_max = 3

const buckets = 64
const slots = 64

/** The memory that stands for the flood this message belongs to, or 0. O(slots). */
export function floodOf(world: World, channel: number, high: number, low: number, at_ms: number): number {
  if (world.rows(Recent) === 0) return 0
  const recent = world.of(Recent)
  const { deleted } = world.of(Memory)
  const first = firstSlot(channel)
  let best = 0
  let least = floodBits + 1
  for (let row = first; row < first + slots; row++) {
    if (recent.memory_id[row] === 0 || recent.channel[row] !== channel) continue
    // What was forgotten stands for nothing: the next message like it begins anew.
    if (deleted[recent.memory_id[row]!] !== 0) continue
    if (Math.abs(at_ms - recent.said_at_ms[row]!) > floodWindow_ms) continue
    const bits = hamming(recent.simhash_high[row]!, recent.simhash_low[row]!, high, low)
    if (bits >= least) continue
    least = bits
    best = row
  }
  if (best === 0) return 0
  recent.said_at_ms[best] = at_ms
  return recent.memory_id[best]!
}

/** A message of a program that belongs to no flood yet; the next like it makes one. */
export function startFlood(
  world: World,
  channel: number,
  memory_id: number,
  high: number,
  low: number,
  at_ms: number,
): void {
  while (world.rows(Recent) < buckets * slots) world.append(Recent)
  const recent = world.of(Recent)
  const first = firstSlot(channel)
  const row = first + (recent.cursor[first]! % slots)
  recent.cursor[first] = (recent.cursor[first]! + 1) % slots
  recent.memory_id[row] = memory_id
  recent.channel[row] = channel
  recent.simhash_high[row] = high
  recent.simhash_low[row] = low
  recent.said_at_ms[row] = at_ms
}

/**
 * Another message of a flood. The first member stands for all as an aggregate; the next few stay as examples that it
 * replaces; the rest are only counted.
 * @returns whether this one is to be kept as an example
 */
export function joinFlood(world: World, aggregate: number): boolean {
  const memory = world.of(Memory)
  memory.kind[aggregate] = MemoryKind.aggregate
  return memory.copies[aggregate]! <= examples_max
}

function firstSlot(channel: number): number {
  return (channel % buckets) * slots + 1
}
