export { createEngine, Engine } from './engine.ts'
export { assert, EngineError, type ErrorCode, errorCodes, reasonOf } from './errors.ts'
export {
  type Adapter,
  type EffectCall,
  EffectFailure,
  type EffectHandler,
  type Log,
  type Outside,
  silent,
  type View,
} from './flow/adapter.ts'
export { isoTime } from './flow/clock.ts'
export type { Pacing } from './flow/driver.ts'
export { Effect, EffectStatus, type EffectType, effectType, type Failure } from './flow/effect.ts'
export {
  ClockSet,
  EngineStarted,
  type Event,
  type EventInput,
  type EventType,
  eventType,
  type Json,
  objectOf,
  type Payload,
  type Source,
} from './flow/event.ts'
export type { EventsOptions } from './flow/events.ts'
export type { Waiting } from './flow/waiting.ts'
export { defaultLimits, type Limits } from './limits.ts'
export type { EngineOptions, EngineStatus, Health } from './options.ts'
export type { Condition, First, FirstOptions } from './record/first.ts'
export type { BranchEffect, Forked, ForkOptions } from './record/fork.ts'
export type { Stamps } from './record/fork-recording.ts'
export type { Past } from './record/past.ts'
export type { ReplayReport } from './record/replay.ts'
export { replayJournal } from './record/replay.ts'
export type { Commit, JournalEntry, Keyframes, Put, Store, StoreHead } from './record/store.ts'
export type { Visit } from './record/visit.ts'
export { type Check, compileSchema, type JsonSchema, type Problem } from './schema.ts'
export { type System, system, type Tick } from './system.ts'
export type { Parts } from './tick.ts'
export type { Timings } from './trace.ts'
export { type Archetype, archetype, states, table } from './world/archetype.ts'
export type { Columns, Schema } from './world/columns.ts'
export type { World } from './world/world.ts'
