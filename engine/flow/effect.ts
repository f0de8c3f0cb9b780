import type { JsonSchema } from '../schema.ts'
import { archetype, states } from '../world/archetype.ts'
import { type EventType, eventType, objectOf, type Payload } from './event.ts'

/** What the outbox may do with an effect whose answer was lost: repeat it, or never. */
export type Retry = 'safe' | 'once'

/** A declared type of effect, with the bounds within which it is carried out. */
export type EffectType<Q = Payload, D = Payload> = {
  readonly name: string
  readonly retry: Retry
  /** How long one attempt may take, in milliseconds. */
  readonly deadline_ms: number
  /** Attempts before the failure is final. */
  readonly attempts_max: number
  /** First wait between attempts; it doubles each time, with jitter from world state. */
  readonly backoff_ms: number
  /** How many may be out at once. */
  readonly in_flight_max: number
  /** JSON Schema of the request. */
  readonly schema: JsonSchema
  /** `<name>.done`: the answer, with the `effect_id` it answers. */
  readonly done: EventType<D & Answer>
  /** `<name>.failed`: after the last attempt, or at once when repeating cannot help. */
  readonly failed: EventType<Failure>
  /** `<name>.unknown`: the process died while a `once` effect was out. */
  readonly unknown: EventType<Answer>
  /** Only types what a request holds; never read. */
  readonly request?: Q
}

export type Answer = { readonly effect_id: number }
export type Failure = Answer & {
  /** A stable upper-snake code, for systems. */
  readonly code: string
  /** One sentence for people; never holds a secret. */
  readonly reason: string
  /** True when the same request may succeed later; the engine then tries again by itself. */
  readonly transient?: boolean
  /** The far side asked to wait this long. */
  readonly retry_after_ms?: number
}

export type EffectOptions = {
  readonly retry: Retry
  readonly deadline_ms: number
  readonly attempts_max?: number
  readonly backoff_ms?: number
  readonly in_flight_max?: number
  /** JSON Schemas of the request's and the answer's properties, as `objectOf` takes them. */
  readonly request: { readonly [name: string]: JsonSchema }
  readonly done: { readonly [name: string]: JsonSchema }
}

const effectId: JsonSchema = { type: 'integer', minimum: 1 }
const text: JsonSchema = { type: 'string' }

/** Declares a type of effect and the three events that can answer it. */
export function effectType<Q = Payload, D = Payload>(name: string, options: EffectOptions): EffectType<Q, D> {
  return {
    name,
    retry: options.retry,
    deadline_ms: options.deadline_ms,
    attempts_max: options.attempts_max ?? 5,
    backoff_ms: options.backoff_ms ?? 250,
    in_flight_max: options.in_flight_max ?? 8,
    schema: objectOf(options.request),
    done: eventType(`${name}.done`, objectOf({ effect_id: effectId, ...options.done })),
    failed: eventType(
      `${name}.failed`,
      objectOf({
        effect_id: effectId,
        code: text,
        reason: text,
        'transient?': { type: 'boolean' },
        'retry_after_ms?': { type: 'number', minimum: 0 },
      }),
    ),
    unknown: eventType(`${name}.unknown`, objectOf({ effect_id: effectId })),
  }
}

export const EffectStatus = states('none', 'waiting', 'in_flight', 'retry')

/** One row of life per open effect; it dies when its answer has been applied. */
export const Effect = archetype('Effect', {
  effect_id: 'u32',
  type: 'u16', //            index into the declared effect types, from 1
  status: 'u8', //           EffectStatus
  attempts: 'u8',
  owner: 'u32', //           the entity or row that asked; 0 = nobody in particular
  requested_at_ms: 'f64',
  retry_at_ms: 'f64',
})
