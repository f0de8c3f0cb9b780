import { type EffectHandler, silent } from '../flow/adapter.ts'
import { Dispatch } from '../flow/dispatch.ts'
import { Effect, EffectStatus } from '../flow/effect.ts'
import { ClockSet, EffectsHeld, EngineStarted, type Event, type EventInput, type Payload } from '../flow/event.ts'
import { type Core, outboxTable } from '../tick.ts'
import { type Asked, type Recording, requestUnitsMax } from './fork-recording.ts'
import type { ForkStore } from './fork-store.ts'
import { decodeEntry, encodeEntry } from './journal.ts'
import type { Put, Store } from './store.ts'

/** An effect that only one of the two runs asked for. */
export type BranchEffect = {
  readonly effect_id: number
  readonly type: string
  /** When it was asked for. */
  readonly tick: number
  /** The request as JSON, cut to a moderate length. */
  readonly text: string
  /** How it ended; `recorded`: as the recording says. */
  end: 'recorded' | 'performed' | 'refused' | 'withdrawn' | 'open'
}

type BranchParts = {
  readonly rest: ForkStore
  /** The record that is forked, where the answers are. */
  readonly store: Store
  readonly without: ReadonlySet<string>
  readonly handlers: ReadonlyMap<string, EffectHandler>
  eventOf(input: EventInput): Event
}
/** An effect that is out and will be answered as the recording says. */
type Waiting = { readonly asked: Asked; readonly leg: number; readonly due: number }

/** Code of the failure of an effect that the recording does not know and nobody may perform. */
export const forkRefused = 'FORK_REFUSED'

/** Ticks of a fork: recorded inputs, and for what it asks the recorded answers where there are any. */
export class Branch {
  /** Effects that only the fork asked for. */
  readonly own: BranchEffect[] = []
  /** How many requests both asked for; how many attempts were performed, and refused. */
  same = 0
  performed = 0
  refused = 0
  readonly #core: Core
  readonly #recording: Recording
  readonly #parts: BranchParts
  readonly #dispatch: Dispatch
  /** What each open effect of the fork is in the recording; undefined: nothing. */
  readonly #bound = new Map<number, Asked | undefined>()
  readonly #left = new Map<number, number>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #due = new Map<number, number[]>()
  readonly #ownById = new Map<number, BranchEffect>()
  /** Answers that the next tick hears. */
  #answers: Event[] = []

  constructor(core: Core, recording: Recording, parts: BranchParts) {
    this.#core = core
    this.#recording = recording
    this.#parts = parts
    this.#dispatch = new Dispatch(parts.handlers, (answer) => void this.#answers.push(parts.eventOf(answer)), silent)
    const { effect_id, status } = core.world.of(Effect)
    for (const entity of core.world.each(Effect)) {
      this.#bound.set(effect_id[entity]!, recording.of(effect_id[entity]!))
      if (status[entity] === EffectStatus.in_flight) this.#leave(entity, true)
    }
  }

  /** The next tick. @param recorded the batch of that tick, if there was one; @param change what only the fork hears */
  async tick(recorded: readonly Event[], change: readonly Event[]): Promise<void> {
    const core = this.#core
    const batch = this.#batch(recorded, change)
    const outcome = core.apply(batch)
    for (const { effect_id, text } of outcome.requests)
      if (core.openEffect(effect_id) !== 0) this.#bind(effect_id, text)
    for (const effect_id of outcome.settled) this.#ended(effect_id)
    if (!outcome.idle) await this.#commit(batch)
    for (const entity of outcome.released) this.#leave(entity)
    if (this.#dispatch.count > 0) await this.#dispatch.drained()
  }

  #batch(recorded: readonly Event[], change: readonly Event[]): Event[] {
    const own: Event[] = []
    const rest: Event[] = []
    const tick = this.#core.tick + 1
    recorded.forEach((event) => {
      if (ClockSet.is(event) || EngineStarted.is(event)) own.push(event)
      else if (this.#recording.answered(event).length > 0) rest.push(...this.#inStep(event, tick))
      else if (!this.#parts.without.has(event.type)) rest.push(event)
    })
    const late = this.#late(tick)
    const answers = this.#answers
    this.#answers = []
    return [...own, ...change, ...answers, ...late, ...rest]
  }

  /** A recorded answer, for the effect of the fork that is due it in this very tick. */
  #inStep(event: Event, tick: number): Event[] {
    const ids: number[] = []
    for (const effect_id of this.#recording.answered(event)) {
      const taken_by = this.#recording.of(effect_id)?.taken_by ?? 0
      const waiting = this.#waiting.get(taken_by)
      if (waiting?.due !== tick || waiting.asked.legs[waiting.leg]?.answered?.tick !== tick) continue
      this.#waiting.delete(taken_by)
      ids.push(taken_by)
    }
    return ids.length === 0 ? [] : [addressed(event, ids)]
  }

  /** Recorded answers that are due now and came in another tick then. */
  #late(tick: number): Event[] {
    const found: Event[] = []
    for (const effect_id of this.#due.get(tick) ?? []) {
      const waiting = this.#waiting.get(effect_id)
      const place = waiting?.due === tick ? waiting.asked.legs[waiting.leg]?.answered : undefined
      if (place === undefined) continue
      this.#waiting.delete(effect_id)
      for (const { bytes } of this.#parts.store.journal(place.tick, place.tick)) {
        const event = decodeEntry(bytes, place.tick).events[place.index]
        if (event !== undefined) found.push(addressed(event, [effect_id]))
      }
    }
    this.#due.delete(tick)
    return found
  }

  /**
   * Finds out what a new effect is in the recording. One that may be repeated and was asked for more often than then is answered
   * as it was.
   */
  #bind(effect_id: number, text: string): void {
    const asked = this.#recording.take(effect_id, text)
    if (asked !== undefined) {
      this.#bound.set(effect_id, asked)
      this.same++
      return
    }
    const { tick } = this.#core
    const { name, retry } = this.#core.effectTypeOf(this.#core.openEffect(effect_id))
    const again = retry === 'safe' ? this.#recording.again(effect_id, text) : undefined
    const cut = text.slice(0, requestUnitsMax)
    const effect: BranchEffect = {
      effect_id,
      type: name,
      tick,
      text: cut,
      end: again === undefined ? 'open' : 'recorded',
    }
    this.#bound.set(effect_id, again)
    this.own.push(effect)
    this.#ownById.set(effect_id, effect)
  }

  /** An effect has left: it is answered when and as the recording says, else at once. @param before it had, when the fork began */
  #leave(entity: number, before = false): void {
    const core = this.#core
    const effect_id = core.world.of(Effect).effect_id[entity]!
    const asked = this.#bound.get(effect_id)
    const leg = this.#left.get(effect_id) ?? 0
    this.#left.set(effect_id, leg + 1)
    const recorded = asked?.legs[leg]
    if (asked === undefined || recorded === undefined) return this.#send(entity, effect_id)
    const other = !before && recorded.stamp !== this.#recording.stampOf(asked.type, core)
    if (other || (recorded.answered === undefined && asked.withdrawn)) return this.#send(entity, effect_id)
    // What the recording did not see answered stays open here too.
    if (recorded.answered === undefined) return
    const due = core.tick + Math.max(1, recorded.answered.tick - recorded.left)
    this.#waiting.set(effect_id, { asked, leg, due })
    const others = this.#due.get(due)
    if (others === undefined) this.#due.set(due, [effect_id])
    else others.push(effect_id)
  }

  #send(entity: number, effect_id: number): void {
    const core = this.#core
    const type = core.effectTypeOf(entity)
    const text = core.read(outboxTable, effect_id)
    const own = this.#ownById.get(effect_id)
    const { attempts } = core.world.of(Effect)
    if (text !== undefined && this.#parts.handlers.has(type.name)) {
      const { request } = JSON.parse(text) as { request: Payload }
      if (own !== undefined) own.end = 'performed'
      this.performed++
      this.#dispatch.send({ effect_id, type, request, attempt: attempts[entity]! })
      return
    }
    if (own !== undefined) own.end = 'refused'
    this.refused++
    const reason = 'the recording has no answer to this request, and nobody performs it in a fork'
    this.#answers.push(
      this.#parts.eventOf({ type: type.failed.name, payload: { effect_id, code: forkRefused, reason } }),
    )
  }

  #ended(effect_id: number): void {
    const own = this.#ownById.get(effect_id)
    if (own?.end === 'open') own.end = 'withdrawn'
    this.#ownById.delete(effect_id)
    this.#bound.delete(effect_id)
    this.#left.delete(effect_id)
    this.#waiting.delete(effect_id)
  }

  async #commit(batch: readonly Event[]): Promise<void> {
    const { outcome, tick } = this.#core
    const text = batch.map((event) => JSON.stringify(event)).join('\n')
    const digest = this.#core.link(text)
    const puts: Put[] = [...outcome.puts]
    for (const { effect_id, bytes } of outcome.requests) puts.push({ table: outboxTable, key: effect_id, bytes })
    for (const key of outcome.settled) puts.push({ table: outboxTable, key, bytes: null })
    await this.#parts.rest.commit({ tick, entry: encodeEntry({ tick, digest, outputs: outcome.outputs }, text), puts })
  }
}

/** A recorded answer as the effects of the fork get it. */
function addressed(event: Event, effect_ids: readonly number[]): Event {
  if (EffectsHeld.is(event)) return { ...event, payload: { effect_ids: [...effect_ids] } }
  const [effect_id = 0] = effect_ids
  return { ...event, id: `${event.type}:${effect_id}`, payload: { ...event.payload, effect_id } }
}
