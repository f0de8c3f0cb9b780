import { describe, expect, test } from 'vitest'
import { errorCodes, reasonOf } from '../../engine/errors.ts'
import { archetype, createEngine, EngineError, eventType, system } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Ended, hands, Look, listening, note, opened, Task, toy } from '../support/toy.ts'

describe('EngineError', () => {
  test('carries a stable code, the value and the cause', () => {
    const cause = new Error('below')
    const error = new EngineError('TABLE_FULL', 'it is full', { value: 7, cause })
    expect([error.code, error.value, error.cause, error.name]).toEqual(['TABLE_FULL', 7, cause, 'EngineError'])
    expect(error.message).toBe('TABLE_FULL: it is full')
    expect([reasonOf(error), reasonOf('text'), reasonOf(undefined)]).toEqual([error.message, 'text', 'undefined'])
  })

  test('every code has one sentence', () => {
    for (const [code, meaning] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
      expect(meaning.length).toBeGreaterThan(10)
    }
  })
})

describe('Wrong use', () => {
  test('of the parts is refused, and the store is let go', async () => {
    const store = ram()
    const twice = [hands().adapter, { ...hands().adapter, name: 'other' }]
    await expect(opened({ store, adapters: twice })).rejects.toMatchObject({
      code: 'EFFECT_TYPE_UNKNOWN',
      value: 'other',
    })
    const bad = eventType('bad', { type: 'wrong' })
    const wrong = await opened({ store, events: [bad] })
    await expect(wrong.start()).rejects.toMatchObject({ code: 'SCHEMA_INVALID' })
    expect(() => wrong.publish({ type: 'bad', payload: {} })).toThrow(/SCHEMA_INVALID/)
    await wrong.stop()
    await expect(opened({ store, records: ['not a name'] })).rejects.toMatchObject({ code: 'STORE_KEY' })
    const engine = await opened({ store })
    await expect(opened({ store })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await engine.stop()
  })

  test('of the calls is refused, and the engine lives on', async () => {
    const engine = await opened({ store: ram(), adapters: [hands().adapter] })
    expect(() => engine.publish({ type: 'nothing', payload: {} })).toThrowError(/EVENT_TYPE_UNKNOWN/)
    expect(() => engine.publish({ type: 'toy.note', payload: { text: 1 } })).toThrowError(
      /EVENT_INVALID: toy.note: text/,
    )
    await expect(engine.ingest({ type: 'toy.note', payload: {} })).rejects.toMatchObject({ code: 'EVENT_INVALID' })
    await expect(engine.step(Number.NaN)).rejects.toMatchObject({ code: 'EVENT_INVALID' })
    expect(engine.status()).toMatchObject({ health: 'ok', refused: 3, inbox: 0 })
    await engine.start()
    await expect(engine.start()).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    await engine.step()
    expect(engine.tick).toBe(1)
    await engine.stop()
    await expect(engine.step()).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    await expect(engine.start()).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    await expect(engine.snapshot()).rejects.toMatchObject({ code: 'ENGINE_STATE' })
  })

  test('step() needs an engine that is driven by hand', async () => {
    const engine = await createEngine({ ...toy(), store: ram(), limits: { stop_ms: 20 } })
    await expect(engine.step()).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    await engine.stop()
  })

  test('by a system names the system and keeps the cause', async () => {
    const Stray = archetype('Stray', { age: 'u8' })
    const wrong = system('wrong', ({ world }) => void world.spawn(Stray))
    const engine = await opened({ ...toy([wrong]), store: ram() })
    await expect(engine.step()).rejects.toMatchObject({
      code: 'SYSTEM_THREW',
      value: 'wrong',
      cause: { code: 'ARCHETYPE_UNKNOWN' },
    })
  })
})

describe('Listeners', () => {
  test('hear a type or all, until they stop', async () => {
    const engine = await opened({ store: ram(), adapters: [hands().adapter] })
    const heard: string[] = []
    const stop = engine.on('toy.note', (event) => heard.push(`note ${event.payload['text']}`))
    const stopAll = engine.on('*', (event) => heard.push(event.type))
    engine.publish(note('a'))
    await engine.step()
    expect(heard).toEqual(['clock.set', 'engine.started', 'note a', 'toy.note'])
    stop()
    stopAll()
    engine.publish(note('b'))
    await engine.step()
    expect(heard).toHaveLength(4)
    await engine.stop()
  })

  test('one that throws is logged; the others and the world go on', async () => {
    const log = listening()
    const engine = await opened({ store: ram(), adapters: [hands().adapter], log })
    const heard: unknown[] = []
    engine.on('toy.note', () => {
      throw new Error('mine')
    })
    engine.on('toy.note', (event) => heard.push(event.payload))
    engine.publish(note('a'))
    await engine.step()
    expect([heard, engine.health]).toEqual([[{ text: 'a' }], 'ok'])
    expect(log.lines).toEqual(['error a listener threw; the world goes on'])
    await engine.stop()
  })

  test('cannot change what the world will hear', async () => {
    const said: unknown[] = []
    const parts = toy([
      system('speaks', ({ events, emit }) => {
        for (const event of events) if (event.type === 'toy.note') emit(Ended, { line: 1, how: 'as it was' })
        for (const event of events) if (Ended.is(event)) said.push({ ...event.payload })
      }),
    ])
    const engine = await opened({ ...parts, store: ram(), adapters: [hands().adapter] })
    engine.on('*', (event) => Object.assign(event.payload, { how: 'changed', text: 'changed' }))
    engine.publish(note('a'))
    await engine.step()
    await engine.step()
    expect(said).toEqual([{ line: 1, how: 'as it was' }])
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })
})

describe('Looking', () => {
  test('status, recent and timings tell what is there', async () => {
    const { adapter } = hands()
    const engine = await opened({ store: ram(), adapters: [adapter], limits: { trace_max: 3 } })
    engine.publish(note('a'))
    expect([engine.status().inbox, engine.quiet]).toEqual([1, false])
    await engine.step()
    await engine.step()
    expect(engine.status()).toMatchObject({
      health: 'ok',
      tick: 2,
      journal_ticks: 1,
      snapshot_tick: 0,
      inbox: 0,
      dead: 0,
      outbox: { pending: 1, in_flight: 1, oldest_ms: 50 },
    })
    expect(engine.recent().map((event) => event.type)).toEqual(['clock.set', 'engine.started', 'toy.note'])
    const { ticks, systems } = engine.timings()
    expect([ticks, systems.map((each) => each.system)]).toEqual([2, ['listen', 'follow', 'fade', 'leave']])
    expect(engine.world.each(Task)).toHaveLength(1)
    expect(engine.read('text', 1)).toBe('a')
    expect(engine.read('text', 2)).toBeUndefined()
    await engine.snapshot()
    expect([engine.status().snapshot_tick, engine.snapshots()]).toEqual([2, [2]])
    await engine.stop()
  })

  test('a record that is damaged is refused, not served', async () => {
    const store = ram()
    const engine = await opened({ store, adapters: [hands().adapter] })
    engine.publish(note('a text'))
    await engine.step()
    // What the last tick put is not read from the store.
    await engine.step()
    const bytes = store.read('text', 1)!
    bytes[6]! ^= 1
    await store.commit({ tick: 1, entry: null, puts: [{ table: 'text', key: 1, bytes }] })
    expect(() => engine.read('text', 1)).toThrowError(/RECORD_DAMAGED: text 1/)
    await engine.stop()
  })

  test('the declared effect knows its three answers', () => {
    expect([Look.done.name, Look.failed.name, Look.unknown.name]).toEqual([
      'toy.look.done',
      'toy.look.failed',
      'toy.look.unknown',
    ])
  })
})
