import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { createEngine, type Engine, eventType, objectOf, system, table } from '../engine/index.ts'
import { frameText } from '../engine/record/frame.ts'
import type { Put } from '../engine/record/store.ts'
import { lmdb } from '../stores/lmdb.ts'
import { type Concern, percentile, type Row, type Scale, statsFrom, withFolder } from './support.ts'

const text = 'x'.repeat(1024)

/** How fast events become durable, how long the tick's thread waits for it, and how soon a push is committed. */
export const journal: Concern = {
  name: 'journal',
  about: 'durable events with one record each, the blocking part of a commit, a push into an idle engine',
  run: async (scale) => [
    await withFolder((folder) => throughput(folder, scale)),
    await withFolder((folder) => blocking(folder, scale)),
    await withFolder((folder) => latency(folder, scale)),
  ],
}

const Said = eventType<{ text: string }>('said', objectOf({ text: { type: 'string' } }))
const Line = table('Line', { said_at_ms: 'f64' })
const keep = system('keep', ({ world, events, now_ms, put }) => {
  for (const event of events) {
    if (!Said.is(event)) continue
    const row = world.append(Line)
    world.of(Line).said_at_ms[row] = now_ms
    put('text', row, event.payload.text)
  }
})

/** The smallest mind that keeps what it hears: a row and one record an event. */
async function openEngine(folder: string): Promise<Engine> {
  const parts = { archetypes: [Line], systems: [keep], events: [Said], effects: [], records: ['text'] }
  const engine = await createEngine({ ...parts, store: lmdb(folder) })
  await engine.start()
  return engine
}

async function throughput(folder: string, scale: Scale): Promise<Row> {
  const engine = await openEngine(folder)
  const count = scale.rows(100_000)
  const push = async (events: number): Promise<number> => {
    const began = performance.now()
    let last: Promise<number> | undefined
    for (let sent = 0; sent < events; ) {
      const batch = Math.min(1024, events - sent)
      for (let index = 0; index < batch; index++) last = engine.ingest({ type: 'said', payload: { text } })
      sent += batch
      await last
    }
    return events / ((performance.now() - began) / 1000)
  }
  await push(Math.min(count, 10_000))
  const rate = await push(count)
  await engine.stop()
  const detail = `${count} events of 1 KB, each with a row and a record of 1 KB`
  return { name: 'events durable', value: rate, unit: '/s', goal: '>= 40000', met: rate >= 40_000, detail }
}

async function blocking(folder: string, scale: Scale): Promise<Row> {
  const store = lmdb(folder)
  await store.open(['text'])
  const samples: number[] = []
  const framed: number[] = []
  for (let tick = 1; tick <= scale.rows(1000); tick++) {
    const framing = performance.now()
    const puts: Put[] = []
    for (let key = 1; key <= 100; key++)
      puts.push({ table: 'text', key: tick * 100 + key, bytes: frameText(text, 'text') })
    const entry = frameText(text.repeat(100), 'journal')
    framed.push(performance.now() - framing)
    const began = performance.now()
    const durable = store.commit({ tick, entry, puts })
    // The next turn of the event loop begins only when everything synchronous about the commit has been done.
    await setImmediate()
    samples.push(performance.now() - began)
    await durable
  }
  await store.close()
  const stats = statsFrom(samples)
  const detail = `commits of 100 × 1 KB and their entry; framing them before takes ${percentile(framed, 0.5).toFixed(3)} ms`
  return {
    name: 'commit blocks',
    value: stats.p50,
    unit: 'ms p50',
    goal: '<= 0.2',
    met: stats.p50 <= 0.2,
    detail,
    stats,
  }
}

async function latency(folder: string, scale: Scale): Promise<Row> {
  const engine = await openEngine(folder)
  const samples = new Float64Array(scale.rows(4_000))
  for (let index = 0; index < samples.length; index++) {
    const began = performance.now()
    await engine.ingest({ type: 'said', payload: { text } })
    samples[index] = performance.now() - began
    if (index % 10 === 0) await sleep(1)
    while (!engine.quiet) await sleep(0)
  }
  await engine.stop()
  const stats = statsFrom(samples)
  const detail = 'pushes into an idle engine'
  return { name: 'push to commit', value: stats.p50, unit: 'ms p50', goal: '< 2', met: stats.p50 < 2, detail, stats }
}
