import { afterEach, expect, test, vi } from 'vitest'
import { createEngine, replayJournal } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { ram } from '../../stores/ram.ts'
import { Call, CallState, Turn, TurnState } from '../../systems/agents/columns.ts'
import { mind } from '../../systems/index.ts'
import { liveDay } from '../replay/agents-day.ts'
import { modelAdapter, statesOf, toolAdapter } from '../support/agents.ts'

afterEach(() => void vi.unstubAllGlobals())

test('a day with tools in parallel, retries, approvals and crashes replays alike, and nobody is called', async () => {
  const store = ram()
  const day = await liveDay(store)
  expect(day.asked).toBeGreaterThan(15)
  expect(day.ran).toBeGreaterThan(8)
  await store.open([...mind().records, 'outbox', 'dead'])
  const network = vi.fn(() => {
    throw new Error('the network is off')
  })
  vi.stubGlobal('fetch', network)
  const report = await replayJournal(mind(), store, { backoff_max_ms: 120_000, until: day.tick })
  expect(report.first_difference).toBeNull()
  expect(report.digest).toBe(day.digest)
  expect(markOf(report.core)).toEqual(day.mark)
  expect(network).not.toHaveBeenCalled()
  store.crash()

  const model = modelAdapter(() => ({ say: '' }))
  const tools = toolAdapter()
  const engine = await createEngine({ ...mind(), store, adapters: [model, tools], drive: 'manual' })
  const again = await engine.replay({ until: day.tick })
  expect([again.identical, again.digest]).toEqual([true, day.digest])
  expect([model.asked, tools.ran]).toEqual([[], []])
  const { turns, calls, open } = statesOf(engine)
  expect(open).toBe(0)
  for (const state of ['done', 'cancelled']) expect(turns).toContain(state)
  for (const state of ['done', 'denied', 'unknown']) expect(calls).toContain(state)
  const final = [TurnState.done, TurnState.failed, TurnState.cancelled]
  const { state } = engine.world.of(Turn)
  for (let turn = 1; turn <= engine.world.rows(Turn); turn++) expect(final, `turn ${turn}`).toContain(state[turn])
  expect(engine.world.of(Call).state.includes(CallState.unknown)).toBe(true)
  await engine.stop()
})

test('the same day lived again is the same day', async () => {
  const [first, second] = [await liveDay(ram()), await liveDay(ram())]
  expect(second.said).toEqual(first.said)
  expect([second.asked, second.ran]).toEqual([first.asked, first.ran])
})
