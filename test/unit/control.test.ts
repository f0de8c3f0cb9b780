import { once } from 'node:events'
import { chmod, link, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askDaemon, type Control, type ControlOptions, control, type Order, type View } from '../../adapters/control.ts'
import { pipeName } from '../../adapters/inspector/socket.ts'
import { EngineError } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { sightless } from '../support/view.ts'

const order: Order = { command: 'sentinel.undo', path: 'a.md' }
const json = { 'content-type': 'application/json' }

let folder: string
let orders: Order[]
let lines: string[]
let view: View
const open: Control[] = []
const sockets: Socket[] = []

const note = (fields: object, message: string): void => void lines.push(JSON.stringify({ ...fields, message }))
const log: Log = { debug: note, info: note, warn: note, error: note }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promethean-control-'))
  orders = []
  lines = []
  view = {
    ...sightless,
    status: () => ({ tick: 7 }),
    events: () => [],
    timings: () => ({ ticks: 7 }),
    sentinels: () => [{ path: 'a.md' }],
    metrics: () => 'a 1\n',
    health: () => ({ live: true, ready: false, health: 'store_full' }),
    command: async (given) => ({ done: orders.push(given) }),
  }
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const channel of open.splice(0)) await channel.close()
  await rm(folder, { recursive: true, force: true })
})

async function start(directory = folder, options: ControlOptions = {}): Promise<Control> {
  const channel = await control(view, directory, { log, ...options })
  open.push(channel)
  return channel
}

type Sent = { method?: string; path?: string; headers?: OutgoingHttpHeaders; body?: string | Buffer }

function send({ method = 'POST', path = '/api/command', headers = json, body = '' }: Sent): Promise<[number, string]> {
  const socketPath = join(folder, 'daemon.sock')
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode ?? 0, text === '' ? '' : JSON.parse(text).error?.code]))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function raw(bytes: string): Promise<string> {
  const socket = connect(join(folder, 'daemon.sock'))
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => socket.destroy())
  socket.write(bytes)
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return text
}

describe('the control channel', () => {
  it('shows the same views without a token', async () => {
    await start()
    expect(await askDaemon(folder, '/api/status')).toEqual({ tick: 7 })
    expect(await askDaemon(folder, '/api/events?limit=5')).toEqual({ events: [], left_out: 0 })
    expect(await askDaemon(folder, '/api/timings')).toEqual({ ticks: 7 })
    expect(await askDaemon(folder, '/api/sentinels')).toEqual({ sentinels: [{ path: 'a.md' }] })
    expect(await askDaemon(folder, '/livez')).toEqual({ live: true, health: 'store_full' })
    expect(await askDaemon(folder, '/readyz')).toEqual({ ready: false, health: 'store_full' })
  })

  it('carries out an order', async () => {
    await start()
    expect(await askDaemon(folder, '/api/command', order)).toEqual({ done: 1 })
    expect(orders).toEqual([order])
  })

  it('is a socket for this user alone, whatever the umask, with nothing left beside it', async () => {
    const before = process.umask(0)
    try {
      await start()
    } finally {
      process.umask(before)
    }
    const socket = await stat(join(folder, 'daemon.sock'))
    expect([socket.isSocket(), socket.mode & 0o777]).toEqual([true, 0o600])
    expect(await readdir(folder)).toEqual(['daemon.sock'])
  })

  it('takes orders only as JSON', async () => {
    await start()
    const body = JSON.stringify(order)
    for (const type of [
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/jsonp',
    ]) {
      expect([type, ...(await send({ headers: { 'content-type': type }, body }))]).toEqual([type, 415, 'MEDIA_TYPE'])
    }
    expect(await send({ headers: {}, body })).toEqual([415, 'MEDIA_TYPE'])
    expect(orders).toEqual([])
    expect(await send({ headers: { 'content-type': 'Application/JSON; charset=utf-8' }, body })).toEqual([
      200,
      undefined,
    ])
  })

  it.each([
    '',
    '{',
    'null',
    '[]',
    '"stop"',
    '{"command":"a"}',
    '{"command":"a","path":1}',
    '{"command":"a","path":"b","x":1}',
  ])('refuses %j, which is no order', async (body) => {
    await start()
    expect(await send({ body })).toEqual([400, 'ORDER'])
    expect(orders).toEqual([])
  })

  it('refuses text that is not UTF-8', async () => {
    await start()
    const body = Buffer.concat([Buffer.from('{"command":"a","path":"'), Buffer.from([0xff]), Buffer.from('"}')])
    expect(await send({ body })).toEqual([400, 'ORDER'])
  })

  it('takes an order of 64 KiB and none longer, announced or not', async () => {
    await start()
    const empty = JSON.stringify({ command: '', path: '' }).length
    const sized = (bytes: number): string => JSON.stringify({ command: '', path: 'x'.repeat(bytes - empty) })
    expect(await send({ body: sized(65_536) })).toEqual([200, undefined])
    expect(await send({ body: sized(65_537) })).toEqual([413, 'BODY'])
    const chunked = { ...json, 'transfer-encoding': 'chunked' }
    expect(await send({ headers: chunked, body: sized(65_537) })).toEqual([413, 'BODY'])
    const announced =
      'POST /api/command HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n'
    expect(await raw(announced)).toMatch(/^HTTP\/1\.1 413 /)
    expect(orders).toHaveLength(1)
  })

  it('cuts off a body that does not come', async () => {
    await start(folder, { limits: { headers_ms: 100, request_ms: 100, check_ms: 20 } })
    const half =
      'POST /api/command HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{'
    expect(await raw(half)).toMatch(/^HTTP\/1\.1 408 /)
    expect(orders).toEqual([])
  })

  it('takes orders at one place and with one method', async () => {
    await start()
    expect(await send({ path: '/api/status', body: '{}' })).toEqual([405, 'METHOD'])
    expect(await send({ method: 'PUT', body: '{}' })).toEqual([405, 'METHOD'])
    expect(await send({ method: 'GET' })).toEqual([405, 'METHOD'])
    expect(await send({ method: 'GET', path: '/livez', headers: { 'content-length': 1 }, body: 'x' })).toEqual([
      413,
      'BODY',
    ])
    expect(await send({ method: 'GET', path: '/nothing' })).toEqual([404, 'NOT_FOUND'])
  })

  it('takes the place of the socket that a dead daemon left', async () => {
    const path = join(folder, 'daemon.sock')
    const dead = createServer().listen(join(folder, 'first.sock'))
    await once(dead, 'listening')
    await link(join(folder, 'first.sock'), path)
    await new Promise((resolve) => dead.close(resolve))
    await expect(askDaemon(folder, '/api/status')).resolves.toBeUndefined()
    await mkdir(join(folder, '.daemon', 'half'), { recursive: true })
    await start()
    expect(await askDaemon(folder, '/api/status')).toEqual({ tick: 7 })
    expect(await readdir(folder)).toEqual(['daemon.sock'])
  })

  it('leaves a file of that name alone', async () => {
    await writeFile(join(folder, 'daemon.sock'), 'mine')
    await expect(start()).rejects.toMatchObject({ code: 'ADAPTER_OPTION' })
    expect((await stat(join(folder, 'daemon.sock'))).size).toBe(4)
  })

  it('says which directory it cannot use', async () => {
    const missing = join(folder, 'missing')
    await expect(start(missing)).rejects.toMatchObject({ code: 'LISTEN_FAILED', value: missing })
  })

  it('is gone after close, and leaves a successor its socket', async () => {
    const first = await start()
    const second = await start()
    await Promise.all([first.close(), first.close()])
    expect(await askDaemon(folder, '/api/status')).toEqual({ tick: 7 })
    await second.close()
    expect(await readdir(folder)).toEqual([])
    expect(await askDaemon(folder, '/api/status')).toBeUndefined()
  })

  it.runIf(process.platform === 'linux')('works where the path is too long for a socket', async () => {
    for (const length of [80, 90, 100, 120, 200]) {
      const directory = join(folder, 'x'.repeat(length))
      await mkdir(directory)
      expect(await askDaemon(directory, '/api/status')).toBeUndefined()
      const channel = await start(directory)
      expect(await readdir(directory)).toEqual(['daemon.sock'])
      expect(await askDaemon(directory, '/api/command', order)).toEqual({ done: orders.length })
      await channel.close()
      expect(await readdir(directory)).toEqual([])
    }
  })

  it('has one pipe a directory on Windows', () => {
    expect(pipeName('/data/a')).toMatch(/^\\\\\.\\pipe\\promethean-[0-9a-f]{32}$/)
    expect(pipeName('/data/x/../A/')).toBe(pipeName('/data/a'))
    expect(pipeName('/data/b')).not.toBe(pipeName('/data/a'))
  })
})

describe('asking the daemon', () => {
  async function impostor(answer: (socket: Socket) => void): Promise<void> {
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => socket.destroy())
      socket.once('data', () => answer(socket))
    })
    server.listen(join(folder, 'daemon.sock'))
    await once(server, 'listening')
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) })
  }

  it('gives nothing where no daemon is', async () => {
    expect(await askDaemon(folder, '/api/status')).toBeUndefined()
    expect(await askDaemon(join(folder, 'missing'), '/api/status')).toBeUndefined()
    expect(await askDaemon(join(folder, 'y'.repeat(150)), '/api/status')).toBeUndefined()
  })

  it('throws the code with which the daemon refused', async () => {
    view.command = async () => {
      throw new EngineError('EVENT_INVALID', 'path must be a note')
    }
    await start()
    const asked = askDaemon(folder, '/api/command', order)
    await expect(asked).rejects.toBeInstanceOf(EngineError)
    await expect(asked).rejects.toMatchObject({ code: 'EVENT_INVALID', message: 'EVENT_INVALID: path must be a note' })
  })

  it('throws a code of its own for what only HTTP knows, and shows no inside', async () => {
    view.command = () => Promise.reject(new TypeError('secret inside'))
    await start()
    const asked = askDaemon(folder, '/api/command', order)
    await expect(asked).rejects.toMatchObject({ code: 'DAEMON_FAILED', value: 'ORDER_FAILED' })
    await expect(asked).rejects.not.toThrow('secret')
    expect(lines.join()).toContain('secret inside')
    await expect(askDaemon(folder, '/nothing')).rejects.toMatchObject({ code: 'DAEMON_FAILED', value: 'NOT_FOUND' })
  })

  it('gives up at the deadline, before and within the answer', async () => {
    view.command = () => new Promise(() => {})
    const channel = await start(folder, { limits: { close_ms: 20 } })
    const silence = askDaemon(folder, '/api/command', order, { deadline_ms: 50 })
    await expect(silence).rejects.toMatchObject({
      code: 'DAEMON_FAILED',
      message: expect.stringContaining('within 50 ms'),
    })
    await channel.close()
    await impostor((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'))
    const half = askDaemon(folder, '/api/status', undefined, { deadline_ms: 50 })
    await expect(half).rejects.toMatchObject({
      code: 'DAEMON_FAILED',
      message: expect.stringContaining('within 50 ms'),
    })
  })

  it.each(['<html>', '[]', 'null', '7', ''])('refuses the answer %j', async (text) => {
    await impostor((socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`))
    await expect(askDaemon(folder, '/api/status')).rejects.toMatchObject({ code: 'DAEMON_FAILED' })
  })

  it('says so when the daemon breaks off', async () => {
    await impostor((socket) => socket.destroy())
    await expect(askDaemon(folder, '/api/status')).rejects.toMatchObject({ code: 'DAEMON_FAILED', value: folder })
  })

  it.runIf(process.getuid?.() !== 0)('says so when the socket belongs to somebody else', async () => {
    await start()
    await chmod(join(folder, 'daemon.sock'), 0)
    await expect(askDaemon(folder, '/api/status')).rejects.toMatchObject({ code: 'DAEMON_FAILED' })
  })
})
