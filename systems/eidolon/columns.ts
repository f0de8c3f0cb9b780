import { archetype, singleton, states, table } from '../../engine/world/archetype.ts'

export const EmbedState = states('none', 'waiting', 'running', 'retry', 'poisoned')
/** `canonical`: the content alone. `eidolon`: the content as seen under the field of its moment. */
export const EmbedLane = states('canonical', 'eidolon')

/** A memory that is to get a vector. It dies with its vector, or stays as poisoned when none can be had. */
export const EmbedJob = archetype('EmbedJob', {
  memory_id: 'u32', //      row in Memory
  model: 'u32', //          row in EmbedModel
  lane: 'u8', //            EmbedLane
  priority: 'u8', //        1 is served first
  state: 'u8', //           EmbedState
  alone: 'u8', //           1 when a request of several failed with it: it is asked for by itself
  attempts: 'u8', //        times it failed alone
  effect_id: 'u32', //      the request it is in; 0 = none
  next: 'u32', //           the next job of the same request, in the order of its texts; 0 = the last
  retry_at_ms: 'f64',
})

/** A model whose vectors are, or were, asked for; keyed by its name and the dimensions asked for. */
export const EmbedModel = table('EmbedModel', {
  name: 'u32', //           its name
  dimensions: 'u16', //     of its vectors; 0 = not yet known
  vectors: 'u32', //        canonical ones
})

/** A vector that rests in the record. Record: `vector`. Never changed: a memory gets another row for another model. */
export const Vector = table(
  'Vector',
  {
    of_high: 'u32', //      row in Memory
    of_low: 'u32', //       row in EmbedModel × 2 + EmbedLane
  },
  { rows_max: 16_000_000, fixed: true },
)

/** A field that was in force; the newest row is the present one. Record: `field`, its classes. */
export const FieldInForce = table(
  'FieldInForce',
  {
    hash_high: 'u32', //    of its classes
    hash_low: 'u32',
    bucket: 'f64', //       the stretch of time it was last confirmed in
  },
  { capacity: 64 },
)

/** The one row of what embedding is about, and its counts. */
export const Embedding = singleton('Embedding', {
  model: 'u32', //          asked for, row in EmbedModel; 0 = embedding is off
  serving: 'u32', //        whose vectors are searched, row in EmbedModel; 0 = none
  eidolon: 'u8', //         1 while the eidolon lane is on
  seen: 'u32', //           newest row of Memory that was considered when it came
  sweep: 'u32', //          next row of Memory to be looked at again; 0 = none
  waiting: 'u32', //        jobs, those that are to be tried again included
  running: 'u32',
  poisoned: 'u32',
  requests: 'u32', //       that are out
  failures: 'u32', //       requests in a row that failed
  paused_until_ms: 'f64',
  asleep_until_ms: 'f64', // no job is due before
  embedded: 'f64',
  passed_over: 'f64', //    jobs that pressure did not let in; canonical ones come back
})

/** The archetypes of eidolon. */
export const eidolonArchetypes = [EmbedJob, EmbedModel, Vector, FieldInForce, Embedding] as const
/** The tables of records of eidolon. */
export const eidolonRecords = ['vector', 'field'] as const
