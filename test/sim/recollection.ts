import type { Engine } from '../../engine/engine.ts'
import type { View } from '../../engine/flow/adapter.ts'
import { Memory } from '../../systems/components.ts'
import { recall } from '../../systems/recall.ts'
import type { Court } from './violation.ts'

const asked_max = 24

/**
 * Asks for what is remembered, in its own words, and holds what recall says against the world; and against what it says over
 * indexes that were made anew from the record.
 */
export function auditRecall(court: Court, engine: Engine, anew: View): void {
  const { world } = engine
  const { deleted, replaced_by, parent } = world.of(Memory)
  const rows = world.rows(Memory)
  const step = Math.max(1, Math.floor(rows / asked_max))
  for (let row = 1; row <= rows; row += step) {
    if (parent[row] !== 0) continue
    const text = engine.read('text', row) ?? ''
    if (!/\p{L}{3}/u.test(text)) continue
    const query = text.slice(0, 400)
    const { hits } = recall(engine, query, { hits_max: 1_000 })
    const again = recall(anew, query, { hits_max: 1_000 })
    const same = JSON.stringify(hits) === JSON.stringify(again.hits)
    court.holds(same, 'index', () => `over indexes made anew recall finds something else for: ${query.slice(0, 80)}`)
    for (const { memory_id } of hits) {
      const served = deleted[memory_id] === 0 && replaced_by[memory_id] === 0
      court.holds(served, 'recall', () => `memory ${memory_id} was found, but is not served`)
    }
    if (deleted[row] !== 0 || replaced_by[row] !== 0) continue
    const found = hits.some(({ memory_id, family }) => [memory_id, ...family.map((of) => of.memory_id)].includes(row))
    const seen = found || hits.some(({ memory_id }) => engine.read('text', memory_id) === text)
    court.holds(seen, 'recall', () => `memory ${row} is not found by its own words: ${text.slice(0, 80)}`)
  }
}
