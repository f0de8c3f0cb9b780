import { answerRecall } from '../../adapters/search/answer.ts'
import { type Adapter, EffectFailure, type Outside } from '../../engine/flow/adapter.ts'
import { MemoryRecall } from '../../systems/events.ts'
import { recall } from '../../systems/recall.ts'
import type { Dice } from './dice.ts'
import { delayOf, type Faults } from './faults.ts'
import type { Calls } from './neighbour.ts'

const patience_ms = 10_000

/** Answers `memory.recall` out of the world as it is when the answer leaves, late or not at all. */
export function recaller(calls: Calls, faults: Faults, dice: Dice): Adapter {
  let outside: Outside | undefined
  return {
    name: 'memory',
    effects: {
      [MemoryRecall.name]: async (request) => {
        const delay_ms = delayOf(faults, dice)
        await calls.later(Math.min(delay_ms, patience_ms), () => undefined)
        if (delay_ms > patience_ms)
          throw new EffectFailure('TIMEOUT', 'nothing came to mind in time', { transient: true })
        return answerRecall(request, async (query, options) => recall(outside!.view, query, options))
      },
    },
    start: (given) => {
      outside = given
    },
  }
}
