import { describe, expect, test } from 'vitest'
import { Inbox, type Parcel } from '../../engine/flow/inbox.ts'
import { type Adapter, EngineError, type Event, eventType, type Outside } from '../../engine/index.ts'
import { defaultLimits } from '../../engine/limits.ts'
import type { Commit } from '../../engine/record/store.ts'
import { ram } from '../../stores/ram.ts'
import { hands, Line, listening, note, opened, settled, toy } from '../support/toy.ts'

/** A disk whose commits fail with a code for as long as one is set. */
function disk() {
  const state: { code: 'STORE_FULL' | 'STORE_IO' | undefined; tried: number[] } = { code: undefined, tried: [] }
  const beforeCommit = (commit: Commit): void => {
    if (state.code === undefined) return
    state.tried.push(commit.tick)
    throw new EngineError(state.code, 'the disk is in a test')
  }
  return { state, store: ram({ beforeCommit }) }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settled()
}

describe('A full disk', () => {
  test('holds the world, refuses intake, tries the same commit again, and goes on by itself', async () => {
    const { state, store } = disk()
    const { adapter, calls } = hands()
    const log = listening()
    const engine = await opened({ store, adapters: [adapter], log })
    engine.publish(note('a'))
    await engine.step()
    state.code = 'STORE_FULL'
    engine.publish(note('b'))
    const step = engine.step()
    await until(() => state.tried.length > 0)
    expect([engine.health, engine.status().health, engine.tick]).toEqual(['store_full', 'store_full', 2])
    expect(engine.publish(note('c'))).toBe(false)
    let taken = 0
    const ingested = engine.ingest(note('d')).then((tick) => {
      taken = tick
    })
    await expect(engine.step()).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    await until(() => state.tried.length > 1)
    expect([new Set(state.tried), taken, calls.length]).toEqual([new Set([2]), 0, 1])
    state.code = undefined
    await step
    expect([engine.health, calls.length]).toEqual(['ok', 2])
    await engine.step()
    await engine.step()
    await ingested
    expect([engine.world.rows(Line), engine.publish(note('e'))]).toEqual([3, true])
    expect(log.lines.filter((line) => line.includes('free some space'))).toHaveLength(1)
    const report = await engine.replay()
    expect([report.identical, report.digest]).toEqual([true, engine.digest()])
    await engine.stop()
  })

  test('does not keep a stop waiting: the tick that did not fit was never committed', async () => {
    const { state, store } = disk()
    const engine = await opened({ store, adapters: [hands().adapter] })
    engine.publish(note('a'))
    await engine.step()
    state.code = 'STORE_FULL'
    engine.publish(note('b'))
    const step = engine.step()
    const failed = expect(step).rejects.toMatchObject({ code: 'STORE_FULL' })
    await until(() => state.tried.length > 0)
    const waiting = expect(engine.ingest(note('c'))).rejects.toBeInstanceOf(EngineError)
    await expect(engine.stop()).rejects.toMatchObject({ code: 'STORE_FULL' })
    await failed
    await waiting
    expect(await engine.finished).toMatchObject({ code: 'STORE_FULL' })
    state.code = undefined
    const after = await opened({ store })
    expect(after.world.rows(Line)).toBe(1)
    await after.stop()
  })

  test('under the timer: ticks stand still, and the engine recovers', async () => {
    const { state, store } = disk()
    const engine = await opened({ store, adapters: [hands().adapter], drive: 'timer', limits: { tick_ms: 2 } })
    await engine.start()
    await engine.ingest(note('a'))
    state.code = 'STORE_FULL'
    engine.publish(note('b'))
    await until(() => state.tried.length > 0)
    const { tick } = engine
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([engine.tick, engine.health]).toEqual([tick, 'store_full'])
    state.code = undefined
    expect(await engine.ingest(note('c'))).toBeGreaterThan(tick)
    expect(engine.world.rows(Line)).toBe(3)
    await engine.stop()
  })
})

describe('A broken disk', () => {
  test('ends the engine with the error, and whoever waits is told', async () => {
    const { state, store } = disk()
    const { adapter, calls, stopped } = hands()
    const engine = await opened({ store, adapters: [adapter] })
    engine.publish(note('a'))
    await engine.step()
    state.code = 'STORE_IO'
    const ingested = expect(engine.ingest(note('b'))).rejects.toMatchObject({ code: 'STORE_IO' })
    await expect(engine.step()).rejects.toMatchObject({ code: 'STORE_IO' })
    await ingested
    expect(await engine.finished).toMatchObject({ code: 'STORE_IO' })
    expect([engine.health, stopped(), calls.length, state.tried]).toEqual(['failed', 1, 1, [2]])
    expect(engine.deadLetters).toBeTypeOf('function')
    state.code = undefined
    const after = await opened({ store })
    expect([after.world.rows(Line), after.status().dead]).toEqual([1, 0])
    await after.stop()
    await engine.stop()
    expect(engine.health).toBe('failed')
  })

  test('under the timer: `finished` resolves with the error', async () => {
    const { state, store } = disk()
    const engine = await opened({ store, drive: 'timer', limits: { tick_ms: 2 } })
    await engine.start()
    state.code = 'STORE_IO'
    engine.publish(note('a'))
    expect(await engine.finished).toMatchObject({ code: 'STORE_IO' })
    expect(engine.publish(note('b'))).toBe(false)
    await expect(engine.ingest(note('c'))).rejects.toMatchObject({ code: 'ENGINE_STATE' })
  })

  test('a store that has vanished is noticed without any tick', async () => {
    const store = ram()
    const engine = await opened({ store, limits: { verify_ms: 2 } })
    await engine.start()
    store.verify = () => {
      throw new EngineError('STORE_GONE', 'removed')
    }
    const waker = setInterval(() => {}, 2)
    expect(await engine.finished).toMatchObject({ code: 'STORE_GONE' })
    clearInterval(waker)
  })
})

describe('A full ring', () => {
  test('publish says no and keeps nothing; ingest waits for room', async () => {
    const engine = await opened({
      store: ram(),
      adapters: [hands().adapter],
      limits: { inbox_max: 4, batch_max: 4 },
    })
    expect([1, 2, 3, 4, 5].map((n) => engine.publish(note(`${n}`)))).toEqual([true, true, true, true, false])
    const ingested = engine.ingest(note('patient'))
    expect(engine.status().inbox).toBe(4)
    await engine.step()
    await settled()
    await engine.step()
    expect([await ingested, engine.world.rows(Line)]).toEqual([2, 5])
    await engine.stop()
  })

  test('answers have room of their own', async () => {
    const { adapter, calls } = hands()
    const engine = await opened({ store: ram(), adapters: [adapter], limits: { inbox_max: 2, batch_max: 2 } })
    engine.publish(note('a'))
    engine.publish(note('b'))
    await engine.step()
    while (engine.publish(note('more'))) expect(engine.status().inbox).toBeLessThan(3)
    for (const call of calls) call.done({ found: 'x' })
    await settled()
    expect(engine.status().inbox).toBe(4)
    for (let n = 0; n < 4; n++) await engine.step()
    expect(calls.filter((call) => call.type === 'toy.send')).toHaveLength(2)
    await engine.stop()
  })

  test('an adapter is told that its ring is full, and that an invalid event is not worth keeping', async () => {
    let outside: Outside | undefined
    const source: Adapter = {
      name: 'source',
      start(given) {
        outside = given
      },
    }
    const log = listening()
    const engine = await opened({ store: ram(), adapters: [source], log, limits: { inbox_max: 2, batch_max: 2 } })
    await engine.start()
    const given = outside!
    expect([given.publish(note('a')), given.publish(note('b')), given.publish(note('c'))]).toEqual([true, true, false])
    expect(engine.publish(note('the library has a ring of its own'))).toBe(true)
    await engine.step()
    expect(given.publish({ type: 'nothing', payload: {} })).toBe(true)
    expect([engine.status().refused, log.lines.some((line) => line.includes('EVENT_TYPE_UNKNOWN'))]).toEqual([1, true])
    await expect(given.ingest({ type: 'toy.note', payload: { text: 5 } })).rejects.toMatchObject({
      code: 'EVENT_INVALID',
    })
    expect(given.signal.aborted).toBe(false)
    await engine.stop()
    expect(given.signal.aborted).toBe(true)
  })
})

describe('A batch', () => {
  const Any = eventType('any', { type: 'object' })
  const of = (inbox: Inbox, text: string): Parcel => inbox.parcel({ type: 'any', payload: { text } }, 'test')

  test('holds no more events and bytes than the limits say, and every ring gets its share', () => {
    const limits = { ...defaultLimits, batch_max: 6, event_bytes_max: 400, batch_bytes_max: 1000 }
    const inbox = new Inbox([Any], limits)
    const rings = [inbox.ring(100), inbox.ring(100), inbox.ring(100)]
    for (let n = 0; n < 20; n++) rings[0]!.push(of(inbox, `first ${n}`))
    for (const ring of rings.slice(1)) ring.push(of(inbox, 'other'))
    const batch: Parcel[] = []
    inbox.drain(batch)
    expect(batch).toHaveLength(6)
    expect(batch.filter((parcel) => parcel.event.payload['text'] === 'other')).toHaveLength(2)
    const wide: Parcel[] = []
    for (let n = 0; n < 20; n++) rings[1]!.push(of(inbox, '語'.repeat(60)))
    while (inbox.count > 0) {
      wide.length = 0
      inbox.drain(wide)
      const bytes = wide.reduce((sum, parcel) => sum + parcel.end - parcel.start, 0)
      expect(bytes).toBeLessThanOrEqual(1000)
      expect(wide.length).toBeGreaterThan(0)
    }
  })

  test('of one event only still gets through, and begins the run properly', async () => {
    const seeds = await Promise.all(
      [1, 2].map(async (seed) => {
        const engine = await opened({ store: ram(), seed, limits: { batch_max: 1 }, ...toy() })
        for (const text of ['a', 'b', 'c']) engine.publish(note(text))
        for (let n = 0; n < 6; n++) await engine.step(2_000_000 + n)
        expect(engine.world.rows(Line)).toBe(3)
        const [first] = engine.recent() as Event[]
        expect(first?.type).toBe('clock.set')
        await engine.stop()
        return engine.world.of(Line).luck[1]
      }),
    )
    expect(seeds[0]).not.toBe(seeds[1])
  })
})
