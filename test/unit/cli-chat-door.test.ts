import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Channel } from '../../adapters/cli/chat/channel.ts'
import { askDaemon, type ChatDoor, type Control, control, streamDaemon, type View } from '../../adapters/control.ts'
import { inspector } from '../../adapters/inspector.ts'
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
let folder: string
let channel: Control
let lines: Channel<object>
let left = 0
const said: unknown[] = []
const door: ChatDoor = {
  say: async (session, text, signal) => {
    if (session === 'nobody/chat') throw new EngineError('EVENT_INVALID', 'there is no agent nobody')
    said.push([session, text])
    signal.addEventListener('abort', () => lines.end())
    return lines
  },
  approve: async (hash, allow) => ({ hash, allow }),
  cancel: async (session) => ({ session }),
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promethean-chat-door-'))
  said.length = 0
  left = 0
  lines = new Channel(() => left++)
  channel = await control(view, folder, { chat: door })
})
afterEach(async () => {
  await channel.close()
  await rm(folder, { recursive: true, force: true })
})

const talk = (body: object, signal = new AbortController().signal) => streamDaemon(folder, '/api/chat', body, signal)

test('lines come as they are told, not at the end', async () => {
  const stream = talk({ session: 'duck/chat', text: 'hello' })
  lines.push({ delta: 'ä' })
  expect(await stream.next()).toEqual({ done: false, value: { delta: 'ä' } })
  const next = stream.next()
  lines.push({ ended: { state: 'done' } })
  lines.end()
  expect(await next).toEqual({ done: false, value: { ended: { state: 'done' } } })
  expect(await stream.next()).toMatchObject({ done: true })
  expect(said).toEqual([['duck/chat', 'hello']])
})

test('a reader that goes away ends the telling', async () => {
  const leaving = new AbortController()
  const stream = talk({ session: 'duck/chat' }, leaving.signal)
  lines.push({ delta: 'a' })
  await stream.next()
  leaving.abort()
  expect(await stream.next()).toMatchObject({ done: true })
  while (left === 0) await sleep(2)
  expect(said).toEqual([['duck/chat', undefined]])
})

test('what fails midway is never taken for an end', async () => {
  const stream = talk({ session: 'duck/chat', text: 'x' })
  lines.push({ delta: 'a' })
  expect(await stream.next()).toMatchObject({ value: { delta: 'a' } })
  lines.end(new Error('broken'))
  await expect(stream.next()).rejects.toMatchObject({ code: 'DAEMON_FAILED' })
})

describe('what is no talk is refused', () => {
  test.each([
    ['/api/chat', {}],
    ['/api/chat', { session: 'a/b', text: 1 }],
    ['/api/chat', { session: 'a/b', text: '  ' }],
    ['/api/chat', { session: 'a/b', text: 'x', as: 'operator' }],
    ['/api/approve', { hash: 'h' }],
    ['/api/approve', { hash: 'h', allow: 'yes' }],
    ['/api/cancel', { session: 1 }],
  ])('%s %j', async (path, body) => {
    await expect(askDaemon(folder, path, body)).rejects.toThrow(/takes \{/)
    expect(said).toEqual([])
  })

  test('with the code of what refused it', async () => {
    await expect(talk({ session: 'nobody/chat', text: 'x' }).next()).rejects.toMatchObject({ code: 'EVENT_INVALID' })
  })

  test('when no daemon is there', async () => {
    const signal = new AbortController().signal
    await expect(streamDaemon(join(folder, 'none'), '/api/chat', {}, signal).next()).rejects.toMatchObject({
      code: 'DAEMON_FAILED',
    })
  })
})

test('yeses, noes and the wish to end reach the door', async () => {
  expect(await askDaemon(folder, '/api/approve', { hash: 'h', allow: false })).toEqual({ hash: 'h', allow: false })
  expect(await askDaemon(folder, '/api/cancel', { session: 'a/b' })).toEqual({ session: 'a/b' })
})

test('the inspector, which pages of other sites can reach, has no such place', async () => {
  const token_file = join(folder, 'inspector.token')
  const page = await inspector(view, { port: 0, token_file })
  try {
    for (const path of ['/api/chat', '/api/approve', '/api/cancel']) {
      const answer = await fetch(`http://127.0.0.1:${page.port}${path}`, { method: 'POST', body: '{}' })
      expect(answer.status).toBe(405)
    }
  } finally {
    await page.close()
  }
})
