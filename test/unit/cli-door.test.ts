import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askDaemon, type Control, control, type MemoryDoor, type View } from '../../adapters/control.ts'
import { EngineError } from '../../engine/errors.ts'
import { sightless } from '../support/view.ts'

const view: View = {
  ...sightless,
  status: () => ({}),
  events: () => [],
  timings: () => ({}),
  sentinels: () => [],
  metrics: () => 'a 1\n',
  health: () => ({ live: true, ready: true, health: 'ok' }),
  command: async () => ({}),
}
const door: MemoryDoor = {
  answer: async (question) => ({ question }),
  load: async (lines) => ({ lines: lines.toString() }),
  load_bytes_max: 100,
}

let folder: string
const open: Control[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promethean-door-'))
})
afterEach(async () => {
  for (const channel of open.splice(0)) await channel.close()
  await rm(folder, { recursive: true, force: true })
})

async function start(memory?: MemoryDoor): Promise<void> {
  open.push(await control(view, folder, memory === undefined ? {} : { memory }))
}

type Sent = { method?: string; path: string; type?: string; body?: string }
function send({ method = 'POST', path, type = 'application/json', body = '{}' }: Sent): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) }
    const socketPath = join(folder, 'daemon.sock')
    const sent = httpRequest({ socketPath, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('questions and lines reach memory as they were sent', async () => {
  await start(door)
  expect(await askDaemon(folder, '/api/memory', { ask: 'audit' })).toEqual({ question: { ask: 'audit' } })
  expect(await askDaemon(folder, '/api/ingest', Buffer.from('{"a":"é"}\n'))).toEqual({ lines: '{"a":"é"}\n' })
})

test.each([
  [{ path: '/api/memory', method: 'PUT' }, 405],
  [{ path: '/api/memory', type: 'text/plain' }, 415],
  [{ path: '/api/ingest', type: 'application/json' }, 415],
  [{ path: '/api/memory', body: 'no json' }, 400],
  [{ path: '/api/memory', body: '7' }, 400],
  [{ path: '/api/ingest', type: 'application/x-ndjson', body: 'x'.repeat(101) }, 413],
  [{ path: '/api/memory', body: `"${'x'.repeat(5_000_000)}"` }, 413],
])('%o is answered %d', async (sent, status) => {
  await start(door)
  expect((await send(sent))[0]).toBe(status)
})

test('what memory refuses comes back with its code, and a failure without its inside', async () => {
  await start({
    ...door,
    answer: () => Promise.reject(new EngineError('RECALL_OPTION', 'there is no circuit nowhere')),
    load: () => Promise.reject(new Error('secret inside')),
  })
  await expect(askDaemon(folder, '/api/memory', {})).rejects.toMatchObject({ code: 'RECALL_OPTION' })
  const [status, text] = await send({ path: '/api/ingest', type: 'application/x-ndjson', body: 'a' })
  expect([status, text.includes('secret')]).toEqual([500, false])
})

test('without memory there is nothing at its places', async () => {
  await start()
  expect((await send({ path: '/api/memory' }))[0]).toBe(405)
  expect((await send({ path: '/api/ingest' }))[0]).toBe(405)
})
