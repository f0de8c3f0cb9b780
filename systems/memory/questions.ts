import type { Tick } from '../../engine/system.ts'
import { Compaction, Question } from '../compact/columns.ts'
import { erased, hiddenUntil } from '../hidden.ts'

/** Questions that compaction keeps may quote what they found: whoever forgets a memory forgets all of them, and those asked from now on are kept anew. */

/** Nobody asks the questions so far any more. O(questions since the last time) */
export function hideQuestions({ world, tick }: Tick): void {
  const { cleared, cleared_tick } = world.of(Compaction)
  const { hash_high, hash_low, hidden_tick } = world.of(Question)
  for (let row = cleared[1]! + 1; row <= world.rows(Question); row++) {
    hidden_tick[row] = tick
    hash_high[row] = 0
    hash_low[row] = 0
  }
  cleared[1] = world.rows(Question)
  cleared_tick[1] = tick
}

/** Removes the texts of questions that were hidden no later than a tick. O(questions) */
export function eraseQuestions(tick: Tick, until_tick: number): void {
  const { world } = tick
  const { hidden_tick } = world.of(Question)
  for (const row of hiddenUntil(hidden_tick, world.rows(Question), until_tick)) {
    tick.put('question', row, '')
    hidden_tick[row] = erased
  }
}
