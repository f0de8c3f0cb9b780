import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Driver } from '../../engine/flow/driver.ts'
import { createEngine } from '../../engine/index.ts'
import { defaultLimits } from '../../engine/limits.ts'
import { ram } from '../../stores/ram.ts'
import { hands, note, opened, toy } from '../support/toy.ts'

describe('World time', () => {
  test('advances by tick_ms, unless a batch begins with the time', async () => {
    const engine = await opened({ store: ram(), limits: { tick_ms: 40, tick_min_ms: 1 } })
    await engine.step()
    expect([engine.tick, engine.now_ms]).toEqual([1, 1_000_000])
    await engine.step()
    await engine.step()
    expect([engine.tick, engine.now_ms]).toEqual([3, 1_000_080])
    await engine.step(1_000_500)
    expect(engine.now_ms).toBe(1_000_500)
    await engine.stop()
  })

  test('never goes back, whatever the wall clock does', async () => {
    const store = ram()
    const engine = await opened({ store })
    await engine.step(2_000_000)
    await engine.step(1_500_000)
    expect(engine.now_ms).toBe(2_000_000)
    await engine.step()
    expect(engine.now_ms).toBe(2_000_050)
    const set = { type: 'clock.set', payload: { now_ms: 9_000_000 } }
    expect(() => engine.publish(set), 'time is nobody else’s to say').toThrowError(/EVENT_TYPE_UNKNOWN/)
    await expect(engine.ingest(set)).rejects.toThrowError(/EVENT_TYPE_UNKNOWN/)
    await engine.step(2_000_100)
    expect(engine.now_ms).toBe(2_000_100)
    store.crash()
    const after = await opened({ store, clock: () => 5 })
    await after.step()
    expect(after.now_ms).toBe(2_000_100)
    await after.stop()
  })

  test('idle ticks are not journaled, and replay runs them', async () => {
    const engine = await opened({ store: ram(), adapters: [hands().adapter] })
    engine.publish(note('a'))
    await engine.step()
    for (let n = 0; n < 30; n++) await engine.step()
    engine.publish(note('b'))
    await engine.step()
    expect([engine.tick, engine.status().journal_ticks]).toEqual([32, 2])
    const report = await engine.replay()
    expect([report.ticks, report.entries, report.identical]).toEqual([32, 2, true])
    expect(report.core.now_ms).toBe(engine.now_ms)
    await engine.stop()
  })

  test('another tick length takes effect with the run that has it, and replays', async () => {
    const store = ram()
    const engine = await opened({ store, limits: { tick_ms: 40 } })
    await engine.step()
    await engine.step()
    await engine.stop()
    const after = await opened({ store, limits: { tick_ms: 7 } })
    const begun = after.now_ms
    await after.step()
    await after.step()
    expect(after.now_ms).toBe(begun + 7)
    after.publish(note('a'))
    await after.step()
    expect((await after.replay()).identical).toBe(true)
    await after.stop()
  })
})

describe('Driver', () => {
  const limits = { ...defaultLimits, tick_ms: 50, tick_min_ms: 10, catch_up_max: 4 }
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
      }),
  )
  afterEach(() => void vi.useRealTimers())

  /** A driver that notes when it ticked, and whether with the wall's time. */
  function driven(run: (wall: boolean) => Promise<void> | undefined = () => undefined) {
    const ticks: [at: number, wall: boolean][] = []
    const failures: unknown[] = []
    const began = performance.now()
    const driver = new Driver(
      limits,
      (wall) => {
        ticks.push([performance.now() - began, wall])
        return run(wall)
      },
      (thrown) => void failures.push(thrown),
    )
    return { driver, ticks, failures }
  }

  test('ticks every tick_ms without drift', async () => {
    const { driver, ticks } = driven()
    driver.start()
    await vi.advanceTimersByTimeAsync(1000)
    expect(ticks.filter(([, wall]) => !wall).map(([at]) => at)).toEqual(
      Array.from({ length: 20 }, (_, n) => (n + 1) * 50),
    )
    await driver.stop()
    const { length } = ticks
    await vi.advanceTimersByTimeAsync(500)
    expect(ticks.length).toBe(length)
  })

  test('a push wakes it at once, but never closer than tick_min_ms, and many pushes once', async () => {
    const { driver, ticks } = driven()
    driver.start()
    await vi.advanceTimersByTimeAsync(20)
    ticks.length = 0
    for (let n = 0; n < 5; n++) driver.wake()
    await vi.advanceTimersByTimeAsync(0)
    for (let n = 0; n < 5; n++) driver.wake()
    await vi.advanceTimersByTimeAsync(25)
    expect(ticks).toHaveLength(2)
    expect(ticks.every(([, wall]) => wall)).toBe(true)
    expect(ticks[1]![0] - ticks[0]![0]).toBeGreaterThanOrEqual(limits.tick_min_ms)
    await driver.stop()
  })

  test('late by a few ticks it catches up one by one; late by more it jumps', async () => {
    const { driver, ticks } = driven()
    driver.start()
    await vi.advanceTimersByTimeAsync(40)
    let blocked_ms = 0
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + blocked_ms)
    const afterBlocking = async (ms: number): Promise<boolean[]> => {
      ticks.length = 0
      blocked_ms += ms
      await vi.advanceTimersByTimeAsync(50)
      return ticks.map(([, wall]) => wall)
    }
    expect(await afterBlocking(0)).toEqual([false])
    expect(await afterBlocking(3 * 50)).toEqual([false, false, false, false])
    expect(await afterBlocking(60 * 50)).toEqual([true])
    expect(await afterBlocking(0)).toEqual([false])
    vi.restoreAllMocks()
    await driver.stop()
  })

  test('one tick at a time: pushes during a commit run one tick after it', async () => {
    let end: () => void = () => {}
    const { driver, ticks } = driven(() => new Promise<void>((resolve) => (end = resolve)))
    driver.start()
    await vi.advanceTimersByTimeAsync(10)
    expect(ticks).toHaveLength(1)
    driver.wake()
    driver.wake()
    await vi.advanceTimersByTimeAsync(30)
    expect(ticks).toHaveLength(1)
    end()
    await vi.advanceTimersByTimeAsync(5)
    expect(ticks).toHaveLength(2)
    const stopping = driver.stop()
    end()
    await stopping
  })

  test.each([
    [
      'at once',
      () => {
        throw new Error('no')
      },
    ],
    ['later', () => Promise.reject(new Error('no'))],
  ])('a tick that fails %s is reported, and stop still resolves', async (_name, run) => {
    const { driver, failures } = driven(run)
    driver.start()
    await vi.advanceTimersByTimeAsync(10)
    expect(failures).toHaveLength(1)
    await driver.stop()
  })
})

describe('An engine under the timer', () => {
  async function walled(wall: { now: number }) {
    const engine = await createEngine({
      ...toy(),
      store: ram(),
      clock: () => wall.now,
      limits: { tick_ms: 2, tick_min_ms: 1, stop_ms: 20 },
    })
    await engine.start()
    const ticks = async (more: number): Promise<void> => {
      const until = engine.tick + more
      while (engine.tick < until) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return { engine, ticks }
  }

  test('follows a jump of the wall clock in one tick, without a burst', async () => {
    const wall = { now: 1_000_000 }
    const { engine, ticks } = await walled(wall)
    await ticks(1)
    wall.now += 3 * 3_600_000
    const { tick } = engine
    await ticks(2)
    expect(engine.now_ms).toBeGreaterThanOrEqual(wall.now)
    expect(engine.tick - tick).toBeLessThan(100)
    await engine.stop()
  })

  test('goes on ticking when the wall clock is set back, and does not fill the journal', async () => {
    const wall = { now: 10_000_000 }
    const { engine, ticks } = await walled(wall)
    await ticks(1)
    wall.now -= 3_600_000
    const { now_ms } = engine
    const before = engine.status().journal_ticks
    await ticks(20)
    expect(engine.now_ms).toBeGreaterThan(now_ms + 20)
    expect(engine.status().journal_ticks - before).toBeLessThanOrEqual(2)
    await engine.stop()
  })
})
