import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createEngine, eventType, objectOf, system, table } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'

const Grow = eventType<{ rows: number }>('grow', objectOf({ rows: { type: 'integer' } }))
const Leaf = table('Leaf', { weight: 'f64' }, { capacity: 8, rows_max: 400_000, fixed: true })
const Wide = table('Wide', { a_ms: 'f64', b_ms: 'f64', c_ms: 'f64' }, { capacity: 1024, rows_max: 200_000 })
const grow = system('grow', ({ world, events }) => {
  for (const event of events) {
    if (!Grow.is(event)) continue
    for (let count = 0; count < event.payload.rows; count++) {
      const leaf = world.append(Leaf)
      world.of(Leaf).weight[leaf] = leaf * 2
      world.of(Wide).b_ms[world.append(Wide)] = leaf
    }
  }
})
const parts = { archetypes: [Leaf, Wide], systems: [grow], events: [Grow], effects: [], records: [] }

test('a large world is copied at a later commit, when there is room for it, and is recovered with its marks', async () => {
  const store = ram()
  const options = { ...parts, store, drive: 'manual' as const, clock: () => 1000, limits: { snapshot_bytes: 1 } }
  const engine = await createEngine(options)
  const say = async (rows: number): Promise<void> => {
    expect(engine.publish({ type: 'grow', payload: { rows } })).toBe(true)
    await engine.step()
  }
  await say(1)
  await engine.snapshot()
  expect(store.snapshots()).toEqual([1])
  await say(150_000)
  await say(1)
  expect(store.snapshots()).toEqual([1])
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  await say(1)
  await engine.snapshot()
  expect(store.snapshots()).toContain(4)
  await say(2)
  const marks = engine.mark()
  store.crash()
  const again = await createEngine(options)
  expect([again.status().snapshot_tick, again.world.rows(Leaf), again.world.of(Leaf).weight[150_000]]).toEqual([
    4, 150_005, 300_000,
  ])
  expect(again.mark()).toEqual(marks)
  expect(again.publish({ type: 'grow', payload: { rows: 3 } })).toBe(true)
  await again.step()
  expect(await again.replay()).toMatchObject({ identical: true, entries: 6, digest: again.digest() })
  await again.stop()
})

const Said = eventType<{ text: string }>('said', objectOf({ text: { type: 'string' } }))

test('a world that rests with a long tail behind its snapshot is copied, and one with a short tail is left alone', async () => {
  const store = ram()
  const engine = await createEngine({ ...parts, events: [Said], store, drive: 'manual', limits: { verify_ms: 5 } })
  await engine.start()
  const say = async (units: number): Promise<void> => {
    engine.publish({ type: 'said', payload: { text: 'x'.repeat(units) } })
    await engine.step()
  }
  await say(1000)
  await sleep(50)
  expect(store.snapshots()).toEqual([])
  await say(1_100_000)
  while (store.snapshots().length === 0) await sleep(5)
  expect(store.snapshots()).toEqual([2])
  await engine.stop()
})
