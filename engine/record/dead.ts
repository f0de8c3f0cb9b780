import type { EngineError } from '../errors.ts'
import type { Event } from '../flow/event.ts'
import { frameText, unframeText } from './frame.ts'
import { ownTables } from './recorder.ts'
import type { Put, Store } from './store.ts'

/**
 * Events of a tick in which a system threw. They are `suspect` until each has been tried alone;
 * the one that throws alone stays `dead` and is never given to the world again.
 */
export type DeadLetter = {
  readonly id: number
  readonly state: 'suspect' | 'dead'
  readonly tick: number
  readonly event: Event
  readonly reason: string
}

/** Reads the dead letters of a store, oldest first. */
export function readDead(store: Store): DeadLetter[] {
  const letters: DeadLetter[] = []
  for (const id of store.keys(ownTables.dead)) {
    const framed = store.read(ownTables.dead, id)
    if (framed !== undefined) letters.push({ ...(JSON.parse(unframeText(framed, `dead ${id}`)) as DeadLetter), id })
  }
  return letters
}

/** The puts that set aside the events of a tick that threw. A single event is dead at once: it threw alone. */
export function setAside(events: readonly Event[], tick: number, thrown: EngineError, firstId: number): Put[] {
  const state = events.length === 1 ? 'dead' : 'suspect'
  return events.map((event, index) => ({
    table: ownTables.dead,
    key: firstId + index,
    bytes: frameText(JSON.stringify({ state, tick, event, reason: thrown.message })),
  }))
}

/** The put that forgets a letter: its event has been taken in after all. */
export function forgetLetter(id: number): Put {
  return { table: ownTables.dead, key: id, bytes: null }
}
