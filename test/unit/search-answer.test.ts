import { afterEach, expect, test } from 'vitest'
import { search } from '../../adapters/search.ts'
import { eventType, objectOf, type Payload } from '../../engine/flow/event.ts'
import { createEngine, type Engine, system } from '../../engine/index.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { MemoryRecall, type RecallDone } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { conversation } from '../support/kitchen.ts'
import { settled } from '../support/toy.ts'

/** A system that wonders about what it is told to, and keeps what came back as a record. */
const Wonder = eventType<{ query: string; options: Payload }>(
  'test.wonder',
  objectOf({ query: { type: 'string' }, options: { type: 'object' } }),
)
const wonder = system('wonder', ({ tick, events, request, put }) => {
  for (const event of events) {
    if (Wonder.is(event)) request(MemoryRecall, { query: event.payload.query, options: event.payload.options as never })
    else if (MemoryRecall.done.is(event) || MemoryRecall.failed.is(event)) {
      put('answers', tick, JSON.stringify(event.payload))
    }
  }
})

const base = mind()
const parts = {
  ...base,
  systems: [...base.systems.slice(0, -1), wonder, ...base.systems.slice(-1)],
  events: [...base.events, Wonder] as never,
  records: [...base.records, 'answers'],
}
const open: Engine[] = []
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.stop()
})

async function opened(store: RamStore, searches = true): Promise<Engine> {
  const adapters = searches ? [search()] : []
  const engine = await createEngine({ ...parts, store, adapters, drive: 'manual', limits: { stop_ms: 20 } })
  open.push(engine)
  await engine.start()
  return engine
}

async function ask(engine: Engine, query: string, options: Payload = {}): Promise<RecallDone & { code?: string }> {
  let answer: unknown
  const unhear = engine.on('*', ({ type, payload }) => {
    if (type === MemoryRecall.done.name || type === MemoryRecall.failed.name) answer = payload
  })
  engine.publish({ type: Wonder.name, payload: { query, options } })
  for (let steps = 0; steps < 30 && answer === undefined; steps++) {
    await engine.step()
    await settled()
  }
  unhear()
  return answer as RecallDone & { code?: string }
}

async function filled(store: RamStore): Promise<Engine> {
  const engine = await opened(store)
  for (const event of conversation) engine.publish(event as never)
  await engine.step()
  return engine
}

test('the mind recalls by an effect, and its answer is an event', async () => {
  const engine = await filled(ram())
  const { answered, confidence, hits } = await ask(engine, 'who broke the blue bowl?', {
    hits_max: 2,
    thread: 'kitchen',
  })
  expect([answered, confidence > 0.5, hits.length]).toEqual([true, true, 2])
  expect(hits[0]).toMatchObject({ id: 'k3', memory_id: 3, title: '', text: 'I broke the blue bowl this morning.' })
  expect(hits[0]!.lanes).toContain('lexical')
  expect(hits[0]!.path).toEqual(['chat 3'])
})

test('replay and a restart need no index', async () => {
  const store = ram()
  const first = await filled(store)
  await ask(first, 'rye flour')
  open.pop()
  store.crash()
  const second = await opened(store, false)
  expect((await second.replay()).identical).toBe(true)
  const kept = Array.from({ length: second.tick }, (_, at) => at + 1)
    .map((tick) => second.read('answers', tick))
    .filter((text) => text !== undefined)
  expect(kept.map((text) => (JSON.parse(text!) as RecallDone).hits[0]?.id)).toEqual(['n1'])
})

test.each([
  [{ hits_max: 0 }],
  [{ hits_max: 101 }],
  [{ explain: true }],
  [{ vector: [1, 2] }],
  [{ kinds: ['dream'] }],
  [{ circuit: 'astral' }],
])('options that recall does not know fail with their code: %j', async (options) => {
  const engine = await filled(ram())
  expect((await ask(engine, 'bowl', options as Payload)).code).toBe('RECALL_OPTION')
})

test('long texts are cut, so that the answer stays a moderate event', async () => {
  const engine = await opened(ram())
  for (let n = 0; n < 100; n++) {
    const text = `Windmill number ${n}. ${`The windmill ${n} turned, and turned.`.repeat(200)}`
    engine.publish({ type: 'chat.message', id: `w${n}`, source: { kind: 'chat', thread: `t${n}` }, payload: { text } })
  }
  await engine.step()
  const { hits } = await ask(engine, 'windmill', { hits_max: 100 })
  expect(hits.length).toBeGreaterThan(50)
  const units = hits.reduce((sum, { text }) => sum + text.length, 0)
  expect(units).toBeGreaterThan(100_000)
  expect(units).toBeLessThanOrEqual(200_000)
})

test('without an adapter the mind learns that nobody recalls', async () => {
  const engine = await opened(ram(), false)
  expect((await ask(engine, 'anything')).code).toBe('EFFECT_UNHANDLED')
})
