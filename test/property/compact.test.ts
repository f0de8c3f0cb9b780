import fc from 'fast-check'
import { expect, test } from 'vitest'
import { search } from '../../adapters/search.ts'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Plan, PlanState } from '../../systems/compact/columns.ts'
import { Deleted, Memory, MemoryKind } from '../../systems/components.ts'
import { compacting, conversation, day_ms, pass } from '../support/compact.ts'
import { drained, gauge, noon_ms, order, remembering, tell, textAt, whole } from '../support/memory.ts'

type Step =
  | { readonly do: 'talk'; readonly thread: number; readonly lines: number }
  | { readonly do: 'pass' | 'crash' }
  | { readonly do: 'undo' | 'purge'; readonly at: number }
  | { readonly do: 'pin' | 'unpin' | 'hide' | 'forget' | 'use'; readonly at: number }

const at = fc.nat({ max: 40 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('talk' as const),
      thread: fc.nat({ max: 2 }),
      lines: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('pass' as const, 'crash' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('undo' as const, 'purge' as const), at }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('pin' as const, 'unpin' as const, 'hide' as const, 'forget' as const, 'use' as const),
      at,
    }),
  },
)

/** What must hold whatever happened: one memory stands for each, nobody stands twice, and no text is gone that nobody removed. */
function check(engine: Engine, told: ReadonlyMap<number, string>): void {
  const { deleted, kind, parent, pinned, replaced_by } = engine.world.of(Memory)
  let live = 0
  for (const row of whole(engine)) {
    if (deleted[row] === 0 && replaced_by[row] === 0) live++
    const stands = replaced_by[row]!
    if (stands !== 0) {
      expect(kind[stands], `memory ${row} is stood for by a summary`).toBe(MemoryKind.summary)
      expect(replaced_by[stands], 'a summary stands for itself').toBe(0)
      expect(deleted[stands] === 0 || deleted[row] !== 0, `the summary ${stands} of memory ${row} is served`).toBe(true)
      expect(parent[stands]).toBe(0)
    }
    const text = told.get(row)
    if (text !== undefined && deleted[row] === 0) expect(textAt(engine, row), `the text of memory ${row}`).toBe(text)
  }
  expect(gauge(engine, 'memories')).toBe(live)
  const { memory_id, state } = engine.world.of(Plan)
  for (let plan = 1; plan <= engine.world.rows(Plan); plan++) {
    const members = JSON.parse(engine.read('plan', plan) ?? '[]') as number[]
    const summary = memory_id[plan]!
    if (state[plan] === PlanState.kept) {
      for (const member of members) expect(replaced_by[member], `plan ${plan} is in force`).toBe(summary)
      expect(deleted[summary]).toBe(0)
    } else if (state[plan] === PlanState.undone || state[plan] === PlanState.forgotten) {
      expect(deleted[summary], `the summary of plan ${plan} is served no more`).not.toBe(0)
      for (const member of members) expect(replaced_by[member]).not.toBe(summary)
    }
  }
  // A forgotten text is in no summary.
  for (const [row, text] of told) {
    if (deleted[row] !== Deleted.forgotten || textAt(engine, row) !== '') continue
    if (replaced_by[row] !== 0) continue
    const said = text.split('. ').at(-1)!
    for (let plan = 1; plan <= engine.world.rows(Plan); plan++)
      expect(engine.read('summary', plan) ?? '').not.toContain(said)
  }
  expect(pinned.subarray(1, engine.world.rows(Memory) + 1).every((each) => each <= 1)).toBe(true)
}

test('whatever is said, used, pinned, forgotten, taken back and killed, each memory is served once, by itself or its summary', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const store = ram()
      let engine = await remembering(store, { adapters: [search()] })
      await compacting(engine)
      let now_ms = noon_ms
      let day = 0
      const told = new Map<number, string>()
      for (const each of steps) {
        const rows = engine.world.rows(Memory)
        if (each.do === 'talk') {
          await tell(engine, ...conversation(`thread ${each.thread}`, day++, each.lines))
          for (let row = rows + 1; row <= engine.world.rows(Memory); row++) told.set(row, textAt(engine, row))
        } else if (each.do === 'pass') {
          now_ms += 20 * day_ms
          await pass(engine, now_ms)
        } else if (each.do === 'crash') {
          const digest = engine.digest()
          store.crash()
          engine = await remembering(store, { adapters: [search()] })
          expect(engine.digest()).toBe(digest)
        } else if (each.do === 'undo' || each.do === 'purge') {
          if (each.do === 'purge') await engine.snapshot()
          const about = each.do === 'undo' ? { plan: 1 + each.at } : { before_ms: now_ms - each.at * day_ms }
          const payload = { order: each.do, ...about }
          engine.publish({ type: 'compact.order', source: { kind: 'operator' }, payload })
          await drained(engine)
          if (each.do === 'purge') await engine.dropPast()
        } else if (rows > 0 && 'at' in each) {
          const row = 1 + (each.at % rows)
          if (engine.world.of(Memory).parent[row] !== 0) continue
          if (each.do === 'use') {
            engine.publish({ type: 'memory.used', payload: { memory_ids: [row], query: textAt(engine, row) } })
            await drained(engine)
          } else {
            if (each.do === 'forget') await engine.snapshot()
            await order(engine, each.do, row)
            if (each.do === 'forget') await engine.dropPast()
          }
        }
        check(engine, told)
      }
      const { identical, first_difference } = await engine.replay()
      expect([identical, first_difference]).toEqual([true, null])
      await engine.stop()
    }),
    { numRuns: Number(process.env['RUNS'] ?? 25) },
  )
}, 120_000)
