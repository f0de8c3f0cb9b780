import { assert } from './errors.ts'
import type { Adapter, EffectHandler, Log } from './flow/adapter.ts'
import { ClockSet, EffectsHeld, EngineStarted, type EventType } from './flow/event.ts'
import type { Limits } from './limits.ts'
import type { Store } from './record/store.ts'
import type { Parts } from './tick.ts'

export type EngineOptions = Parts & {
  readonly store: Store
  readonly adapters?: readonly Adapter[]
  readonly limits?: Partial<Limits>
  /** Seed of the world's chance; only a new world takes it. */
  readonly seed?: number
  readonly log?: Log
  /** Wall time in milliseconds; a simulator gives its own. */
  readonly clock?: () => number
  /** `manual`: nothing ticks by itself, the embedder calls `step`. */
  readonly drive?: 'timer' | 'manual'
  /** An earlier tick at which the engine stands for good, for looking only; it cannot be started. */
  readonly at?: number
}

export type Health = 'ok' | 'store_full' | 'stopping' | 'stopped' | 'failed'
export type EngineStatus = {
  readonly health: Health
  readonly tick: number
  readonly now_ms: number
  readonly digest: string
  readonly journal_ticks: number
  readonly snapshot_tick: number
  readonly data_bytes: number
  readonly outbox: { readonly pending: number; readonly in_flight: number; readonly oldest_ms: number }
  readonly inbox: number
  /** Events refused at the edge since this process started. */
  readonly refused: number
  readonly dead: number
}

/** Every type of event that may enter: the engine's own, the declared ones, and the answers to effects. */
export function declaredEvents(parts: Parts): readonly EventType[] {
  const answers = parts.effects.flatMap((type) => [type.done, type.failed, type.unknown])
  return [ClockSet, EngineStarted, EffectsHeld, ...parts.events, ...answers] as EventType[]
}

/** Room for an answer from every effect that can be out, so that an answer never waits behind other events. */
export function answersMax(parts: Parts, limits: Limits): number {
  return parts.effects.reduce((sum, type) => sum + type.in_flight_max, limits.inbox_max)
}

/** Who performs which effect. @throws EngineError EFFECT_TYPE_UNKNOWN when two adapters claim one */
export function handlersOf(adapters: readonly Adapter[]): ReadonlyMap<string, EffectHandler> {
  const handlers = new Map<string, EffectHandler>()
  for (const adapter of adapters) {
    for (const [type, handler] of Object.entries(adapter.effects ?? {})) {
      assert(!handlers.has(type), 'EFFECT_TYPE_UNKNOWN', `two adapters perform ${type}; remove one`, adapter.name)
      handlers.set(type, handler)
    }
  }
  return handlers
}
