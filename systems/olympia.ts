import { Effect } from '../engine/flow/effect.ts'
import { system } from '../engine/system.ts'
import { Awake, Gauge } from './components.ts'

/** Keeps the gauges that no other system counts as it goes. */
export const olympia = system('olympia', ({ world, now_ms }) => {
  const gauge = world.of(Gauge)
  const open = world.each(Effect)
  const { requested_at_ms } = world.of(Effect)
  let oldest = now_ms
  for (let index = 0; index < open.length; index++) oldest = Math.min(oldest, requested_at_ms[open[index]!]!)
  gauge.outbox_pending[1] = open.length
  gauge.outbox_oldest_ms[1] = now_ms - oldest
  gauge.memories_awake[1] = world.each(Awake).length
})
