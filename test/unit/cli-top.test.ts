import { mkdtempSync, rmSync } from 'node:fs'
import type { Server, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Averages } from '../../adapters/cli/top/averages.ts'
import { drawn } from '../../adapters/cli/top/draw.ts'
import { feed, type Told } from '../../adapters/cli/top/feed.ts'
import { frameAt, hello, sent, standIn } from '../support/stream.ts'

let data = ''
let server: Server | undefined
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'promethean-top-'))
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
  rmSync(data, { recursive: true, force: true })
})

async function told(ending: AbortController, most: number): Promise<Told[]> {
  const all: Told[] = []
  for await (const each of feed(data, '', ending.signal)) if (all.push(each) >= most) break
  return all
}

test('hello and frames are read however they are cut up; comments and other events are passed over', async () => {
  const text = `: beat\n\n${sent('hello', hello)}event: other\ndata: {}\n\n${sent('frame', frameAt(1)).replaceAll('\n', '\r\n')}${sent('frame', frameAt(2))}`
  const pieces = text.match(/[\s\S]{1,7}/g) ?? []
  const write = async (response: ServerResponse): Promise<void> => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of pieces) {
      response.write(piece)
      await sleep(0)
    }
  }
  server = await standIn(data, (_request, response) => void write(response))
  expect(await told(new AbortController(), 3)).toEqual([
    { kind: 'hello', hello },
    { kind: 'frame', frame: frameAt(1) },
    { kind: 'frame', frame: frameAt(2) },
  ])
})

test('the signal ends the reading without an error, and the daemon sees the reader go', async () => {
  const gone = Promise.withResolvers<void>()
  server = await standIn(data, (_request, response) => {
    response.on('close', () => gone.resolve())
    response.write(sent('hello', hello))
  })
  const ending = new AbortController()
  const reading = feed(data, 'tap=chat.*', ending.signal)
  expect((await reading.next()).value).toMatchObject({ kind: 'hello' })
  ending.abort()
  expect(await reading.next()).toMatchObject({ done: true })
  await gone.promise
})

test('no daemon, a refusal, and data that is none are said', async () => {
  await expect(told(new AbortController(), 1)).rejects.toThrow(/DAEMON_FAILED: the daemon of .* is not running/)
  server = await standIn(data, (request, response) => {
    if (request.url === '/api/stream') response.writeHead(503).end('{"error":{"code":"BUSY","message":"too many"}}')
    else response.end('event: frame\ndata: [1]\n\n')
  })
  await expect(told(new AbortController(), 1)).rejects.toThrow(/DAEMON_FAILED: .*503 BUSY: too many/)
  await expect(feed(data, 'tap=x', new AbortController().signal).next()).rejects.toThrow(/not a JSON object/)
})

test('a screen of 80 by 24 shows ticks, systems, sessions, sources, jobs and models', () => {
  const averages = new Averages()
  for (const [tick, at_ms] of [
    [10, 0],
    [20, 1000],
  ] as const)
    averages.add(frameAt(tick), at_ms)
  const text = drawn(hello, frameAt(20), averages, { columns: 80, rows: 24 }).join('\n')
  expect(text).toMatch(/tick 20 {2}ok {2}2026-/)
  expect(text).toMatch(/ticks 10\.0\/s {2}tick 1\.50 ms of 100 ms {2}longest 1\.50 ms/)
  expect(text).toMatch(/memories 1234 {2}keys 56 .* outbox 2 waiting, 1 out, oldest 2 s/)
  expect(text).toMatch(/^sentinel +900 µs +60% █{24}·{16}$/m)
  expect(text).toMatch(/^duck\/main +input +running +3\/100 ·{8} a turn is out$/m)
  expect(text).toMatch(/^fs notes +42 +6\/min$/m)
  expect(text).toMatch(/^JOBS {2}embedding 4 waiting, 1 running$/m)
  expect(text).toMatch(/^tiny +5 +1 +1000 +200 0\.0100$/m)
})

test('whatever names are, no line is longer than the screen is wide or a control character in it', () => {
  const name = fc.string({ unit: 'binary', maxLength: 120 })
  const count = fc.double({ noNaN: false })
  const session = fc.record({
    session: name,
    lane: name,
    state: name,
    why: name,
    queued: count,
    queue_max: count,
    turn: fc.nat(),
  })
  const frame = fc.record({
    health: name,
    sessions: fc.array(session, { maxLength: 50 }),
    sources: fc.array(fc.record({ source: name, events: count, per_minute: count }), { maxLength: 21 }),
    jobs: fc.array(fc.record({ name, waiting: count, running: count }), { maxLength: 5 }),
  })
  const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 60 }) })
  fc.assert(
    fc.property(frame, fc.array(name, { maxLength: 30 }), size, (more, systems, room) => {
      const averages = new Averages()
      averages.add(frameAt(1, more), 0)
      const lines = drawn({ ...hello, systems }, frameAt(1, more), averages, room)
      expect(lines.length).toBeLessThanOrEqual(Math.max(4, room.rows - 1))
      for (const line of lines) {
        expect([...line].length).toBeLessThanOrEqual(room.columns)
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
      }
    }),
  )
})

test('averages keep the newest ticks alone', () => {
  const averages = new Averages()
  expect([averages.of(0), averages.rate(), averages.longest()]).toEqual([0, 0, 0])
  const many = (value: number) => Array.from({ length: 200 }, (_, at) => [at, value, value])
  for (let frame = 0; frame < 10; frame++)
    averages.add(frameAt(frame, { ticks: many(frame < 7 ? 1000 : 10) }), frame * 100)
  expect([averages.of(0), averages.of(1), averages.of(2)]).toEqual([10, 10, 0])
})
