import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterEach, expect, test } from 'vitest'
import { request } from '../../adapters/node-http.ts'
import { cliPath } from '../support/command.ts'
import { cleanUp, Place, promethean } from '../support/daemon.ts'
import { McpSession } from '../support/mcp.ts'

const sessions: McpSession[] = []
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close()
  await cleanUp()
})

const patience_ms = 120_000
const three = [
  'Ada fixed ERR_TIMEOUT in src/net/socket.ts',
  'ERR_TIMEOUT came back after the deploy of blue-heron',
  'The kitchen has a blue bowl',
]

async function open(place: Place, words: readonly string[] = []): Promise<McpSession> {
  const session = await McpSession.open(place, words)
  sessions.push(session)
  return session
}

async function rememberThree(session: McpSession): Promise<void> {
  for (const text of three) {
    expect(await session.answer('remember', { text })).toMatchObject({ stored: true, durable: true, indexed: true })
  }
}

async function recallThem(session: McpSession): Promise<void> {
  const found = await session.answer('recall', { query: 'ERR_TIMEOUT' })
  expect(found).toMatchObject({ answered: true, pending: 0 })
  const hits = found['hits'] as { text: string; path: string[]; lanes: string[]; score: number }[]
  expect(hits.slice(0, 2).map(({ text }) => text)).toEqual(expect.arrayContaining(three.slice(0, 2)))
  expect(hits.every(({ path, lanes, score }) => path.length > 0 && lanes.length > 0 && score > 0)).toBe(true)
  const related = await session.answer('related', { id: '1' })
  expect(related['related']).toMatchObject([{ memory_id: 2, path: ['#1', 'err:timeout', '#2'] }, { memory_id: 3 }])
}

test('three things are remembered, and found with their paths after a restart', { timeout: patience_ms }, async () => {
  const place = new Place()
  const first = await open(place, ['--client', 'claude-code'])
  await rememberThree(first)
  expect(await first.answer('remember', { text: three[0] })).toMatchObject({ memory_id: 1, stored: false })
  expect(first.errors).toEqual([])
  await first.close()
  const second = await open(place, ['--client', 'claude-code'])
  await recallThem(second)
  const explained = await second.answer('explain', { id: '1' })
  expect(explained['memory']).toMatchObject({ source: { kind: 'mcp', author: 'claude-code' }, state: 'live' })
  expect(second.errors).toEqual([])
  await second.close()
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true, memories: 3 })
})

test('a daemon answers while it runs, and its client goes on when it ends', { timeout: patience_ms }, async () => {
  const place = new Place()
  place.note('bread.md', '# Rye bread\n\nSourdough of rye flour.\n')
  const daemon = await place.start(['--write'])
  const session = await open(place)
  await rememberThree(session)
  expect(await session.answer('run_contract', { path: 'bread.md' })).toMatchObject({
    path: 'bread.md',
    verdict: 'done',
  })
  const { resources } = await session.client.listResources()
  expect(resources).toHaveLength(4)
  const note = await session.client.readResource({ uri: 'note:///bread.md' })
  expect(note.contents).toMatchObject([{ mimeType: 'text/markdown', text: expect.stringContaining('rye flour') }])
  await expect(session.client.readResource({ uri: 'memory://77' })).rejects.toThrow('not found')
  await daemon.stop()
  expect(await session.answer('recall', { query: 'kitchen' })).toMatchObject({ answered: true })
  await session.close()
  expect(session.errors).toEqual([])
})

test('a client that asks nothing gives the record back, and takes it again', { timeout: patience_ms }, async () => {
  const place = new Place()
  const session = await open(place)
  await rememberThree(session)
  expect(existsSync(join(place.data, 'daemon.sock'))).toBe(true)
  while (existsSync(join(place.data, 'daemon.sock'))) await sleep(50)
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true, memories: 3 })
  await recallThem(session)
  expect(existsSync(join(place.data, 'daemon.sock'))).toBe(true)
  expect(session.errors).toEqual([])
})

test('a daemon that starts gets the record from a client that holds it', { timeout: patience_ms }, async () => {
  const place = new Place()
  const session = await open(place)
  await rememberThree(session)
  // Its client never pauses, so that it is never idle.
  let [starting, asked] = [true, 0]
  const asking = Array.from({ length: 4 }, async () => {
    for (; starting; asked++) await session.answer('recall', { query: 'ERR_TIMEOUT' })
  })
  const daemon = await place.start()
  await daemon.until('it runs', () => /127\.0\.0\.1:\d+/.test(daemon.err))
  starting = false
  await Promise.all(asking)
  expect(asked).toBeGreaterThan(4)
  await recallThem(session)
  const second = await promethean(['run', ...place.words])
  expect(second, 'a daemon does not give way to another').toMatchObject({ code: 75 })
  expect(await daemon.stop()).toMatchObject({ code: 0 })
  expect(session.errors).toEqual([])
})

test('the process that holds the record is killed, and who worked through it goes on', {
  timeout: patience_ms,
}, async () => {
  const place = new Place()
  const words = place.config('mcp: { default: { trust: person } }\n')
  const holder = await open(place, words)
  await holder.answer('remember', { text: 'The first of all facts', id: 'fact' })
  const other = await open(place, words)
  const said = Array.from({ length: 40 }, (_, at) =>
    other.answer('remember', { text: `Fact ${at} of forty`, id: `fact-${at}` }),
  )
  await said[0]
  process.kill(holder.pid, 'SIGKILL')
  const rows = (await Promise.all(said)).map(({ memory_id }) => memory_id)
  expect(new Set(rows).size).toBe(40)
  expect(await other.answer('recall', { query: 'first of all facts' })).toMatchObject({ answered: true })
  await other.close()
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true, memories: 41 })
})

test('two clients share a record that no daemon holds, and give it back', { timeout: patience_ms }, async () => {
  const place = new Place()
  // What programs say is counted as one where it differs by numbers alone; what a person's client says is not.
  const words = place.config('mcp: { default: { trust: person } }\n')
  const [one, other] = await Promise.all([
    open(place, [...words, '--client', 'one']),
    open(place, [...words, '--client', 'other']),
  ])
  const said = await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      (at % 2 === 0 ? one : other).answer('remember', { text: `Fact ${at} of a hundred`, id: `fact-${at}` }),
    ),
  )
  expect(new Set(said.map(({ memory_id }) => memory_id)).size).toBe(100)
  expect([...one.errors, ...other.errors]).toEqual([])
  await Promise.all([one.close(), other.close()])
  expect(await place.json(['status'])).toMatchObject({ memories: 100 })
})

test('what is private stays with its client, and a scope says which tools there are', {
  timeout: patience_ms,
}, async () => {
  const place = new Place()
  const words = place.config(
    'mcp: { clients: [{ name: diary, private: true, trust: person }, { name: reader, tools: [recall, explain] }] }\n',
  )
  const diary = await open(place, [...words, '--client', 'diary'])
  await diary.answer('remember', { text: 'The garden key lies under the third stone' })
  expect(await diary.answer('recall', { query: 'garden key' })).toMatchObject({ answered: true })
  const reader = await open(place, [...words, '--client', 'reader'])
  expect((await reader.client.listTools()).tools.map(({ name }) => name)).toEqual(['recall', 'explain'])
  expect(await reader.answer('recall', { query: 'garden key' })).toMatchObject({ answered: false, hits: [] })
  expect(await reader.call('explain', { id: '1' })).toMatchObject({ isError: true })
  expect((await reader.client.listResources()).resources).toEqual([])
  await expect(reader.client.readResource({ uri: 'memory://1' })).rejects.toThrow('not found')
})

test('standard output carries the protocol alone, whatever else is said', { timeout: patience_ms }, async () => {
  const place = new Place()
  writeFileSync(join(place.folder, 'noisy.ts'), "console.log('from a module')\nexport default {}\n")
  const words = place.config('extend: ./noisy.ts\nlog: { level: debug }\n')
  const child = spawn(process.execPath, [cliPath, 'mcp', ...words, ...place.words])
  const [out, err] = [textOf(child.stdout), textOf(child.stderr)]
  const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
  const status = { name: 'status', arguments: {} }
  const messages = [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params: hello },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: status },
  ]
  const answered = Promise.withResolvers<void>()
  child.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('"id":2')) answered.resolve()
  })
  child.stdin.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''))
  await answered.promise
  child.stdin.end()
  const [code] = await once(child, 'close')
  const lines = (await out).split('\n').filter((line) => line !== '')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { jsonrpc: '2.0', id: 1 },
    { jsonrpc: '2.0', id: 2, result: { structuredContent: { health: 'ok', memories: 0 } } },
  ])
  expect(await err).toContain('from a module')
  expect(code).toBe(0)
})

test('the daemon serves it on its port to whoever holds the token, and to nobody else', {
  timeout: patience_ms,
}, async () => {
  const place = new Place()
  const daemon = await place.start()
  await daemon.until('the port is known', () => /127\.0\.0\.1:\d+/.test(daemon.err))
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(daemon.err)?.[1])
  const authorization = `Bearer ${readFileSync(join(place.data, 'inspector.token'), 'utf8').trim()}`
  for (const mode of ['auto', 'legacy'] as const) {
    const client = new Client({ name: 'web', version: '1' }, { versionNegotiation: { mode } })
    const requestInit = { headers: { authorization } }
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), { requestInit }))
    const said = await client.callTool({ name: 'remember', arguments: { text: 'The port is open' } })
    expect(said.structuredContent).toMatchObject({ memory_id: 1, stored: mode === 'auto' })
    await client.close()
  }
  const ask = { method: 'POST', host: '127.0.0.1', port, path: '/mcp' }
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  expect(await statusOf({ ...ask, headers: json })).toBe(401)
  expect(await statusOf({ ...ask, headers: { ...json, authorization, host: 'elsewhere.example' } })).toBe(403)
  expect(await statusOf({ ...ask, headers: { ...json, authorization, origin: 'http://elsewhere.example' } })).toBe(403)
  const allowed = { ...json, authorization }
  const bare = { 'content-type': json['content-type'], accept: json.accept }
  expect(await statusOf({ ...ask, headers: bare, path: `/mcp?token=${authorization.slice(7)}` })).toBe(401)
  expect(await statusOf({ ...ask, headers: { ...allowed, origin: 'null' } })).toBe(403)
  expect(await statusOf({ ...ask, headers: { ...allowed, 'content-type': 'text/plain' } })).toBe(415)
  expect(await statusOf({ ...ask, headers: { ...allowed, accept: 'text/html' } })).toBe(406)
  expect(await statusOf({ ...ask, headers: { ...allowed, 'mcp-protocol-version': '1999-01-01' } })).toBe(400)
  for (const method of ['GET', 'DELETE', 'PUT']) {
    expect(await statusOf({ ...ask, headers: allowed, method }, '')).toBe(405)
  }
  expect(await statusOf({ ...ask, headers: allowed }, 'x'.repeat(4_194_305))).toBe(413)
  expect(await statusOf({ ...ask, headers: allowed }, '{"jsonrpc"')).toBe(400)
  expect(await statusOf({ ...ask, headers: allowed }, `[${Array(101).fill(ping).join(',')}]`)).toBe(400)
  await whileUnread(port, allowed, async () => expect(await statusOf({ ...ask, headers: allowed })).toBe(200))
  expect(await daemon.stop()).toMatchObject({ code: 0 })
  expect(daemon.err).not.toContain(authorization.slice(7))
})

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

/** Does something while sixty clients have asked for much and read nothing. */
async function whileUnread(port: number, headers: Record<string, string>, then: () => Promise<void>): Promise<void> {
  const much = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'tools/list' })))
  const own = { ...headers, host: `127.0.0.1:${port}`, 'content-length': String(much.length) }
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}\r\n`)
  const sockets = Array.from({ length: 60 }, () => connect(port, '127.0.0.1').pause())
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, 'connect')
      socket.write(`POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n${much}`)
    }),
  )
  await then()
  for (const socket of sockets) socket.destroy()
}

/** The status of the answer to one request of the protocol. */
function statusOf(options: RequestOptions, body = ping): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    // A connection of its own: one that is kept may be closed by the far side while this is written to it.
    const asked = request({ ...options, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    // What is refused for its length is hung up on while it is still being sent.
    asked.on('error', (thrown: NodeJS.ErrnoException) =>
      body.length > ping.length && (thrown.code === 'EPIPE' || thrown.code === 'ECONNRESET')
        ? resolve(413)
        : reject(thrown),
    )
    asked.end(body)
  })
}
