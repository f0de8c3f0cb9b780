import { singleton, table } from '../../engine/world/archetype.ts'
import type { World } from '../../engine/world/world.ts'

/** What Olympia remembers: how things stood over time, and what each model and source has done. */

/** The gauges worth a chart, as they stood at one moment. */
const moment = {
  at_ms: 'f64',
  tick: 'f64',
  memories: 'f64',
  keys: 'f64',
  edges: 'f64',
  outbox_pending: 'f64',
  outbox_oldest_ms: 'f64',
  embedding_waiting: 'f64',
  inputs_queued: 'f64',
  inputs_dropped: 'f64',
  turns: 'f64',
  tokens: 'f64',
  duplicates: 'f64',
  events: 'f64',
  sentinels_pending: 'f64',
  sentinels_done: 'f64',
  sentinels_failed: 'f64',
  sentinels_proposed: 'f64',
  sentinels_held: 'f64',
} as const

/** How many moments each ring holds: a minute of ticks, a day of minutes. */
export const samplesKept = 1_200
export const minutesKept = 1_440

/** A ring of moments: of every tick that heard something, and of every twentieth. */
export const Sample = table('Sample', moment, { capacity: samplesKept, rows_max: samplesKept })
/** A ring of moments, one at the end of each minute of world time. */
export const Minute = table('Minute', moment, { capacity: minutesKept, rows_max: minutesKept })

/** Where the rings stand. */
export const Sampling = singleton('Sampling', {
  sample: 'u32', //         row written last; 0 = none
  minute_row: 'u32',
  minute: 'u32', //         minutes since 1970 that are running
  heard: 'u32', //          events heard in this minute
})

/** How many models have a row of their own; all others share `other`. */
export const modelsNamed = 64
/** What a model was asked for. Keyed by its name, at most 200 units of it; `unknown` has the failures, which name no model. */
export const ModelUse = table(
  'ModelUse',
  {
    calls: 'f64',
    failed: 'f64',
    tokens_in: 'f64',
    tokens_out: 'f64',
    cost: 'f64', //           of turns whose agent has prices
  },
  { capacity: 16, rows_max: modelsNamed + 1 },
)

/** Longest part of a name from outside that becomes a key. */
export const nameUnits = 200

/** The row of a model, made when it is new; that of `other` where there is no room for more. O(1) */
export function modelRow(world: World, name: string): number {
  const key = name.slice(0, nameUnits).toWellFormed()
  const isFull = world.rows(ModelUse) >= modelsNamed
  return world.find(ModelUse, key) || world.appendKeyed(ModelUse, isFull ? 'other' : key)
}

/** How many sources have a row of their own; all others share `other`. */
export const sourcesNamed = 1_024
/** Events taken in. Keyed by kind of source, and its channel after a space where there is one. */
export const SourceCount = table('SourceCount', { events: 'f64' }, { capacity: 64, rows_max: sourcesNamed + 1 })

/** The archetypes of Olympia. */
export const olympiaArchetypes = [Sample, Minute, Sampling, ModelUse, SourceCount] as const
