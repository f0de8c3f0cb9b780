import type { World } from '../../engine/world/world.ts'
import { Pool, Turn } from '../agents/columns.ts'
import { Gauge } from '../components.ts'
import { Embedding } from '../eidolon/columns.ts'
import { Minute, minutesKept, Sample, Sampling, samplesKept } from './columns.ts'

/** The gauges as they stand become a row of the ring of ticks. O(1), nothing is allocated once the ring is full. */
export function sampleTick(world: World, tick: number, now_ms: number): void {
  const { sample } = world.of(Sampling)
  sample[1] = nextRow(world, Sample, sample[1]!, samplesKept)
  write(world, Sample, sample[1]!, tick, now_ms)
}

/** The gauges as they stand become a row of the ring of minutes. O(1), nothing is allocated once the ring is full. */
export function sampleMinute(world: World, tick: number, now_ms: number): void {
  const { minute_row } = world.of(Sampling)
  minute_row[1] = nextRow(world, Minute, minute_row[1]!, minutesKept)
  write(world, Minute, minute_row[1]!, tick, now_ms)
}

function nextRow(world: World, ring: typeof Sample | typeof Minute, last: number, kept: number): number {
  return last < kept ? (world.rows(ring) > last ? last + 1 : world.append(ring)) : 1
}

function write(world: World, ring: typeof Sample | typeof Minute, row: number, tick: number, now_ms: number): void {
  const to = world.of(ring)
  const gauge = world.of(Gauge)
  const pool = world.of(Pool)
  to.at_ms[row] = now_ms
  to.tick[row] = tick
  to.memories[row] = gauge.memories[1]!
  to.keys[row] = gauge.keys[1]!
  to.edges[row] = gauge.edges[1]!
  to.outbox_pending[row] = gauge.outbox_pending[1]!
  to.outbox_oldest_ms[row] = gauge.outbox_oldest_ms[1]!
  to.embedding_waiting[row] = world.of(Embedding).waiting[1]!
  to.inputs_queued[row] = pool.used[1]!
  to.inputs_dropped[row] = pool.dropped[1]!
  to.turns[row] = world.rows(Turn)
  to.tokens[row] = gauge.tokens[1]!
  to.duplicates[row] = gauge.duplicates[1]!
  to.events[row] = gauge.events[1]!
  to.sentinels_pending[row] = gauge.sentinels_pending[1]!
  to.sentinels_done[row] = gauge.sentinels_done[1]!
  to.sentinels_failed[row] = gauge.sentinels_failed[1]!
  to.sentinels_proposed[row] = gauge.sentinels_proposed[1]!
  to.sentinels_held[row] = gauge.sentinels_held[1]!
}
