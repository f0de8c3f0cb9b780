import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import { gaugesOf } from '../../../systems/olympia/gauges.ts'
import type { Moment } from '../../inspector/shapes.ts'
import { sessionsOf } from '../desk/sessions.ts'
import { busiest, numbersOf } from './frame.ts'
import { shapeOf } from './world.ts'

/** Milliseconds of replay before the running world has its turn. */
const slice_ms = 5
/** A replay that takes longer is given up. */
const patience_ms = 120_000

export type Visited = { readonly view: View; readonly moment: Moment }

/** Visits earlier ticks, one visit at a time; the last one is kept, because whoever looks at a moment looks again. */
export class Moments {
  readonly #engine: Engine
  #kept: Visited | undefined
  #visiting: Promise<unknown> = Promise.resolve()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** @throws EngineError TICK_GONE; ENGINE_STATE when it takes too long */
  at(tick: number): Promise<Visited> {
    const visited = this.#visiting.then(() => this.#visit(tick))
    // Whoever asked hears of a failure; the next in line only waits for the end of it.
    this.#visiting = Promise.allSettled([visited])
    return visited
  }

  async #visit(tick: number): Promise<Visited> {
    if (this.#kept?.moment.tick === tick) return this.#kept
    this.#kept = undefined
    const begun = performance.now()
    let slice = begun
    const { core, from_tick } = await this.#engine.visit(tick, async () => {
      const now = performance.now()
      if (now - begun > patience_ms) {
        throw new EngineError('ENGINE_STATE', `tick ${tick} could not be reached within ${patience_ms} ms of replay`)
      }
      if (now - slice < slice_ms) return
      await nextTurn()
      slice = performance.now()
    })
    const view = { world: core.world, tick: core.tick, now_ms: core.now_ms, read: core.read.bind(core) }
    this.#kept = { view, moment: momentOf(view, { from_tick, took_ms: performance.now() - begun }) }
    return this.#kept
  }
}

/** What is told of a world as it was. O(sessions). */
export function momentOf(view: View, about: { readonly from_tick: number; readonly took_ms: number }): Moment {
  return {
    tick: view.tick,
    now_ms: view.now_ms,
    ...about,
    gauges: numbersOf(gaugesOf(view.world)),
    sessions: busiest(sessionsOf(view)),
    archetypes: shapeOf(view).archetypes,
  }
}
