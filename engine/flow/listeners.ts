import { reasonOf } from '../errors.ts'
import type { Log } from './adapter.ts'
import type { Event } from './event.ts'

export type Listener = (event: Event) => void

/** Those outside who hear what has become durable. A listener that throws is logged and the world goes on. */
export class Listeners {
  readonly #byType = new Map<string, Set<Listener>>()
  /** Beginnings of types, `` for all. */
  readonly #byStart = new Map<string, Set<Listener>>()
  readonly #commits = new Set<(tick: number) => void>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** @param type a type of event, the beginning of some before a star (`chat.*`), or `*` for all. Returns the way to stop. */
  add(type: string, listener: Listener): () => void {
    const [map, key] = type.endsWith('*') ? [this.#byStart, type.slice(0, -1)] : [this.#byType, type]
    const listeners = map.get(key) ?? new Set()
    listeners.add(listener)
    map.set(key, listeners)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && map.get(key) === listeners) map.delete(key)
    }
  }

  /** Hears of every tick that is durable, before `tell`. Returns the way to stop. */
  addCommitted(listener: (tick: number) => void): () => void {
    this.#commits.add(listener)
    return () => void this.#commits.delete(listener)
  }

  committed(tick: number): void {
    for (const listener of this.#commits) {
      try {
        listener(tick)
      } catch (thrown) {
        this.#log.error({ tick, reason: reasonOf(thrown) }, 'a listener to commits threw; the world goes on')
      }
    }
  }

  tell(event: Event): void {
    this.#tell(this.#byType.get(event.type), event)
    for (const [start, listeners] of this.#byStart) if (event.type.startsWith(start)) this.#tell(listeners, event)
  }

  #tell(listeners: ReadonlySet<Listener> | undefined, event: Event): void {
    if (listeners === undefined || listeners.size === 0) return
    freeze(event)
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (thrown) {
        this.#log.error({ type: event.type, reason: reasonOf(thrown) }, 'a listener threw; the world goes on')
      }
    }
  }
}

/** What a system has emitted is heard by the world after the listeners have heard it: nobody may change it between. */
function freeze(value: object): void {
  if (Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freeze(inner)
}
