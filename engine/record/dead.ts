import { ClockSet, EffectsHeld, EngineStarted, type Event } from '../flow/event.ts'
import { recordText } from './frame.ts'
import { ownTables, textPut } from './recorder.ts'
import type { Put, Store } from './store.ts'

/**
 * An event that was heard in a tick in which a system threw. It is `suspect` until it has been tried alone;
 * one that throws alone stays `dead` and is never given to the world again.
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
    if (framed !== undefined)
      letters.push({ ...(JSON.parse(recordText(framed, ownTables.dead, id)) as DeadLetter), id })
  }
  return letters
}

/** What one run of the engine does about dead letters: it knows those of the runs before, and may end in new ones. */
export class DeadLetters {
  /** Those of the runs before, oldest first. */
  readonly letters: readonly DeadLetter[]
  readonly #suspects: DeadLetter[]
  #trying: DeadLetter | undefined

  constructor(store: Store) {
    this.letters = readDead(store)
    this.#suspects = this.letters.filter((letter) => letter.state === 'suspect')
  }

  /** How many events wait to be tried alone. */
  get suspects(): number {
    return this.#suspects.length
  }

  /** The next event to try, in a tick that hears nothing else. */
  trySuspect(): Event | undefined {
    this.#trying = this.#suspects.shift()
    return this.#trying?.event
  }

  /** What the tick's commit must say: the event that was tried has been taken in after all. */
  forgotten(): Put[] {
    const tried = this.#trying
    this.#trying = undefined
    return tried === undefined ? [] : [{ table: ownTables.dead, key: tried.id, bytes: null }]
  }

  /** Which of the events that the last run emitted are letters by now: they are not heard where they were. */
  setAside(emitted: readonly Event[]): string[] {
    return emitted.filter((event) => this.#knows(event)).map((event) => event.id)
  }

  /** The puts that set aside what a tick that threw has heard: dead when it was alone, otherwise suspects. */
  bury(batch: readonly Event[], emitted: readonly Event[], about: { tick: number; reason: string }): Put[] {
    const fresh = emitted.filter((event) => !this.#knows(event))
    const events = [...fresh, ...batch.filter((event) => !isOwn(event))]
    const firstId = this.#trying?.id ?? 1 + (this.letters.at(-1)?.id ?? 0)
    const state = events.length === 1 ? 'dead' : 'suspect'
    return events.map((event, index) =>
      textPut(ownTables.dead, firstId + index, JSON.stringify({ state, event, ...about })),
    )
  }

  #knows(emitted: Event): boolean {
    const { id, source } = emitted
    return this.letters.some(({ event }) => event.id === id && event.source.kind === source.kind)
  }
}

/** The engine's own events are made anew when they are due. */
function isOwn(event: Event): boolean {
  return ClockSet.is(event) || EngineStarted.is(event) || EffectsHeld.is(event)
}
