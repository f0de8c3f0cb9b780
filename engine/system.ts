import type { EffectType } from './flow/effect.ts'
import type { Event, EventType } from './flow/event.ts'
import type { World } from './world/world.ts'

/** All that a system may touch. No promises, no clock, no chance but these. */
export type Tick = {
  readonly world: World
  readonly tick: number
  /** World time in milliseconds since 1970. */
  readonly now_ms: number
  /** What was emitted last tick, then this tick's batch; ascending in the order they entered. */
  readonly events: readonly Event[]
  /** A record's text, also one that this tick has put; undefined when there is none. Records are written once. */
  read(table: string, id: number): string | undefined
  put(table: string, id: number, text: string): void
  /** Asks for an effect and returns its id; it leaves once this tick is durable. `owner` comes back by `ownerOf`. */
  request<Q, D>(type: EffectType<Q, D>, request: Q, owner?: number): number
  /**
   * Takes an effect back: it is never answered, and aborted where it is under way. False when it has ended already, or is out
   * and must not be repeated: then it may have happened, and its answer has to be awaited.
   */
  withdraw(effect_id: number): boolean
  /** The owner given with the request that an event answers, or 0. */
  ownerOf(effect_id: number): number
  /** Lets a waiting effect leave with this tick. Only the outbox calls it. */
  release(effect: number): void
  /** The declared type of an Effect entity. */
  effectType(effect: number): EffectType
  /** Says something to the other systems; they hear it next tick. */
  emit<P>(type: EventType<P>, payload: P): void
  /** The next number in [0, 1) of the world's generator. */
  random(): number
}

export type System = { readonly name: string; readonly run: (tick: Tick) => void }

/** Names a function as a system. It runs once a tick, at its place in the list given to createEngine. */
export function system(name: string, run: (tick: Tick) => void): System {
  return { name, run }
}
