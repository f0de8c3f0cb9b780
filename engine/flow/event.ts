import type { JsonSchema } from '../schema.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }
/** What an event or effect says: an object that survives JSON unchanged. */
export type Payload = { readonly [key: string]: Json | undefined }

/** Where an event comes from. `(kind, channel or thread, id)` identifies it for ever. */
export type Source = {
  readonly kind: string
  readonly channel?: string
  readonly thread?: string
  readonly author?: string
}

/** An immutable fact that enters at a tick boundary: the only input of the world. */
export type Event<P = Payload> = {
  readonly id: string
  /** When it happened outside, in milliseconds since 1970; 0 means unknown. */
  readonly ts: number
  readonly type: string
  readonly source: Source
  readonly payload: P
}

/** What a publisher must give; `id`, `ts` and `source` have defaults. */
export type EventInput = {
  readonly type: string
  readonly payload: Payload
  readonly id?: string
  readonly ts?: number
  readonly source?: Source
}

/** A declared type of event: its payload is checked once, at the edge. */
export type EventType<P = Payload> = {
  readonly name: string
  readonly schema: JsonSchema
  /** Narrows an event to this type. */
  is(event: Event): event is Event & { readonly payload: P }
}

/** Declares a type of event. `schema` is the JSON Schema of its payload. */
export function eventType<P = Payload>(name: string, schema: JsonSchema): EventType<P> {
  return { name, schema, is: (event): event is Event & { readonly payload: P } => event.type === name }
}

/** An object schema in one line: every named property is required unless its name ends in `?`. */
export function objectOf(properties: { readonly [name: string]: JsonSchema }): JsonSchema {
  const required: string[] = []
  const plain: Record<string, JsonSchema> = {}
  for (const [name, schema] of Object.entries(properties)) {
    const optional = name.endsWith('?')
    const key = optional ? name.slice(0, -1) : name
    plain[key] = schema
    if (!optional) required.push(key)
  }
  return { type: 'object', properties: plain, required, additionalProperties: false }
}

/** Time enters the world: the first event of a batch after start, a waking push or a jump. */
export const ClockSet = eventType<{ now_ms: number }>('clock.set', objectOf({ now_ms: { type: 'number' } }))

/**
 * Last event of a run that ends well, where it is needed: effects that were released while the engine stopped and so never
 * left. They are taken back, so that the next run sends them; of a crash in that moment nobody could know.
 */
export const EffectsHeld = eventType<{ effect_ids: number[] }>(
  'effects.held',
  objectOf({ effect_ids: { type: 'array', items: { type: 'integer' } } }),
)

/** First event of every run: who writes the journal from here on, and with which settings of the engine. */
export type EngineStarted = {
  version: string
  format: number
  runtime: string
  arch: string
  seed: number
  tick_ms: number
  /** Missing in journals of before it was kept. */
  backoff_max_ms?: number
  /** Ids of emitted events that are not heard now: they are dead letters, or will be tried alone. */
  set_aside?: string[]
}
export const EngineStarted = eventType<EngineStarted>(
  'engine.started',
  objectOf({
    version: { type: 'string' },
    format: { type: 'integer' },
    runtime: { type: 'string' },
    arch: { type: 'string' },
    seed: { type: 'integer' },
    tick_ms: { type: 'number', exclusiveMinimum: 0 },
    'backoff_max_ms?': { type: 'number', exclusiveMinimum: 0 },
    'set_aside?': { type: 'array', items: { type: 'string' } },
  }),
)
