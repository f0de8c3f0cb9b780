import { describe, expect, test } from 'vitest'
import { type Engine, EngineError, system, type View } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { hands, Line, Note, note, opened, settled, toy } from '../support/toy.ts'

/** Ten notes, one every third tick, each looked up; no answers but the first's. */
async function lived(): Promise<{ store: RamStore; engine: Engine; marks: object[]; ticks: number }> {
  const store = ram()
  const { adapter, calls } = hands()
  const engine = await opened({ store, adapters: [adapter] })
  await engine.start()
  const marks: object[] = [{}]
  for (let tick = 1; tick <= 30; tick++) {
    if (tick % 3 === 1) engine.publish(note(`n${tick}`))
    if (tick === 5) calls[0]!.done({ found: 'x' })
    await settled()
    await engine.step()
    if (tick === 12) await engine.snapshot()
    marks.push(engine.mark())
  }
  return { store, engine, marks, ticks: 30 }
}

const lines = ({ world }: View): number => world.rows(Line)
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof EngineError ? thrown.code : thrown),
  )

describe('An engine that stands in the past', () => {
  test('has the world, the records and the queues of that tick, whichever snapshot is near', async () => {
    const { store, engine, marks } = await lived()
    await engine.stop()
    for (const at of [1, 5, 11, 12, 13, 29]) {
      const past = await opened({ store, at })
      expect([past.tick, past.mark()]).toEqual([at, marks[at]])
      expect(past.read('text', past.world.rows(Line))).toBe(`n${at - ((at - 1) % 3)}`)
      expect(past.snapshots().every((tick) => tick <= at)).toBe(true)
      await past.stop()
    }
  })

  test('can neither be started nor stepped into another future', async () => {
    const { store, engine } = await lived()
    await engine.stop()
    const past = await opened({ store, at: 7 })
    const before = [store.bytes(), store.journalCount()]
    expect(await codeOf(past.start())).toBe('ENGINE_STATE')
    past.publish(note('late'))
    expect(await codeOf(past.step())).toBe('ENGINE_STATE')
    await past.stop()
    const now = await opened({ store })
    expect([store.bytes(), store.journalCount()]).toEqual(before)
    expect(now.tick).toBeGreaterThanOrEqual(30)
    expect(now.world.rows(Line)).toBe(10)
    await now.stop()
  })

  test.each([0, 1.5, -3, 99])('tick %s is refused with what the record holds', async (at) => {
    const { store, engine } = await lived()
    await engine.stop()
    await expect(opened({ store, at })).rejects.toThrow(/the record holds ticks 1 to 3\d/)
    await expect(opened({ store, at })).rejects.toMatchObject({ code: 'TICK_GONE' })
  })

  test('a tick before the past that was dropped is refused', async () => {
    const { store, engine } = await lived()
    const first = await engine.dropPast()
    await engine.stop()
    expect(first).toBe(30)
    await expect(opened({ store, at: 12 })).rejects.toMatchObject({ code: 'TICK_GONE' })
    const past = await opened({ store, at: first })
    expect(past.tick).toBe(first)
    await past.stop()
  })
})

test('what computes differently here is refused: it is not the past', async () => {
  const { store, engine } = await lived()
  await engine.stop()
  const other = system('fade', (tick) => {
    for (const event of tick.events) if (Note.is(event) && event.payload.text === 'n4') tick.put('text', 99, 'more')
  })
  const systems = toy().systems.map((each) => (each.name === 'fade' ? other : each))
  const past = opened({ store, at: 3, systems })
  expect((await past).world.rows(Line)).toBe(1)
  await (await past).stop()
  await expect(opened({ store, at: 8, systems })).rejects.toMatchObject({ code: 'REPLAY_DIVERGED' })
})

describe('The first tick at which something holds', () => {
  test('is the same by halving as by looking at every one', async () => {
    const { engine, marks } = await lived()
    for (let wanted = 1; wanted <= 10; wanted++) {
      const holds = (view: View): boolean => lines(view) >= wanted
      const halved = await engine.past.firstWhere({ from: 1, to: 30, holds })
      const stepped = await engine.past.firstWhere({ from: 1, to: 30, holds, every: 1 })
      expect(halved?.tick).toBe(wanted * 3 - 2)
      expect(stepped?.tick).toBe(halved?.tick)
      expect(markOf(halved!.core)).toEqual(marks[halved!.tick])
      expect(halved!.before).toBe(wanted === 1 ? undefined : halved!.tick - 1)
    }
    await engine.stop()
  })

  test('is asked of few ticks by halving, and each is shown as it was', async () => {
    const { engine } = await lived()
    const asked: number[] = []
    const holds = (view: View): boolean => {
      asked.push(view.tick)
      expect(lines(view)).toBe(Math.ceil(view.tick / 3))
      return view.tick >= 23
    }
    const first = await engine.past.firstWhere({ from: 2, to: 30, holds })
    expect([first?.tick, first?.before, first?.asked]).toEqual([23, 22, asked.length])
    expect(asked.length).toBeLessThanOrEqual(7)
    await engine.stop()
  })

  test('by steps it finds what holds only for a while, and halving need not', async () => {
    const { engine } = await lived()
    const holds = ({ tick }: View): boolean => tick === 9
    expect((await engine.past.firstWhere({ from: 1, to: 30, holds, every: 4 }))?.tick).toBe(9)
    expect(await engine.past.firstWhere({ from: 1, to: 30, holds, every: 5 })).toBeUndefined()
    expect(await engine.past.firstWhere({ from: 1, to: 30, holds })).toBeUndefined()
    await engine.stop()
  })

  test('a range that the record does not hold is refused, and an error of the condition is its own', async () => {
    const { engine } = await lived()
    const holds = (): boolean => true
    expect(await codeOf(engine.past.firstWhere({ from: 0, to: 5, holds }))).toBe('TICK_GONE')
    expect(await codeOf(engine.past.firstWhere({ from: 5, to: 99, holds }))).toBe('TICK_GONE')
    expect(await codeOf(engine.past.firstWhere({ from: 5, to: 4, holds }))).toBe('TICK_GONE')
    expect(await codeOf(engine.past.firstWhere({ from: 1, to: 4, holds, every: 0 }))).toBe('LIMIT_INVALID')
    const mine = new Error('mine')
    const throwing = (): boolean => {
      throw mine
    }
    expect(await codeOf(engine.past.firstWhere({ from: 1, to: 4, holds: throwing }))).toBe(mine)
    await engine.stop()
  })
})
