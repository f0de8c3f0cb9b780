import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { LLMock } from '@copilotkit/aimock'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type OpenaiOptions, openai } from '../../adapters/openai.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { LlmChat } from '../../systems/events.ts'

const key = 'secret-0123456789'
const question = { task: 'test', messages: [{ role: 'user', content: 'hello' }] }
const schema = { type: 'object', properties: { a: { type: 'string' } } }

type Sent = { url: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }
type Reply = (response: ServerResponse, sent: Sent) => void | Promise<void>

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** A server on loopback that answers each request with the next reply, the last one for ever. */
async function serve(...replies: Reply[]) {
  const sent: Sent[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((request, response) => {
    // The pool of `fetch` keeps idle connections for a while; only those with an unfinished answer are counted.
    sockets.add(request.socket)
    response.on('finish', () => sockets.delete(request.socket))
    response.on('close', () => sockets.delete(request.socket))
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>
      const one = { url: request.url ?? '', headers: request.headers, body }
      sent.push(one)
      response.on('error', () => undefined)
      void replies[Math.min(sent.length, replies.length) - 1]!(response, one)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, sent, sockets }
}

type More = Partial<OpenaiOptions> & { attempt?: number; signal?: AbortSignal; request?: Payload }

function ask(base_url: string, { attempt = 1, signal, request = question, ...more }: More = {}): Promise<Payload> {
  const limits = { first_byte_ms: 5_000, idle_ms: 5_000, total_ms: 10_000 }
  const adapter = openai({ base_url, model: 'tiny', api_key: key, api_key_name: 'env:TINY_KEY', ...limits, ...more })
  const call = { effect_id: 1, attempt, signal: signal ?? new AbortController().signal }
  return adapter.effects![LlmChat.name]!(request, call)
}

async function failureOf(asked: Promise<unknown>): Promise<EffectFailure> {
  const thrown: unknown = await asked.then(
    (done) => new Error(`answered: ${JSON.stringify(done)}`),
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(EffectFailure)
  const failure = thrown as EffectFailure
  expect(failure.message).not.toContain(key)
  expect(failure.message).not.toMatch(/\n/)
  return failure
}

const asJson = (response: ServerResponse, value: unknown, status = 200, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}
const asEvents = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const chunk = (content: string | null, finish_reason: string | null = null): string =>
  event({ model: 'tiny-1', choices: [{ index: 0, delta: { content }, finish_reason }] })
const completion = (content: unknown, finish_reason: string | null = 'stop') => ({
  model: 'tiny-1',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason }],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
})

describe('openai: answers', () => {
  it('gathers a stream and its usage', async () => {
    const { base_url, sent } = await serve((response) => {
      asEvents(response).write(': ping\n\n')
      response.write(event({ model: 'tiny-1', choices: [{ index: 0, delta: { role: 'assistant' } }] }))
      response.write(chunk('Hel'))
      response.write(chunk('lo ✓'))
      response.write(chunk(null, 'stop'))
      response.write(event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }))
      response.end('data: [DONE]\n\n')
    })
    const done = await ask(`${base_url}/`, { temperature: 0 })
    expect(done).toEqual({ content: 'Hello ✓', model: 'tiny-1', finish: 'stop', tokens_in: 3, tokens_out: 2 })
    expect(sent[0]).toMatchObject({
      url: '/v1/chat/completions',
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'tiny', stream: true, temperature: 0, stream_options: { include_usage: true } },
    })
  })

  it('takes an answer in one piece, asked for or not', async () => {
    const { base_url, sent } = await serve((response) => asJson(response, completion('Hello')))
    const expected = { content: 'Hello', model: 'tiny-1', finish: 'stop', tokens_in: 3, tokens_out: 2 }
    expect(await ask(base_url, { stream: false })).toEqual(expected)
    expect(await ask(base_url)).toEqual(expected)
    expect(sent[0]!.body).toEqual({ model: 'tiny', messages: question.messages, stream: false })
  })

  it('says when an answer was cut by its length', async () => {
    const { base_url } = await serve((response) => asJson(response, completion('{"half', 'length')))
    expect(await ask(base_url)).toMatchObject({ content: '{"half', finish: 'length' })
  })

  it('does not wait for the end of a stream whose answer is whole', async () => {
    const { base_url, sockets } = await serve((response) => void asEvents(response).write(chunk('Hi', 'stop')))
    expect(await ask(base_url, { idle_ms: 30 })).toMatchObject({ content: 'Hi', finish: 'stop' })
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  it('keeps a whole answer when its connection breaks afterwards', async () => {
    const { base_url } = await serve((response) => {
      asEvents(response).write(chunk('Hi', 'stop'), () => setTimeout(() => response.socket?.resetAndDestroy(), 20))
    })
    expect(await ask(base_url)).toMatchObject({ content: 'Hi', finish: 'stop' })
  })

  it('sends data as JSON text, developers as system, and the model asked for', async () => {
    const { base_url, sent } = await serve((response) => asJson(response, completion('ok')))
    const content = { path: 'a.md', nested: ['"quoted"'] }
    const messages = [
      { role: 'developer', content: 'be brief' },
      { role: 'user', content },
    ]
    await ask(base_url, { request: { task: 'test', messages, model: 'other' } })
    expect(sent[0]!.body).toMatchObject({
      model: 'other',
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: JSON.stringify(content) },
      ],
    })
  })

  it('sends a placeholder where no key is needed, and nothing the environment holds for others', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'sk-for-another-service')
    vi.stubEnv('OPENAI_ORG_ID', 'org-private')
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'x-private: 1')
    cleanups.push(() => void vi.unstubAllEnvs())
    const { base_url, sent } = await serve((response) => asJson(response, completion('ok')))
    await ask(base_url, { api_key: ' \n' })
    expect(sent[0]!.headers['authorization']).toBe('Bearer none')
    expect(JSON.stringify(sent[0]!.headers)).not.toContain('private')
  })
})

describe('openai: schemas', () => {
  const request = { ...question, schema }
  const unsupported = (what: string) => ({
    error: { message: `Unknown parameter: ${what}`, code: 'unknown_parameter' },
  })

  it('asks for a schema', async () => {
    const { base_url, sent } = await serve((response) => asJson(response, completion('{}')))
    await ask(base_url, { request })
    const json_schema = { name: 'answer', strict: false, schema }
    expect(sent[0]!.body['response_format']).toEqual({ type: 'json_schema', json_schema })
  })

  it('asks in words where schemas are off, and without a format where none is known', async () => {
    const { base_url, sent } = await serve(
      (response) => asJson(response, unsupported('response_format'), 422),
      (response) => asJson(response, completion('{}')),
    )
    const messages = [{ role: 'system', content: 'be brief' }, ...question.messages]
    await ask(base_url, { json_schema: false, request: { ...request, messages } })
    expect(sent.map(({ body }) => body['response_format'])).toEqual([{ type: 'json_object' }, undefined])
    const asked = sent[0]!.body['messages'] as { content: string }[]
    expect(asked).toHaveLength(2)
    expect(asked[0]!.content).toMatch(/^be brief\n\n/)
    expect(asked[0]!.content).toContain(JSON.stringify(schema))
  })

  it('learns what an endpoint does not understand', async () => {
    const { base_url, sent } = await serve(
      (response) => asJson(response, unsupported('stream_options'), 400),
      (response) => asJson(response, unsupported('json_schema'), 400),
      (response) => asJson(response, completion('{}')),
    )
    const adapter = openai({ base_url, model: 'tiny' })
    const call = { effect_id: 1, attempt: 1, signal: new AbortController().signal }
    await adapter.effects![LlmChat.name]!(request, call)
    await adapter.effects![LlmChat.name]!(request, call)
    expect(sent.map(({ body }) => [body['stream_options'] !== undefined, body['response_format']])).toEqual([
      [true, expect.objectContaining({ type: 'json_schema' })],
      [false, expect.objectContaining({ type: 'json_schema' })],
      [false, { type: 'json_object' }],
      [false, { type: 'json_object' }],
    ])
  })

  it('gives up when no plainer request helps', async () => {
    const { base_url, sent } = await serve((response) => asJson(response, unsupported('messages'), 400))
    expect(await failureOf(ask(base_url, { request }))).toMatchObject({ code: 'BAD_REQUEST', transient: false })
    expect(sent).toHaveLength(3)
  })
})

describe('openai: statuses', () => {
  const status = async (code: number, error: unknown = {}, headers = {}, more: More = {}) => {
    const { base_url, sent } = await serve((response) => asJson(response, { error }, code, headers))
    const failure = await failureOf(ask(base_url, more))
    expect(sent).toHaveLength(1)
    return { failure, base_url }
  }

  it.each([500, 502, 503, 504, 529, 408, 409])('%i is a transient failure of the server', async (code) => {
    const { failure } = await status(code, { message: 'busy' })
    expect(failure).toMatchObject({ code: 'SERVER', transient: true })
    expect(failure.message).toContain('busy')
  })

  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '0.25' }, 250],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1_500],
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('429 with %j waits %s ms', async (headers, retry_after_ms) => {
    const { failure } = await status(429, { message: 'slow down' }, headers)
    expect(failure).toMatchObject({ code: 'RATE_LIMITED', transient: true, retry_after_ms })
  })

  it.each([
    [429, { 'retry-after': '3600' }, 3_600_000],
    [429, { 'retry-after': '121' }, 121_000],
    [503, { 'retry-after': '3600' }, 3_600_000],
    [429, { 'retry-after': 'Fri, 31 Dec 2199 23:59:59 GMT' }, 2_147_483_647],
  ])('%i with %j is put off, not tried again', async (code, headers, retry_after_ms) => {
    const { failure } = await status(code, { message: 'slow down' }, headers)
    expect(failure).toMatchObject({ code: 'DEFERRED', transient: false, retry_after_ms })
    expect(failure.message).toContain('slow down')
  })

  it('an account that is used up is put off for an hour', async () => {
    const error = { message: 'You exceeded your current quota', code: 'insufficient_quota' }
    const { failure } = await status(429, error, { 'retry-after': '1' })
    expect(failure).toMatchObject({ code: 'DEFERRED', transient: false, retry_after_ms: 3_600_000 })
  })

  it.each([
    [{ message: 'no access to model `tiny`', code: 'model_not_found' }, 'BAD_REQUEST'],
    [{ message: 'Your input was flagged', code: 403 }, 'REFUSED'],
  ])('403 with %j is not the key', async (error, code) => {
    const { failure } = await status(403, error)
    expect(failure).toMatchObject({ code, transient: false })
  })

  it('honours a date to come', async () => {
    const { failure } = await status(429, {}, { 'retry-after': new Date(Date.now() + 30_000).toUTCString() })
    expect(failure.retry_after_ms).toBeGreaterThan(5_000)
    expect(failure.retry_after_ms).toBeLessThanOrEqual(30_000)
  })

  it.each([401, 403])('%i names what to check and never the key', async (code) => {
    const { failure } = await status(code, { message: `Incorrect API key provided: ${key.slice(0, 12)}****` })
    expect(failure).toMatchObject({ code: 'AUTH', transient: false })
    expect(failure.message).toContain('env:TINY_KEY')
    expect(failure.message).not.toContain(key.slice(0, 8))
  })

  it('404 names the model and the endpoint', async () => {
    const { failure, base_url } = await status(404, { message: 'no such model' })
    expect(failure).toMatchObject({ code: 'BAD_REQUEST', transient: false })
    expect(failure.message).toContain('tiny')
    expect(failure.message).toContain(base_url)
  })

  it.each([
    [400, { code: 'context_length_exceeded', message: "This model's maximum context length is 8192 tokens" }],
    [400, { message: 'the request exceeds the available context size', type: 'exceed_context_size_error' }],
    [413, 'Payload Too Large'],
    [500, { message: 'the request exceeds the available context size, try increasing it' }],
    [400, { message: 'The input token count (9) exceeds the maximum number of tokens allowed (8).' }],
    [400, { message: 'prompt is too long: 9 tokens > 8 maximum' }],
  ])('%i %j is too long', async (code, error) => {
    const { failure } = await status(code, error, {}, { request: { ...question, schema } })
    expect(failure).toMatchObject({ code: 'CONTEXT_TOO_LONG', transient: false })
  })

  it('scrubs a key that the far side echoes', async () => {
    const { failure } = await status(400, { message: `bad header Bearer ${key}\nand ${key} and sk-abcdefghijklmnop` })
    expect(failure.message).toContain('[key]')
    expect(failure.message).not.toContain('sk-abc')
  })

  it('does not wait for the rest of an error', async () => {
    const { base_url, sockets } = await serve((response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).write('{"error":')
    })
    expect(await failureOf(ask(base_url, { idle_ms: 30 }))).toMatchObject({ code: 'AUTH' })
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  it('follows no redirect', async () => {
    const other = await serve((response) => asJson(response, completion('stolen')))
    const { base_url } = await serve((response) => {
      response.writeHead(307, { location: `${other.base_url}/chat/completions?key=${key}` }).end()
    })
    const failure = await failureOf(ask(base_url))
    expect(failure).toMatchObject({ code: 'REDIRECT', transient: false })
    expect(failure.message).toContain(new URL(other.base_url).origin)
    expect(other.sent).toEqual([])
  })
})

describe('openai: answers that are none', () => {
  it.each<[string, Reply]>([
    ['HTML', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>')],
    ['no content type', (response) => void response.writeHead(200).end('{}')],
    ['an empty object', (response) => asJson(response, {})],
    ['a list', (response) => asJson(response, [])],
    ['no choices', (response) => asJson(response, { choices: [] })],
    ['null content', (response) => asJson(response, completion(null))],
    ['content that is no text', (response) => asJson(response, completion({ a: 1 }))],
    [
      'a message that is no object',
      (response) => asJson(response, { choices: [{ message: 'hi', finish_reason: 'stop' }] }),
    ],
    ['tool calls', (response) => asJson(response, completion(null, 'tool_calls'))],
    ['an error with 200', (response) => asJson(response, { error: { message: 'oops' } })],
    [
      'cut JSON',
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":['),
    ],
    ['events that are no JSON', (response) => void asEvents(response).end('data: {oops\n\n')],
    ['events that are no chunks', (response) => void asEvents(response).end('data: 42\n\n')],
    ['a stream of garbage', (response) => void asEvents(response).end(Buffer.alloc(5_000, 0xfe))],
    ['an empty stream', (response) => void asEvents(response).end('data: [DONE]\n\n')],
    [
      'an error within a stream',
      (response) => {
        asEvents(response).write(chunk('Hel'))
        response.end(event({ error: { message: 'overloaded', code: 'server_error' } }))
      },
    ],
    [
      'broken compression',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        response.end('this is not gzip, whatever the header says')
      },
    ],
  ])('%s', async (_name, reply) => {
    const { base_url } = await serve(reply)
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'BAD_RESPONSE', transient: true })
  })

  it('is tried again once only', async () => {
    const { base_url } = await serve((response) => asJson(response, {}))
    expect(await failureOf(ask(base_url, { attempt: 2 }))).toMatchObject({ code: 'BAD_RESPONSE', transient: false })
  })

  it('is not HTTP at all', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-nothing\r\n'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => void server.close())
    const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'BAD_RESPONSE', transient: true })
  })

  it('a stream without its end is truncated, never an answer', async () => {
    const { base_url } = await serve((response) => void asEvents(response).end(chunk('half an ans')))
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'TRUNCATED', transient: true })
  })

  it('a whole answer without its end is truncated too', async () => {
    const { base_url } = await serve((response) => asJson(response, completion('half', null)))
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'TRUNCATED', transient: true })
  })

  it.each([
    ['content_filter', completion(null, 'content_filter')],
    ['a refusal', { choices: [{ message: { content: null, refusal: 'I cannot' }, finish_reason: 'stop' }] }],
  ])('%s is a refusal', async (_name, value) => {
    const { base_url } = await serve((response) => asJson(response, value))
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'REFUSED', transient: false })
  })
})

/** Tells once that a response takes more, or is gone. */
function drained(response: ServerResponse, tell: (value?: unknown) => void): void {
  const told = (): void => {
    response.off('drain', told).off('close', told)
    tell()
  }
  response.on('drain', told).on('close', told)
}

describe('openai: bounds', () => {
  const flood = async (response: ServerResponse, piece: string): Promise<void> => {
    let left = 50_000_000
    while (left > 0 && !response.destroyed) {
      left -= piece.length
      if (!response.write(piece)) await new Promise((resolve) => drained(response, resolve))
    }
    response.end()
  }

  it.each<[string, Reply]>([
    ['chunks', (response) => flood(asEvents(response), chunk('word '.repeat(2_000)))],
    ['one line', (response) => flood(asEvents(response), 'data: '.repeat(2_000))],
    ['comments', (response) => flood(asEvents(response), ': ping\n\n'.repeat(2_000))],
    ['JSON', (response) => flood(response.writeHead(200, { 'content-type': 'application/json' }), ' '.repeat(20_000))],
    [
      'compressed blanks',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        response.end(gzipSync(Buffer.alloc(50_000_000, 32)))
      },
    ],
  ])('an answer of 50 MB of %s is not read', async (_name, reply) => {
    const { base_url, sockets } = await serve(reply)
    const failure = await failureOf(ask(base_url, { answer_bytes_max: 20_000 }))
    expect(failure).toMatchObject({ code: 'BAD_RESPONSE' })
    expect(failure.message).toContain('larger than 20000 bytes')
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  it('an endless error is cut', async () => {
    const { base_url, sockets } = await serve((response) => flood(response.writeHead(500), 'oops '.repeat(2_000)))
    const failure = await failureOf(ask(base_url))
    expect(failure).toMatchObject({ code: 'SERVER' })
    expect(failure.message.length).toBeLessThanOrEqual(400)
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  it.each<[string, Reply, More, string]>([
    ['no headers', () => undefined, { first_byte_ms: 40 }, 'the first byte'],
    ['headers and no body', (response) => asEvents(response).flushHeaders(), { first_byte_ms: 40 }, 'the first byte'],
    [
      'a stalled stream',
      (response) => void asEvents(response).write(chunk('Hel')),
      { idle_ms: 40 },
      'more of its answer',
    ],
    [
      'a stalled body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"choices":')
      },
      { idle_ms: 40 },
      'more of its answer',
    ],
    [
      'a drip',
      async (response) => {
        asEvents(response)
        for (let count = 0; count < 200 && !response.destroyed; count++) {
          response.write(count % 2 === 0 ? ':' : '\n')
          await wait(10)
        }
      },
      { total_ms: 120 },
      'the whole answer',
    ],
  ])('%s is given up', async (_name, reply, limits, what) => {
    const { base_url, sockets } = await serve(reply)
    const failure = await failureOf(ask(base_url, limits))
    expect(failure).toMatchObject({ code: 'TIMEOUT', transient: true })
    expect(failure.message).toContain(what)
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  it('one deadline holds for all that one call asks', async () => {
    const refuse: Reply = async (response) => {
      await wait(60)
      asJson(response, { error: { message: 'no' } }, 400)
    }
    const { base_url, sent } = await serve(refuse, refuse, () => undefined)
    const failure = await failureOf(ask(base_url, { total_ms: 200, request: { ...question, schema } }))
    expect(failure).toMatchObject({ code: 'TIMEOUT' })
    expect(sent.length).toBeLessThanOrEqual(3)
  })

  it('a call that is ended lets go of its connection', async () => {
    const stop = new AbortController()
    const { base_url, sockets } = await serve((response) => {
      asEvents(response).write(chunk('Hel'), () => setTimeout(() => stop.abort(), 20))
    })
    expect(await failureOf(ask(base_url, { signal: stop.signal }))).toMatchObject({ code: 'TIMEOUT', transient: true })
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  })

  it('a call that has ended asks nobody', async () => {
    const { base_url, sent } = await serve((response) => asJson(response, completion('ok')))
    expect(await failureOf(ask(base_url, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'TIMEOUT' })
    expect(sent).toEqual([])
  })
})

describe('openai: networks', () => {
  it('a reset is transient', async () => {
    const { base_url } = await serve((response) => void response.socket?.resetAndDestroy())
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'NETWORK', transient: true })
  })

  it('a reset in the middle of an answer is transient', async () => {
    const { base_url } = await serve((response) => {
      asEvents(response).write(chunk('Hel'), () => setTimeout(() => response.socket?.resetAndDestroy(), 20))
    })
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'NETWORK', transient: true })
  })

  it('a refused connection and an unknown host are transient', async () => {
    const refused = await failureOf(ask('http://127.0.0.1:1/v1'))
    expect(refused).toMatchObject({ code: 'NETWORK', transient: true })
    expect(refused.message).toContain('http://127.0.0.1:1/v1')
    expect(await failureOf(ask('http://host.invalid/v1'))).toMatchObject({ code: 'NETWORK', transient: true })
  })
})

describe('openai: options', () => {
  it.each([
    ['no scheme', { base_url: 'localhost:11434/v1' }, 'http://'],
    ['another scheme', { base_url: 'ftp://example.org' }, 'http://'],
    ['nothing', { base_url: '' }, 'http://'],
    ['a password', { base_url: `https://me:${key}@example.org/v1` }, 'password'],
    ['a query', { base_url: `https://example.org/v1?key=${key}` }, 'path'],
    ['a broken key', { api_key: `${key}\n${key}` }, 'api_key'],
    ['no model', { model: '' }, 'model'],
    ['a deadline of nothing', { idle_ms: 0 }, 'idle_ms'],
    ['a deadline no timer holds', { total_ms: 1e12 }, 'total_ms'],
    ['a size that is no number', { answer_bytes_max: Number.NaN }, 'answer_bytes_max'],
    ['a temperature', { temperature: 3 }, 'temperature'],
  ])('%s is refused', (_name, option, named) => {
    let message = ''
    try {
      openai({ base_url: 'https://example.org/v1', model: 'tiny', ...option })
    } catch (thrown) {
      message = String(thrown)
    }
    expect(message).toContain('ADAPTER_OPTION')
    expect(message).toContain(named)
    expect(message).not.toContain(key)
  })
})

describe('openai: against a compatible server', () => {
  async function mock(): Promise<{ server: LLMock; base_url: string }> {
    const server = new LLMock({ port: 0, host: '127.0.0.1' })
    cleanups.push(() => server.stop())
    await server.start()
    return { server, base_url: `${server.url}/v1` }
  }

  it.each([true, false])('converses (stream: %s)', async (stream) => {
    const { server, base_url } = await mock()
    server.onMessage('hello', { content: 'Hello from afar, in more than one piece.' })
    const done = await ask(base_url, { stream })
    expect(done).toMatchObject({ content: 'Hello from afar, in more than one piece.', finish: 'stop' })
  })

  it('gets an answer of a schema', async () => {
    const { server, base_url } = await mock()
    server.onMessage('hello', { content: '{"a":"b"}' })
    const done = await ask(base_url, { request: { ...question, schema } })
    expect(JSON.parse(String(done['content']))).toEqual({ a: 'b' })
  })

  it('hears its errors', async () => {
    const { server, base_url } = await mock()
    server.onMessage('hello', { content: 'Hello' })
    server.nextRequestError(429, { message: 'slow down', type: 'rate_limit_error' })
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'RATE_LIMITED', transient: true })
    server.setChaos({ disconnectRate: 1 })
    expect(await failureOf(ask(base_url))).toMatchObject({ transient: true })
    server.setChaos({ malformedRate: 1 })
    expect(await failureOf(ask(base_url))).toMatchObject({ code: 'BAD_RESPONSE', transient: true })
  })
})
