import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type EventsOptions, eventsOf } from '../../engine/flow/events.ts'
import { createEngine, type Engine, type Event, eventType, system } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'

const Said = eventType<{ text: string }>('chat.said', { type: 'object' })
const Left = eventType('chat.left', { type: 'object' })
const Other = eventType('other', { type: 'object' })
const nothing = system('nothing', () => undefined)
const parts = { archetypes: [], systems: [nothing], events: [Said, Left, Other], effects: [], records: [] }

async function opened(limits = {}): Promise<Engine> {
  const engine = await createEngine({
    ...parts,
    events: [...parts.events] as never,
    store: ram(),
    drive: 'manual',
    limits,
  })
  await engine.start()
  return engine
}

async function say(engine: Engine, ...types: string[]): Promise<void> {
  for (const type of types) engine.publish({ type, payload: { text: type } })
  await engine.step()
}

describe('events, one after the other', () => {
  test('are those of the pattern, in order, from the call on, until the engine stops', async () => {
    const engine = await opened()
    await say(engine, 'chat.said')
    const events = engine.events('chat.*')
    await say(engine, 'chat.said', 'other', 'chat.left')
    await say(engine, 'chat.said')
    await engine.stop()
    const heard: string[] = []
    for await (const event of events) heard.push(event.type)
    expect(heard).toEqual(['chat.said', 'chat.left', 'chat.said'])
  })

  test('come as they become durable, and end with the signal', async () => {
    const engine = await opened()
    const leaving = new AbortController()
    const heard: string[] = []
    const reading = (async () => {
      for await (const event of engine.events('*', { signal: leaving.signal })) heard.push(event.type)
    })()
    await say(engine, 'other')
    await sleep(1)
    expect(heard).toContain('other')
    leaving.abort()
    await reading
    const before = heard.length
    await say(engine, 'other')
    expect(heard).toHaveLength(before)
    await engine.stop()
  })

  test('a reader that is too slow learns it after all that was kept, and nothing is left out in silence', async () => {
    const engine = await opened()
    for (const buffer_max of [0, -1, 1.5, Number.NaN])
      expect(() => engine.events('other', { buffer_max })).toThrow('buffer_max')
    const events = engine.events('other', { buffer_max: 2 })
    await say(engine, 'other', 'other', 'other')
    const heard: Event[] = []
    const reading = (async () => {
      for await (const event of events) heard.push(event)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'LISTENER_SLOW' })
    expect(heard).toHaveLength(2)
    await engine.stop()
  })

  test('a reader that leaves the loop hears no more and keeps nothing', async () => {
    const engine = await opened()
    const events = engine.events('other', { buffer_max: 1 })
    await say(engine, 'other')
    for await (const event of events) {
      expect(event.type).toBe('other')
      break
    }
    await say(engine, 'other', 'other')
    expect(await events.next()).toEqual({ done: true, value: undefined })
    await engine.stop()
  })

  test('listeners hear by whole type, by beginning, or all', async () => {
    const engine = await opened()
    const heard: string[] = []
    const stops = ['chat.said', 'chat.*', '*'].map((type) => engine.on(type, () => heard.push(type)))
    await say(engine, 'chat.said')
    expect(heard.filter((type) => type !== '*')).toEqual(['chat.said', 'chat.*'])
    expect(heard).toContain('*')
    for (const stop of stops) stop()
    heard.length = 0
    await say(engine, 'chat.said')
    expect(heard).toEqual([])
    await engine.stop()
  })
})

describe('events that nobody reads', () => {
  const never = new Promise<undefined>(() => undefined)
  /** How often the listener was taken away. */
  async function removed(options: EventsOptions, ended: Promise<undefined>, then: () => void = () => undefined) {
    let count = 0
    eventsOf(() => () => count++, ended, options)
    then()
    await sleep(1)
    return count > 0
  }

  test('are let go by the signal, before or after, and by the end of the engine', async () => {
    const leaving = new AbortController()
    expect(await removed({ signal: leaving.signal }, never, () => leaving.abort())).toBe(true)
    expect(await removed({ signal: AbortSignal.abort() }, never)).toBe(true)
    expect(await removed({}, Promise.resolve(undefined))).toBe(true)
    expect(await removed({}, never)).toBe(false)
  })
})

describe('waiting that is given up', () => {
  test('before an event is taken in: it never is', async () => {
    const engine = await opened({ inbox_max: 1, batch_max: 1 })
    expect(engine.publish({ type: 'other', payload: {} })).toBe(true)
    const leaving = new AbortController()
    const waiting = engine.ingest({ type: 'chat.said', id: 'never', payload: {} }, { signal: leaving.signal })
    leaving.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    const heard: string[] = []
    engine.on('*', ({ id }) => heard.push(id))
    await engine.step()
    await sleep(1)
    await engine.step()
    expect(heard).not.toContain('never')
    await engine.stop()
  })

  test('after it was taken in: it stays', async () => {
    const engine = await opened()
    const leaving = new AbortController()
    const waiting = engine.ingest({ type: 'chat.said', id: 'stays', payload: {} }, { signal: leaving.signal })
    await sleep(1)
    leaving.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    const heard: string[] = []
    engine.on('chat.*', ({ id }) => heard.push(id))
    await engine.step()
    expect(heard).toEqual(['stays'])
    await engine.stop()
  })

  test('for room, and for what is durable', async () => {
    const engine = await opened({ inbox_max: 1, batch_max: 1 })
    engine.publish({ type: 'other', payload: {} })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(engine.room({ signal })).rejects.toThrow('enough')
    await expect(engine.flushed({ signal })).rejects.toThrow('enough')
    await engine.step()
    await engine.room({ signal: new AbortController().signal })
    await engine.stop()
  })
})
