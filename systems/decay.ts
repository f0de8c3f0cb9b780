import { system } from '../engine/system.ts'
import { Awake, Memory } from './components.ts'
import { asleepBelow, fading, refreshEvery_ms, usageTau_ms } from './memory/usage.ts'

/**
 * Usage fades, so old habits stop crowding out new ones. Awake memories are refreshed in stripes, each about once a
 * minute of world time: a factor a tick would be lost in f32's precision. O(awake / stripes) a tick.
 */
export const decay = system('decay', ({ world, tick, now_ms }) => {
  const awake = world.each(Awake)
  if (awake.length === 0) return
  const stripes = stripesOf(awake.length)
  const stripe = tick % stripes
  const from = Math.floor((awake.length * stripe) / stripes)
  const to = Math.floor((awake.length * (stripe + 1)) / stripes)
  const memory = world.of(Memory)
  const slept = fade(awake, from, to, world.of(Awake).memory_id, memory.usage_decayed, memory.usage_at_ms, now_ms)
  if (slept > 0) sleep(awake, from, to)

  function sleep(ids: Uint32Array, first: number, end: number): void {
    const { memory_id } = world.of(Awake)
    for (let index = first; index < end; index++) {
      const row = memory_id[ids[index]!]!
      if (memory.usage_decayed[row]! >= asleepBelow) continue
      memory.awake[row] = 0
      world.kill(ids[index]!)
    }
  }
})

/** As many stripes as ticks of 50 ms fit in the interval, but none smaller than 16 memories. */
function stripesOf(count: number): number {
  return Math.max(1, Math.min(refreshEvery_ms / 50, Math.floor(count / 16)))
}

/**
 * The hot loop. A memory refreshed in step with the others is one multiplication by the factor of the one before it.
 * @returns how many are now below the threshold of sleep
 */
export function fade(
  ids: Uint32Array,
  from: number,
  to: number,
  memory_id: Uint32Array,
  usage_decayed: Float32Array,
  usage_at_ms: Float64Array,
  now_ms: number,
): number {
  let slept = 0
  let at_ms = now_ms
  let factor = 1
  for (let index = from; index < to; index++) {
    const row = memory_id[ids[index]!]!
    if (usage_at_ms[row] !== at_ms) {
      at_ms = usage_at_ms[row]!
      factor = fading((now_ms - at_ms) / usageTau_ms)
    }
    const usage = usage_decayed[row]! * factor
    usage_decayed[row] = usage
    usage_at_ms[row] = now_ms
    slept += usage < asleepBelow ? 1 : 0
  }
  return slept
}
