import type { DeadLetter } from '../record/dead.ts'
import type { Core } from '../tick.ts'
import type { Dispatch } from './dispatch.ts'
import { Effect, EffectStatus, type EffectType } from './effect.ts'
import type { Event, EventInput, Payload } from './event.ts'

/** Code of the failure that stands for an answer which made a system throw. */
const answerDead = 'ANSWER_DEAD'

/** Lets effects leave: their requests come out of the outbox, where the tick that asked for them put them. */
export class Departures {
  readonly #core: Core
  readonly #dispatch: Dispatch
  readonly #request: (effect_id: number) => string | undefined
  readonly #answer: (answer: EventInput) => void

  constructor(
    core: Core,
    dispatch: Dispatch,
    request: (effect_id: number) => string | undefined,
    answer: (answer: EventInput) => void,
  ) {
    this.#core = core
    this.#dispatch = dispatch
    this.#request = request
    this.#answer = answer
  }

  /** How many effects are open, how many of them are out, and how long the oldest has been waiting. */
  status(): { pending: number; in_flight: number; oldest_ms: number } {
    const { requested_at_ms } = this.#core.world.of(Effect)
    const open = this.#core.world.each(Effect)
    let oldest = this.#core.now_ms
    for (const entity of open) oldest = Math.min(oldest, requested_at_ms[entity]!)
    return { pending: open.length, in_flight: this.#dispatch.count, oldest_ms: this.#core.now_ms - oldest }
  }

  /**
   * Effects that were out when the last run ended: `safe` ones go again, of `once` ones nobody can know.
   * An answer that made a system throw is not asked for again; when the failure that stands for it made one throw
   * too, the effect stays open and its dead letters tell why.
   */
  takeUp(letters: readonly DeadLetter[]): void {
    const effect = this.#core.world.of(Effect)
    for (const entity of this.#core.world.each(Effect)) {
      if (effect.status[entity] !== EffectStatus.in_flight) continue
      const effect_id = effect.effect_id[entity]!
      const type = this.#core.effectTypeOf(entity)
      const letter = letters.findLast((each) => answers(each.event, type, effect_id))
      if (letter?.event.payload['code'] === answerDead) continue
      if (letter?.state === 'dead') {
        this.#answer({ type: type.failed.name, payload: { effect_id, code: answerDead, reason: letter.reason } })
      } else if (letter === undefined && type.retry === 'safe') this.depart(entity)
      else if (letter === undefined) this.#answer({ type: type.unknown.name, payload: { effect_id } })
    }
  }

  /** Effects that have ended in a tick that is durable: one that a system took back may still be out. */
  ended(effect_ids: readonly number[]): void {
    for (const effect_id of effect_ids) this.#dispatch.drop(effect_id)
  }

  /**
   * @param entity an Effect that the outbox has released and whose tick is durable
   * @param fresh requests of that very tick, by effect id; others are read from the outbox
   */
  depart(entity: number, fresh?: ReadonlyMap<number, string>): void {
    const effect = this.#core.world.of(Effect)
    const effect_id = effect.effect_id[entity]!
    const type = this.#core.effectTypeOf(entity)
    const text = fresh?.get(effect_id) ?? this.#request(effect_id)
    if (text === undefined) {
      const reason = 'its request is not in the outbox'
      this.#answer({ type: type.failed.name, payload: { effect_id, code: 'REQUEST_LOST', reason } })
      return
    }
    const { request } = JSON.parse(text) as { request: Payload }
    this.#dispatch.send({ effect_id, type, request, attempt: effect.attempts[entity]! })
  }
}

function answers(event: Event, type: EffectType, effect_id: number): boolean {
  if (event.payload['effect_id'] !== effect_id) return false
  return event.type === type.done.name || event.type === type.failed.name || event.type === type.unknown.name
}
