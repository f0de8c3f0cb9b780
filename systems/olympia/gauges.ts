import type { World } from '../../engine/world/world.ts'
import { Gauge } from '../components.ts'

export type Gauges = { readonly [name in keyof typeof Gauge.schema]: number }

/** The gauges as they stand between two ticks; all zero before the first. */
export function gaugesOf(world: World): Gauges {
  const columns = world.of(Gauge)
  const gauges = {} as Record<keyof typeof Gauge.schema, number>
  for (const name of Object.keys(Gauge.schema) as (keyof typeof Gauge.schema)[]) gauges[name] = columns[name][1] ?? 0
  return gauges
}
