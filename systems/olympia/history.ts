import type { World } from '../../engine/world/world.ts'
import { Minute, Sample, Sampling } from './columns.ts'

/** The gauges over time, oldest first; all columns are as long as `at_ms`. `tick`: ticks that heard something and every twentieth. */
export type GaugeHistory = {
  readonly every: 'tick' | 'minute'
  readonly at_ms: readonly number[]
  readonly gauges: { readonly [name: string]: readonly number[] }
}

/** Copies a ring out of the world between two ticks. O(rows × gauges). */
export function historyOf({ world }: { readonly world: World }, every: 'tick' | 'minute'): GaugeHistory {
  const ring = every === 'tick' ? Sample : Minute
  const { sample, minute_row } = world.of(Sampling)
  const newest = (every === 'tick' ? sample : minute_row)[1]!
  const count = world.rows(ring)
  const columns = world.of(ring)
  const ordered = (column: Float64Array): number[] => [
    ...column.subarray(newest + 1, count + 1),
    ...column.subarray(1, newest + 1),
  ]
  const gauges: Record<string, readonly number[]> = {}
  for (const [name, column] of Object.entries(columns)) if (name !== 'at_ms') gauges[name] = ordered(column)
  return { every, at_ms: ordered(columns.at_ms), gauges }
}
