import type { DeadLetter } from '../record/dead.ts'
import type { Core } from '../tick.ts'
import type { Dispatch } from './dispatch.ts'
import { Effect, EffectStatus } from './effect.ts'
import type { EventInput, Payload } from './event.ts'

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

  /**
   * Effects that were out when the last run ended: `safe` ones go again, of `once` ones nobody can know.
   * An answer that made a system throw is not asked for again.
   */
  takeUp(letters: readonly DeadLetter[]): void {
    const effect = this.#core.world.of(Effect)
    const byEffect = new Map(letters.map((letter) => [letter.event.payload['effect_id'], letter]))
    for (const entity of this.#core.world.each(Effect)) {
      if (effect.status[entity] !== EffectStatus.in_flight) continue
      const effect_id = effect.effect_id[entity]!
      const type = this.#core.effectTypeOf(entity)
      const letter = byEffect.get(effect_id)
      if (letter?.state === 'dead') {
        this.#answer({ type: type.failed.name, payload: { effect_id, code: 'ANSWER_DEAD', reason: letter.reason } })
      } else if (letter === undefined && type.retry === 'safe') this.depart(entity)
      else if (letter === undefined) this.#answer({ type: type.unknown.name, payload: { effect_id } })
    }
  }

  /** @param entity an Effect that the outbox has released and whose tick is durable */
  depart(entity: number): void {
    const effect = this.#core.world.of(Effect)
    const effect_id = effect.effect_id[entity]!
    const type = this.#core.effectTypeOf(entity)
    const text = this.#request(effect_id)
    if (text === undefined) {
      const reason = 'its request is not in the outbox'
      this.#answer({ type: type.failed.name, payload: { effect_id, code: 'REQUEST_LOST', reason } })
      return
    }
    const { request } = JSON.parse(text) as { request: Payload }
    this.#dispatch.send({ effect_id, type, request, attempt: effect.attempts[entity]! })
  }
}
