import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { viewOf } from '../../adapters/cli/view.ts'
import type { Found, Frame, Hello, Moment, Rows, Times, WorldShape } from '../../adapters/inspector/shapes.ts'
import { type Inspector, inspector } from '../../adapters/inspector.ts'
import { search } from '../../adapters/search.ts'
import { createEngine, type Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'

let folder: string
let engine: Engine
let page: Inspector
let readOnly: Inspector
let token: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'places-'))
  const indexes = search()
  engine = await createEngine({ ...mind(), store: ram(), adapters: [indexes] })
  await engine.start()
  const token_file = join(folder, 'token')
  const view = viewOf(engine, indexes)
  page = await inspector(view, {
    port: 0,
    token_file,
    write: true,
    live: { frame_ms: 20, streams_max: 3, unread_ms: 200 },
  })
  readOnly = await inspector(view, { port: 0, token_file })
  token = readFileSync(token_file, 'utf8').trim()
  const notes = [
    ['Seals of Greenland', 'The seals of Greenland rest on the ice near Qaanaaq.'],
    ['Boats', 'In Qaanaaq the boats wait for summer. Maja Lund repairs them.'],
    ['Maja Lund', 'Maja Lund was born in Aarhus and builds kayaks.'],
  ] as const
  for (const [title, text] of notes) await engine.ingest({ type: 'note.written', id: title, payload: { title, text } })
  await indexes.complete()
})

afterAll(async () => {
  engine.pacing.resume()
  await Promise.all([page.close(), readOnly.close()])
  await engine.stop()
  rmSync(folder, { recursive: true })
})

type Answer = { readonly status: number; readonly body: unknown }

async function ask(path: string, at = page): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`http://127.0.0.1:${at.port}${path}`, { headers })
  return { status: response.status, body: await response.json() }
}

async function order(body: object, at = page): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`http://127.0.0.1:${at.port}/api/debug`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

/** Reads a stream until enough of it has come. */
async function stream(query: string, until: (frames: readonly Frame[]) => boolean): Promise<[Hello, Frame[]]> {
  const leaving = new AbortController()
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`http://127.0.0.1:${page.port}/api/stream${query}`, { headers, signal: leaving.signal })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n').slice(0, -1)
    const said = blocks.map((block) => block.split('\ndata: '))
    const frames = said.filter(([name]) => name === 'event: frame').map(([, data]) => JSON.parse(data!) as Frame)
    if (!until(frames)) continue
    leaving.abort()
    return [JSON.parse(said[0]![1]!) as Hello, frames]
  }
  throw new Error('the stream ended')
}

describe('what there is to see', () => {
  test('a search tells hits, and the ways to them as one graph of memories and keys', async () => {
    const { status, body } = await ask('/api/recall?q=who+repairs+the+boats+near+the+seals&hits=5')
    expect(status).toBe(200)
    const { hits, walk } = body as Found
    expect(hits.length).toBeGreaterThan(1)
    const ids = new Set(walk.nodes.map(({ id }) => id))
    expect(ids.size).toBe(walk.nodes.length)
    expect(walk.links.every(({ from, to }) => ids.has(from) && ids.has(to))).toBe(true)
    expect(hits.every(({ memory_id }) => ids.has(`memory ${memory_id}`))).toBe(true)
    for (const { from, to } of walk.links)
      expect([from.split(' ')[0], to.split(' ')[0]].sort()).toEqual(['key', 'memory'])
  })

  test('the world: its archetypes, and the cells of their rows', async () => {
    const { archetypes } = (await ask('/api/world')).body as WorldShape
    expect(archetypes.find(({ name }) => name === 'Memory')).toMatchObject({ kind: 'table', count: 3 })
    const rows = (await ask('/api/rows?of=Memory&from=2&limit=5')).body as Rows
    expect(rows).toMatchObject({ of: 'Memory', ids: [2, 3], count: 3 })
    expect(rows.cells[0]).toHaveLength(rows.columns.length)
    const row = rows.columns.indexOf('text_bytes')
    expect(rows.cells[1]![row]).toBe('Maja Lund was born in Aarhus and builds kayaks.'.length)
  })

  test.each([
    ['/api/turns', { turns: [] }],
    ['/api/families', { families: [] }],
    ['/api/memory?id=1', { memory: { memory_id: 1 } }],
    ['/api/history?every=tick', { every: 'tick' }],
  ])('%s answers', async (path, expected) => {
    expect(await ask(path)).toMatchObject({ status: 200, body: expected })
  })

  test.each([
    ['/api/rows?of=Nothing', 400],
    ['/api/rows?of=Memory&from=x', 400],
    ['/api/rows?of=Memory&limit=1001', 400],
    ['/api/recall', 400],
    [`/api/recall?q=${'a'.repeat(2_001)}`, 400],
    ['/api/recall?q=a&hits=1e3', 400],
    ['/api/turn', 400],
    ['/api/turn?id=99', 404],
    ['/api/memory?id=nobody', 404],
    ['/api/history?every=hour', 400],
    ['/api/moment?at=99999999', 400],
    ['/api/stream?watch=Nothing', 400],
    ['/api/stream?gatewayUrl=x', 400],
  ])('%s is answered with %i', async (path, status) => {
    expect((await ask(path)).status).toBe(status)
  })
})

describe('streams', () => {
  test('say hello, then how things stand, with each tick once', async () => {
    const [hello, frames] = await stream('', (all) => all.length >= 4)
    expect(hello.systems).toEqual(mind().systems.map(({ name }) => name))
    expect(hello.write).toBe(true)
    const ticks = frames.flatMap((frame) => frame.ticks.map(([tick]) => tick!))
    expect(ticks.length).toBeGreaterThan(1)
    expect(new Set(ticks).size).toBe(ticks.length)
    for (const row of frames[0]!.ticks) expect(row).toHaveLength(hello.systems.length + 2)
    expect(frames[0]!.gauges).toMatchObject({ memories: 3 })
    expect(frames[0]!.sources).toMatchObject([{ source: 'library', events: 3, per_minute: 3 }])
  })

  test('tell the events that were asked for, and what changed in what is watched', async () => {
    const reading = stream('?tap=note.*&watch=Gauge', (all) => all.some(({ events }) => events.length > 0))
    await sleep(60)
    await engine.ingest({ type: 'note.written', id: 'tapped', payload: { text: 'A note that is heard.' } })
    const [, frames] = await reading
    const events = frames.flatMap((frame) => frame.events)
    expect(events.map(({ type, id }) => [type, id])).toEqual([['note.written', 'tapped']])
    const changes = frames.flatMap((frame) => frame.changes)
    expect(changes).toContainEqual({ of: 'Gauge', id: 1, column: 'memories', before: 3, after: 4 })
  })

  test('are bounded, and a client that reads nothing is let go', async () => {
    const silent = await Promise.all(
      Array.from({ length: 3 }, () => {
        return new Promise<import('node:http').IncomingMessage>((resolve) => {
          const headers = { authorization: `Bearer ${token}` }
          const asking = request({ port: page.port, path: '/api/stream?tap=*', headers }, (response) => {
            response.on('error', () => undefined)
            response.pause()
            resolve(response)
          })
          asking.on('error', () => undefined)
          asking.end()
        })
      }),
    )
    expect((await ask('/api/stream')).status).toBe(503)
    const big = 'x'.repeat(15_000)
    const deadline = Date.now() + 20_000
    // Each frame carries what was said since the last: what the system keeps for a socket is full before long.
    for (let said = 0; (await ask('/api/stream?watch=Nothing')).status === 503; said++) {
      if (Date.now() > deadline) throw new Error('nobody was let go')
      for (let many = 0; many < 20; many++) {
        await engine.ingest({
          type: 'note.written',
          id: `big ${said} ${many}`,
          payload: { text: `${said} ${many} ${big}` },
        })
      }
    }
    for (const response of silent) response.destroy()
  }, 30_000)
})

describe('time', () => {
  test('an earlier tick is shown as it was, beside a world that goes on', async () => {
    const { first_tick, last_tick } = (await ask('/api/times')).body as Times
    expect(first_tick).toBe(1)
    const { memories } = ((await ask(`/api/moment?at=${last_tick}`)).body as Moment).gauges
    expect(memories).toBeGreaterThan(3)
    expect(((await ask('/api/moment?at=1')).body as Moment).gauges).toMatchObject({ memories: 0 })
    const rows = (await ask('/api/rows?of=Memory&at=1')).body as Rows
    expect(rows).toMatchObject({ tick: 1, count: 0 })
  })
})

describe('debug orders', () => {
  test('are refused where the operator did not allow them', async () => {
    expect(await order({ order: 'pause' }, readOnly)).toMatchObject({
      status: 403,
      body: { error: { code: 'READ_ONLY' } },
    })
    expect(engine.pacing.paused).toBe(false)
  })

  test.each([
    { order: 'stop' },
    { order: 'rate' },
    { order: 'pause', more: 1 },
    { order: 'pause', ticks_per_second: 1 },
    {},
  ])('%o is none', async (wrong) => {
    expect((await order(wrong)).status).toBe(400)
  })

  test('pause holds the world, a step is one tick, resume lets it go on and hear what waited', async () => {
    expect(await order({ order: 'step' })).toMatchObject({ status: 422, body: { error: { code: 'ENGINE_STATE' } } })
    expect(await order({ order: 'pause' })).toMatchObject({ status: 200, body: { paused: true } })
    const { tick } = engine
    const waiting = engine.ingest({ type: 'note.written', id: 'waits', payload: { text: 'This one waits.' } })
    await sleep(120)
    expect(engine.tick).toBe(tick)
    expect(await order({ order: 'step' })).toMatchObject({ status: 200, body: { tick: tick + 1 } })
    expect(await waiting).toBe(tick + 1)
    await order({ order: 'resume' })
    await vi.waitFor(() => expect(engine.tick).toBeGreaterThan(tick + 2))
  })

  test('the pace can be changed within bounds', async () => {
    expect(await order({ order: 'rate', ticks_per_second: 0 })).toMatchObject({ status: 422 })
    expect(await order({ order: 'rate', ticks_per_second: 500 })).toMatchObject({ body: { ticks_per_second: 500 } })
    const { tick } = engine
    await vi.waitFor(() => expect(engine.tick).toBeGreaterThan(tick + 30), 5_000)
    expect(await order({ order: 'rate', ticks_per_second: 20 })).toMatchObject({ status: 200 })
  })
})
