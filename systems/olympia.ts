import { Effect } from '../engine/flow/effect.ts'
import { system, type Tick } from '../engine/system.ts'
import { Awake, Gauge } from './components.ts'
import { OlympiaSample } from './events.ts'
import { Sampling } from './olympia/columns.ts'
import { countEvents } from './olympia/counts.ts'
import { gaugesOf } from './olympia/gauges.ts'
import { sampleMinute, sampleTick } from './olympia/rings.ts'

const minute_ms = 60_000
/** Ticks in which nothing was heard are sampled only this often. */
const quietTicks = 20

/** Keeps the gauges that no other system counts as it goes, and how they stood over time. O(events + open effects). */
export const olympia = system('olympia', (tick) => {
  const { world, now_ms, events } = tick
  const gauge = world.of(Gauge)
  const open = world.each(Effect)
  const { requested_at_ms } = world.of(Effect)
  let oldest = now_ms
  for (let index = 0; index < open.length; index++) oldest = Math.min(oldest, requested_at_ms[open[index]!]!)
  gauge.outbox_pending[1] = open.length
  gauge.outbox_oldest_ms[1] = now_ms - oldest
  gauge.memories_awake[1] = world.each(Awake).length
  const heard = countEvents(world, events)
  if (heard > 0) world.of(Sampling).heard[1]! += heard
  if (heard > 0 || tick.tick % quietTicks === 0) sampleTick(world, tick.tick, now_ms)
  endMinute(tick)
})

/** At the end of a minute of world time its row is written, and said aloud when something happened in it. */
function endMinute({ world, tick, now_ms, emit }: Tick): void {
  const sampling = world.of(Sampling)
  const minute = Math.floor(now_ms / minute_ms)
  if (sampling.minute[1] === minute) return
  const isFirst = sampling.minute[1] === 0
  sampling.minute[1] = minute
  if (isFirst) return
  sampleMinute(world, tick, now_ms)
  if (sampling.heard[1] === 0) return
  sampling.heard[1] = 0
  emit(OlympiaSample, { at_ms: now_ms, gauges: gaugesOf(world) })
}
