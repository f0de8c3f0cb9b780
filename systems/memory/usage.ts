import type { World } from '../../engine/world/world.ts'
import { Awake, Fading, Memory } from '../components.ts'

/** Time in which an unused memory's usage falls to 1/e: 21 days, in milliseconds. */
export const usageTau_ms = 21 * 24 * 3_600_000
/** Below this a memory falls asleep. */
export const asleepBelow = 0.01

/**
 * e to the power of -x for x >= 0, by halving x until a Padé approximant of order [2/2] is good to 1e-9, then squaring
 * back. Only + - * /, so every engine computes the same bits.
 */
export function fading(x: number): number {
  let halvings = 0
  let small = x
  while (small > 0.125 && halvings < 64) {
    small /= 2
    halvings++
  }
  const square = (small * small) / 12
  let result = (1 - small / 2 + square) / (1 + small / 2 + square)
  for (; halvings > 0; halvings--) result *= result
  return result
}

/**
 * A memory was put before a model: its usage rises by one and it wakes. All awake memories are true to one common time,
 * so that fading is one factor for all of them; what is added now is raised to that time.
 */
export function wake(world: World, memory_id: number, now_ms: number): void {
  const memory = world.of(Memory)
  const true_at_ms = world.of(Fading).true_at_ms[1]!
  if (memory.awake[memory_id] === 0) {
    const asleep_ms = Math.max(0, true_at_ms - memory.usage_at_ms[memory_id]!)
    memory.usage_decayed[memory_id]! *= fading(asleep_ms / usageTau_ms)
    const entity = world.spawn(Awake)
    world.of(Awake).memory_id[entity] = memory_id
    memory.awake[memory_id] = entity
  }
  memory.usage_decayed[memory_id]! += 1 / fading(Math.max(0, now_ms - true_at_ms) / usageTau_ms)
  memory.usage_total[memory_id]!++
}

/** A memory's usage as it is now. */
export function usageOf(world: World, memory_id: number, now_ms: number): number {
  const memory = world.of(Memory)
  const at_ms = memory.awake[memory_id] === 0 ? memory.usage_at_ms[memory_id]! : world.of(Fading).true_at_ms[1]!
  return memory.usage_decayed[memory_id]! * fading(Math.max(0, now_ms - at_ms) / usageTau_ms)
}
