import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Inspector, type InspectorOptions, inspector, type View } from '../../adapters/inspector.ts'
import { EngineError } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import type { Event } from '../../engine/flow/event.ts'
import { sightless } from '../support/view.ts'

type Answer = { status: number; headers: IncomingHttpHeaders; text: string; body: Record<string, unknown> }
type Asked = { method?: string; path?: string; headers?: OutgoingHttpHeaders; body?: string }

const apiPaths = ['/api/status', '/api/events', '/api/timings', '/api/sentinels']

let folder: string
let token: string
let lines: string[]
let shown: View
let page: Inspector
const open: Inspector[] = []
const sockets: Socket[] = []

const note = (fields: object, message: string): void => void lines.push(JSON.stringify({ ...fields, message }))
const log: Log = { debug: note, info: note, warn: note, error: note }

function eventOf(index: number, type = 'note.written', text = `text ${index}`): Event {
  return { id: `${index}`, ts: index, type, source: { kind: 'test' }, payload: { text } }
}

function plainView(): View {
  return {
    ...sightless,
    status: () => ({ tick: 7 }),
    events: () => [],
    timings: () => ({ ticks: 7 }),
    sentinels: () => [{ path: 'a.md' }],
    metrics: () => 'a 1\n',
    health: () => ({ live: true, ready: true, health: 'ok' }),
    command: async () => ({ never: 'served here' }),
  }
}

/** Each call goes to the view of the test that runs, so that one server serves them all. */
const view: View = {
  ...sightless,
  status: () => shown.status(),
  events: () => shown.events(),
  timings: () => shown.timings(),
  sentinels: () => shown.sentinels(),
  metrics: () => shown.metrics(),
  health: () => shown.health(),
  command: (order) => shown.command(order),
}

async function start(options: Partial<InspectorOptions> = {}): Promise<Inspector> {
  const started = await inspector(view, { port: 0, token_file: join(folder, 'token'), log, ...options })
  open.push(started)
  return started
}

function ask({ method = 'GET', path = '/api/status', headers = {}, body }: Asked, port = page.port): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => {
        const { statusCode: status = 0, headers: received } = response
        const isJson = text !== '' && received['content-type']?.startsWith('application/json') === true
        resolve({ status, headers: received, text, body: isJson ? JSON.parse(text) : {} })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const bearer = (): { authorization: string } => ({ authorization: `Bearer ${token}` })

function codeOf(answer: Answer): string {
  return (answer.body['error'] as { code: string }).code
}

/** Resolves when a connection has ended, in whatever way. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Sends bytes as they are and collects what comes until the other side closes. */
async function raw(bytes: string, port = page.port): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => socket.destroy())
  socket.write(bytes)
  await closeOf(socket)
  return text
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promethean-inspector-'))
  lines = []
  page = await start()
  token = (await readFile(join(folder, 'token'), 'utf8')).trim()
})

beforeEach(() => {
  lines = []
  shown = plainView()
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const started of open.splice(1)) await started.close()
})

afterAll(async () => {
  await page.close()
  await rm(folder, { recursive: true, force: true })
})

describe('what the inspector shows', () => {
  it('serves the four views to whoever holds the token', async () => {
    shown.events = () => [eventOf(1)]
    const bodies = [{ tick: 7 }, { events: [eventOf(1)], left_out: 0 }, { ticks: 7 }, { sentinels: [{ path: 'a.md' }] }]
    for (const [index, path] of apiPaths.entries()) {
      const answer = await ask({ path, headers: bearer() })
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual(bodies[index])
    }
  })

  it('answers HEAD like GET, without the body', async () => {
    const whole = await ask({ headers: bearer() })
    const head = await ask({ method: 'HEAD', headers: bearer() })
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(head.headers['content-length']).toBe(whole.headers['content-length'])
  })

  it('gives the newest events, oldest first, and counts what it left out', async () => {
    shown.events = () => [eventOf(1), eventOf(2, 'tick.slow'), eventOf(3), eventOf(4)]
    const { body } = await ask({ path: '/api/events?limit=2&type=note.', headers: bearer() })
    expect(body).toEqual({ events: [eventOf(3), eventOf(4)], left_out: 1 })
  })

  it.each(['0', '-1', '1e3', '10000', '', '1.5', '%31%20'])('refuses the limit %j', async (limit) => {
    expect((await ask({ path: `/api/events?limit=${limit}`, headers: bearer() })).status).toBe(400)
  })

  it('refuses parameters nobody declared, without repeating them', async () => {
    for (const path of apiPaths) {
      const answer = await ask({ path: `${path}?gatewayUrl=http://evil.example`, headers: bearer() })
      expect([answer.status, codeOf(answer)]).toEqual([400, 'QUERY'])
      expect(answer.text).not.toContain('evil')
    }
  })

  it('shows a huge event without its payload, and bounds the whole answer', async () => {
    const huge = 'x'.repeat(3_000_000)
    shown.events = () => [eventOf(1), eventOf(2, 'huge', huge), eventOf(3, 'huge', huge), eventOf(4, 'huge', huge)]
    const { body, text } = await ask({ path: '/api/events', headers: bearer() })
    const events = body['events'] as { id: string; payload?: object; event_chars?: number }[]
    expect(events.map((event) => event.id)).toEqual(['2', '3', '4'])
    expect(events[0]).not.toHaveProperty('payload')
    expect(events[0]!.event_chars).toBeGreaterThan(3_000_000)
    expect(body['left_out']).toBe(1)
    expect(text.length).toBeLessThan(2_000)
  })

  it('answers probes without a token: 200 or 503, with the word for the health', async () => {
    expect(await ask({ path: '/livez' })).toMatchObject({ status: 200, body: { live: true, health: 'ok' } })
    shown.health = () => ({ live: true, ready: false, health: 'store_full' })
    expect(await ask({ path: '/livez' })).toMatchObject({ status: 200, body: { live: true, health: 'store_full' } })
    expect(await ask({ path: '/readyz' })).toMatchObject({ status: 503, body: { ready: false, health: 'store_full' } })
  })

  it('sends the same protecting headers with every reply', async () => {
    const asked: Asked[] = [
      { headers: bearer() },
      {},
      { path: '/nothing' },
      { path: '/livez' },
      { method: 'POST' },
      { headers: { host: 'evil' } },
    ]
    for (const question of asked) {
      const { headers } = await ask(question)
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'content-security-policy': "default-src 'self'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      })
      for (const name of ['server', 'x-powered-by', 'access-control-allow-origin'])
        expect(headers).not.toHaveProperty(name)
    }
  })

  it('answers 500 with a code when a view fails, says why in the log, and shows no inside', async () => {
    shown.status = () => {
      throw new TypeError('secret inside')
    }
    shown.timings = () => {
      throw new EngineError('STORE_GONE', 'secret inside')
    }
    shown.sentinels = () => [{ count: 1n }]
    shown.health = () => {
      throw new Error('secret inside')
    }
    const codes = []
    for (const path of ['/api/status', '/api/timings', '/api/sentinels', '/livez']) {
      const answer = await ask({ path, headers: bearer() })
      expect(answer.status).toBe(500)
      expect(answer.text).not.toMatch(/secret|\bat |\.ts/)
      codes.push(codeOf(answer))
    }
    expect(codes).toEqual(['VIEW_FAILED', 'STORE_GONE', 'VIEW_FAILED', 'VIEW_FAILED'])
    expect(lines.filter((line) => line.includes('secret inside'))).toHaveLength(3)
  })

  it('says where the API is to who asks for what is not there', async () => {
    const answer = await ask({ path: '/nothing' })
    expect(answer.status).toBe(404)
    for (const path of [...apiPaths, '/livez', '/readyz']) expect(answer.text).toContain(path)
  })

  it('serves the shell of its page to whoever asks, under a policy that trusts this origin alone', async () => {
    const { status, headers, text } = await ask({ path: '/' })
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = String(headers['content-security-policy']).split('; ')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' })
    expect(text).not.toMatch(/<script>|\son\w+=|\sstyle=/)
    const tag = String(headers['etag'])
    expect(await ask({ path: '/', headers: { 'if-none-match': tag } })).toMatchObject({ status: 304, text: '' })
    const script = await ask({ path: '/page/dom.ts' })
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
    expect(script.text).not.toContain('export type')
  })

  it('opens nothing by a path of the request', async () => {
    for (const path of [
      '/page/../page.ts',
      '/page/%2e%2e/page.ts',
      '/page/..%2fpage.ts',
      '/page//etc/passwd',
      '/page/dom.ts%00',
    ]) {
      expect((await ask({ path })).status, path).toBe(404)
    }
  })

  it('takes no orders', async () => {
    let orders = 0
    shown.command = async () => ({ orders: ++orders })
    const body = JSON.stringify({ command: 'stop', path: 'a.md' })
    const headers = { ...bearer(), 'content-type': 'application/json' }
    expect((await ask({ method: 'POST', path: '/api/command', headers, body })).status).toBe(405)
    expect((await ask({ path: '/api/command', headers: bearer() })).status).toBe(404)
    expect(orders).toBe(0)
  })
})

describe('who may ask', () => {
  const here = (name: string): string => `${name}:${page.port}`

  it.each(['localhost', '127.0.0.1', '[::1]', 'LocalHost'])('serves under the name %s', async (name) => {
    expect((await ask({ headers: { ...bearer(), host: here(name) } })).status).toBe(200)
  })

  it('refuses other hosts and ports, also with the token and for probes', async () => {
    const others = [
      'evil.example',
      here('evil.example'),
      'localhost',
      'localhost:1',
      here('localhost.'),
      here('127.0.0.2'),
    ]
    for (const host of [...others, here('localhost.evil.example'), `${here('localhost')}@evil`, here('0.0.0.0')]) {
      for (const path of ['/api/status', '/livez', '/']) {
        const answer = await ask({ path, headers: { ...bearer(), host } })
        expect([host, answer.status, codeOf(answer)]).toEqual([host, 403, 'HOST'])
      }
    }
  })

  it('refuses a missing host, an empty one and two', async () => {
    expect(await raw('GET /livez HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /)
    expect(await raw('GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /)
    expect(await raw('GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    const two = `Host: ${here('localhost')}\r\nHost: evil.example\r\nConnection: close`
    expect(await raw(`GET /livez HTTP/1.1\r\n${two}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4/)
  })

  it('takes an origin only when it is the host itself', async () => {
    const same = { ...bearer(), host: here('localhost'), origin: `http://${here('localhost')}` }
    expect((await ask({ headers: same })).status).toBe(200)
    const others = [
      'https://evil.example',
      'null',
      `https://${here('localhost')}`,
      `http://${here('127.0.0.1')}`,
      'http://localhost',
      '',
    ]
    for (const origin of others) {
      for (const path of ['/api/status', '/livez']) {
        const answer = await ask({ path, headers: { ...same, origin } })
        expect([origin, answer.status, codeOf(answer)]).toEqual([origin, 403, 'ORIGIN'])
      }
    }
  })

  it('serves a web socket handshake of another origin no differently', async () => {
    const headers = { ...bearer(), origin: 'https://evil.example', connection: 'Upgrade', upgrade: 'websocket' }
    expect((await ask({ headers })).status).toBe(403)
  })

  it('refuses a missing or wrong token alike, and says how to send it', async () => {
    const wrong = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      token,
    ]
    const texts = new Set<string>()
    for (const authorization of wrong) {
      const answer = await ask({ headers: authorization === undefined ? {} : { authorization } })
      expect([authorization, answer.status]).toEqual([authorization, 401])
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer /)
      texts.add(answer.text)
    }
    expect(texts.size).toBe(1)
    expect((await ask({ headers: { authorization: `bearer ${token}` } })).status).toBe(200)
  })

  it('takes no token from the address, and writes none to the log', async () => {
    shown.status = () => {
      throw new Error('view is down')
    }
    for (const query of [`token=${token}`, `access_token=${token}`]) {
      expect((await ask({ path: `/api/status?${query}` })).status).toBe(401)
      expect((await ask({ path: `/api/status?${query}`, headers: bearer() })).status).toBe(400)
    }
    expect((await ask({ headers: bearer() })).status).toBe(500)
    expect(lines.join('\n')).toContain('view is down')
    expect(lines.join('\n')).not.toContain(token)
  })

  it('hides from strangers which paths of the API exist', async () => {
    for (const path of ['/api', '/api/', '/api/nothing', '/api/../livez', '/api/status/', '/api/command']) {
      expect([path, (await ask({ path })).status]).toEqual([path, 401])
      expect([path, (await ask({ path, headers: bearer() })).status]).toEqual([path, 404])
    }
  })

  it('checks host, origin, method, body and token in this order', async () => {
    const order: { wrong: (asked: Required<Asked>) => void; status: number }[] = [
      { wrong: (asked) => Object.assign(asked.headers, { host: 'evil.example' }), status: 403 },
      { wrong: (asked) => Object.assign(asked.headers, { origin: 'https://evil.example' }), status: 403 },
      { wrong: (asked) => Object.assign(asked, { method: 'PUT' }), status: 405 },
      { wrong: (asked) => Object.assign(asked, { body: 'x' }), status: 413 },
      { wrong: (asked) => Object.assign(asked.headers, { authorization: 'Bearer wrong' }), status: 401 },
      { wrong: (asked) => Object.assign(asked, { path: '/api/nothing' }), status: 404 },
    ]
    const codes = ['HOST', 'ORIGIN', 'METHOD', 'BODY', 'TOKEN', 'NOT_FOUND']
    for (let first = 0; first < order.length; first++) {
      const asked: Required<Asked> = { method: 'GET', path: '/api/status', headers: bearer(), body: '' }
      for (const { wrong } of order.slice(first)) wrong(asked)
      const length = asked.body === '' ? {} : { 'content-length': asked.body.length }
      const answer = await ask({ ...asked, headers: { ...asked.headers, ...length } })
      expect([answer.status, codeOf(answer)]).toEqual([order[first]!.status, codes[first]])
    }
  })

  it('finds nothing under any other path, whatever is asked for', async () => {
    const tricks = [
      '/..%2f..%2fetc/passwd',
      '/%00',
      '//etc/passwd',
      '/livez/',
      '/LIVEZ',
      '/livez%00',
      '/./livez',
      '/../livez',
      '/constructor',
    ]
    const path = fc.oneof(
      fc.constantFrom(...tricks),
      fc.webPath().map((text) => `/x${text}`),
    )
    await fc.assert(
      fc.asyncProperty(path, async (asked) => {
        const answer = await ask({ path: asked, headers: bearer() })
        expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND'])
      }),
      { numRuns: 50 },
    )
    expect(
      await raw(`GET http://evil.example/livez HTTP/1.1\r\nHost: ${here('localhost')}\r\nConnection: close\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 404 /)
  })
})

describe('what a peer may cost', () => {
  const head = (line: string): string => `${line}\r\nHost: localhost:${page.port}\r\n`

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])('refuses %s', async (method) => {
    const answer = await ask({ method, headers: bearer() })
    expect([answer.status, codeOf(answer), answer.headers.allow]).toEqual([405, 'METHOD', 'GET, HEAD'])
  })

  it('refuses a body before it is sent, and ends the connection', async () => {
    const announced = await raw(`${head('GET /livez HTTP/1.1')}Content-Length: 1073741824\r\n\r\n`)
    expect(announced).toMatch(/^HTTP\/1\.1 413 /)
    expect(announced.toLowerCase()).toContain('connection: close')
    expect(await raw(`${head('GET /livez HTTP/1.1')}Transfer-Encoding: chunked\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
    expect(await raw(`${head('POST /api/status HTTP/1.1')}Content-Length: 1073741824\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 405 /,
    )
  })

  it('refuses headers that are too long', async () => {
    expect(await raw(`${head('GET /livez HTTP/1.1')}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('refuses headers that are too many, so that none is dropped unseen', async () => {
    const filler = (count: number): string => Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join('')
    const hidden = `${filler(100)}Origin: https://evil.example\r\nConnection: close\r\n\r\n`
    expect(await raw(head('GET /livez HTTP/1.1') + hidden)).toMatch(/^HTTP\/1\.1 431 /)
    expect(await raw(`${head('GET /livez HTTP/1.1')}Connection: close\r\n${filler(62)}\r\n`)).toMatch(
      /^HTTP\/1\.1 200 /,
    )
    expect(await raw(`${head('GET /livez HTTP/1.1')}Connection: close\r\n${filler(63)}\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    )
  })

  it('cuts off a client that sends its headers slowly, or nothing at all', async () => {
    const { port } = await start({ limits: { headers_ms: 100, request_ms: 100, check_ms: 20 } })
    expect(await raw('GET /livez HTTP/1.1\r\nHost: lo', port)).toMatch(/^HTTP\/1\.1 408 /)
    expect(await raw('', port)).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('cuts off a client that does not read', async () => {
    shown.status = () => ({ text: 'x'.repeat(30_000_000) })
    const started = await start({ limits: { idle_ms: 100, close_ms: 3_600_000 } })
    const { port } = started
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.write(`GET /api/status HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    const [first] = await once(socket, 'data')
    socket.pause()
    expect(String(first)).toMatch(/^HTTP\/1\.1 200 /)
    // It would wait an hour for the rest of this reply, were the connection not cut.
    await started.close()
  })

  it('closes connections beyond the limit unheard', async () => {
    const { port } = await start({ limits: { connections_max: 2 } })
    for (const index of [0, 1]) {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      socket.write(`GET /livez HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
      expect([index, String((await once(socket, 'data'))[0])]).toEqual([
        index,
        expect.stringMatching(/^HTTP\/1\.1 200 /),
      ])
    }
    expect(await raw(`GET /livez HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`, port)).toBe('')
  })

  it('answers garbage with 400 and goes on', async () => {
    expect(await raw('\u0016\u0003\u0001 hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect((await ask({ path: '/livez' })).status).toBe(200)
  })
})

describe('how it starts and ends', () => {
  it.each(['0.0.0.0', '::', '192.168.0.1', 'example.org', '127.0.0.2', ''])('refuses to listen at %j', async (host) => {
    const started = start({ host, token_file: join(folder, 'unused') })
    await expect(started).rejects.toMatchObject({
      code: 'ADAPTER_OPTION',
      message: expect.stringContaining('loopback'),
    })
    expect(await readdir(folder)).toEqual(['token'])
  })

  it.each([-1, 65_536, 1.5, Number.NaN])('refuses the port %d', async (port) => {
    await expect(start({ port })).rejects.toMatchObject({ code: 'ADAPTER_OPTION' })
  })

  it('names the port that is in use', async () => {
    const started = start({ port: page.port })
    await expect(started).rejects.toMatchObject({ code: 'LISTEN_FAILED', value: page.port })
    await expect(started).rejects.toThrow(`port ${page.port} of 127.0.0.1 is in use`)
  })

  it('listens at 127.0.0.1 for localhost', async () => {
    const { port } = await start({ host: 'localhost' })
    expect((await ask({ path: '/livez' }, port)).status).toBe(200)
  })

  it('ends though a client holds its connection, and twice alike', async () => {
    const started = await start({ limits: { close_ms: 50 } })
    const socket = connect(started.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.write('GET /livez HTTP/1.1\r\n')
    await once(socket, 'connect')
    await Promise.all([started.close(), started.close(), closeOf(socket)])
    await expect(ask({ path: '/livez' }, started.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

it('metrics want the token, and come as Prometheus reads them', async () => {
  const { port } = await start()
  const url = `http://127.0.0.1:${port}/metrics`
  expect((await fetch(url)).status).toBe(401)
  const token = (await readFile(join(folder, 'token'), 'utf8')).trim()
  const reply = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(await reply.text()).toBe('a 1\n')
})
