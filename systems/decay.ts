import { system } from '../engine/system.ts'
import type { World } from '../engine/world/world.ts'
import { Awake, Fading, Memory } from './components.ts'
import { asleepBelow, fading, usageTau_ms } from './memory/usage.ts'

const fadeEvery_ms = 60_000
const sleepEvery_ms = 3_600_000

/**
 * Usage fades, so old habits stop crowding out new ones. A factor a tick would be lost in f32's precision, so all awake
 * memories are faded together once a minute of world time; once an hour those that have faded fall asleep.
 * O(awake) in those ticks, O(1) in all others.
 */
export const decay = system('decay', ({ world, now_ms }) => {
  const { true_at_ms, slept_at_ms } = world.of(Fading)
  const elapsed_ms = now_ms - true_at_ms[1]!
  if (elapsed_ms < fadeEvery_ms) return
  const awake = world.each(Awake)
  fade(awake, world.of(Awake).memory_id, world.of(Memory).usage_decayed, fading(elapsed_ms / usageTau_ms))
  true_at_ms[1] = now_ms
  if (now_ms - slept_at_ms[1]! < sleepEvery_ms) return
  slept_at_ms[1] = now_ms
  sleep(world, awake, now_ms)
})

/** The hot loop: one multiplication for each awake memory. */
export function fade(ids: Uint32Array, memory_id: Uint32Array, usage_decayed: Float32Array, factor: number): void {
  for (let index = 0; index < ids.length; index++) usage_decayed[memory_id[ids[index]!]!]! *= factor
}

function sleep(world: World, awake: Uint32Array, now_ms: number): void {
  const memory = world.of(Memory)
  const { memory_id } = world.of(Awake)
  for (let index = 0; index < awake.length; index++) {
    const row = memory_id[awake[index]!]!
    if (memory.usage_decayed[row]! >= asleepBelow) continue
    memory.usage_at_ms[row] = now_ms
    memory.awake[row] = 0
    world.kill(awake[index]!)
  }
}
