import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, it, vi } from 'vitest'
import type { OpenaiOptions } from '../../adapters/openai.ts'
import { adapterAt, askWith, event, failureOf, later, stopServers } from '../support/openai.ts'

/** A model's endpoint made of bare sockets: what no server library would send. The question offers tools. */

afterEach(stopServers)

const tools = [{ name: 'time.now', description: 'the time', parameters: { type: 'object' } }]
const streamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n'
const jsonHead = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const half = event({
  choices: [
    { index: 0, delta: { tool_calls: [{ index: 0, id: 'x', function: { name: 'time_now', arguments: '{"zo' } }] } },
  ],
})

async function serveRaw(talk: (socket: Socket) => unknown): Promise<{ base_url: string; open: Set<Socket> }> {
  const open = new Set<Socket>()
  const all = new Set<Socket>()
  const server = createServer((socket) => {
    all.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    // `fetch` keeps a fresh connection for the next question: only those that were asked on are counted.
    socket.once('data', () => {
      open.add(socket)
      talk(socket)
    })
    // Without reading on, an end of the connection would not be noticed.
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  later(() => {
    for (const socket of all) socket.destroy()
    server.close()
  })
  return { base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, open }
}

/** Sends pieces for ever, or until nobody listens. */
async function forever(socket: Socket, piece: string | Buffer, pause_ms: number): Promise<void> {
  while (!socket.destroyed) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
    if (pause_ms > 0) await wait(pause_ms)
  }
}

type Limits = Partial<OpenaiOptions>
it.each<[string, (socket: Socket) => unknown, Limits, string]>([
  ['a stall before the headers', () => undefined, { first_byte_ms: 60 }, 'TIMEOUT'],
  [
    'a stall within the headers',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-'),
    { first_byte_ms: 60 },
    'TIMEOUT',
  ],
  [
    'a stall before the body',
    (socket) => socket.write(`${jsonHead}content-length: 100\r\n\r\n`),
    { first_byte_ms: 60 },
    'TIMEOUT',
  ],
  ['a stall within tool arguments', (socket) => socket.write(streamHead + half), { idle_ms: 60 }, 'TIMEOUT'],
  [
    'a byte at a time',
    async (socket) => {
      socket.write(streamHead)
      for (const byte of half.repeat(50)) {
        if (socket.destroyed) return
        socket.write(byte)
        await wait(15)
      }
    },
    { idle_ms: 500, total_ms: 300 },
    'TIMEOUT',
  ],
  [
    'comments for ever',
    (socket) => {
      socket.write(streamHead)
      return forever(socket, ': still here\n\n', 15)
    },
    { total_ms: 200 },
    'TIMEOUT',
  ],
  ['an end in the middle of tool arguments', (socket) => socket.end(streamHead + half), {}, 'TRUNCATED'],
  [
    'a reset in the middle of tool arguments',
    (socket) => socket.write(streamHead + half, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    {},
    'TRUNCATED',
  ],
  [
    'an error in the middle of tool arguments',
    (socket) => socket.end(`${streamHead}${half}${event({ error: { message: 'overloaded' } })}`),
    {},
    'BAD_RESPONSE',
  ],
  [
    'noise in the middle of tool arguments',
    (socket) => socket.end(`${streamHead}${half}data: {"choi\u0000ces":[{{\n\n`),
    {},
    'BAD_RESPONSE',
  ],
  [
    'tool arguments without end',
    (socket) => {
      socket.write(streamHead)
      return forever(socket, half.replace('{\\"zo', 'a'.repeat(60_000)), 0)
    },
    { answer_bytes_max: 2_000_000 },
    'BAD_RESPONSE',
  ],
  [
    'a line without end',
    (socket) => {
      socket.write(`${streamHead}data: `)
      return forever(socket, 'a'.repeat(60_000), 0)
    },
    { answer_bytes_max: 200_000 },
    'BAD_RESPONSE',
  ],
  [
    'a small answer that unpacks to a large one',
    (socket) => {
      const packed = gzipSync(Buffer.alloc(50_000_000, ' '))
      socket.write(`${jsonHead}content-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`)
      return socket.end(packed)
    },
    { answer_bytes_max: 100_000 },
    'BAD_RESPONSE',
  ],
  [
    'garbage said to be packed',
    (socket) => socket.end(`${jsonHead}content-encoding: gzip\r\n\r\nnot gzip at all`),
    {},
    'BAD_RESPONSE',
  ],
  ['another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'), {}, 'BAD_RESPONSE'],
])('%s ends the call and lets go of the connection', async (_name, talk, limits, code) => {
  const { base_url, open } = await serveRaw(talk)
  const heard: string[] = []
  const adapter = adapterAt(base_url, { ...limits, onDelta: (_id, text) => heard.push(text) })
  expect(await failureOf(askWith(adapter, { tools }))).toMatchObject({ code, transient: true })
  expect(heard).toEqual([])
  await vi.waitFor(() => expect(open.size).toBe(0), 3_000)
})

it('a call that was ended while its answer came lets go of its connection and says nothing more', async () => {
  const stop = new AbortController()
  const { base_url, open } = await serveRaw((socket) => {
    socket.write(streamHead)
    return forever(socket, event({ choices: [{ index: 0, delta: { content: 'a' } }] }), 5)
  })
  let heard = 0
  const adapter = adapterAt(base_url, {
    onDelta: () => {
      heard++
      if (heard === 3) stop.abort()
    },
  })
  expect(await failureOf(askWith(adapter, {}, stop.signal))).toMatchObject({ code: 'TIMEOUT', transient: true })
  await vi.waitFor(() => expect(open.size).toBe(0), 3_000)
  const then = heard
  await wait(50)
  expect(heard).toBe(then)
  expect(adapter.status().chat).toMatchObject({ state: 'closed', failures: 0 })
})
