import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { ListenOptions } from 'node:net'
import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { createServer } from '../node-http.ts'

/** What one peer may cost: bytes, counts and milliseconds. */
export type HttpLimits = {
  /** Most bytes of request line and headers together. */
  readonly header_bytes_max: number
  /** Most headers of one request. */
  readonly headers_max: number
  /** How long the headers of a request may take, also those of a connection that says nothing. */
  readonly headers_ms: number
  /** How long a whole request may take to arrive. */
  readonly request_ms: number
  /** How often both deadlines are looked at. */
  readonly check_ms: number
  /** How long a connection may stand still, for instance because nobody reads the reply; 0 is for ever. */
  readonly idle_ms: number
  /** Most connections at once; further ones are closed unheard. */
  readonly connections_max: number
  /** How long `close` waits for replies that are under way. */
  readonly close_ms: number
}

export const defaultHttpLimits: HttpLimits = {
  header_bytes_max: 8_192,
  headers_max: 64,
  headers_ms: 5_000,
  request_ms: 10_000,
  check_ms: 1_000,
  idle_ms: 30_000,
  connections_max: 64,
  close_ms: 1_000,
}

/** Writes a reply itself, head and all: a stream, or somebody else's protocol. */
export type Serve = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** A reply before it is sent: JSON, or bytes, or with `lines` one object of JSON a line, each sent as it comes. */
export type Reply = {
  readonly status: number
  readonly text: string
  readonly lines?: AsyncIterable<object>
  /** Instead of `text`. */
  readonly bytes?: Uint8Array
  /** Instead of all else. */
  readonly take?: Serve
  readonly headers?: { readonly [name: string]: string }
}

/** Answers one request. What it throws becomes a reply with status 500 that says nothing about the inside. */
export type Answer = (request: IncomingMessage) => Reply | Promise<Reply>

/** A server with what is needed to end it. */
export type Http = {
  readonly server: Server
  /** Stops listening, lets replies end for a moment, then cuts what is left. Safe to call twice. */
  close(): Promise<void>
}

/** On every reply: nothing may be kept, framed, guessed at or read by another site, whatever the reply is. */
export const headersAlways = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** A reply with this body. @throws TypeError when the body cannot be written as JSON */
export function reply(status: number, body: object): Reply {
  return { status, text: JSON.stringify(body) }
}

/** A reply that says what is wrong, with a code that stays and a message for people. */
export function problem(status: number, code: string, message: string, headers: Reply['headers'] = {}): Reply {
  return { status, text: JSON.stringify({ error: { code, message } }), headers }
}

/** True when the request announces a body, however long. */
export function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  return coding !== undefined || Number(length) !== 0
}

/** A server that keeps the limits; it does not listen yet. */
export function createHttp(answer: Answer, limits: HttpLimits, log: Log): Http {
  const server = createServer({
    maxHeaderSize: limits.header_bytes_max,
    headersTimeout: limits.headers_ms,
    requestTimeout: limits.request_ms,
    keepAliveTimeout: limits.headers_ms,
    connectionsCheckingInterval: limits.check_ms,
    insecureHTTPParser: false,
  })
  // Node drops headers beyond its count without a word, and one of them could be `Origin`: one more is let in, and refused.
  server.maxHeadersCount = limits.headers_max + 1
  server.maxConnections = limits.connections_max
  server.timeout = limits.idle_ms
  server.on('request', (request, response) => void respond(request, response, { answer, limits, log }))
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= closed(server, limits.close_ms)
    return closing
  }
  return { server, close }
}

/** Resolves when the server listens, and from then on only logs its errors. Rejects with what the system said. */
export function listen({ server }: Http, at: ListenOptions, log: Log): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      server.on('error', (error) => log.warn({ reason: error.message }, 'a connection could not be taken'))
      resolve()
    })
  })
}

type Means = { readonly answer: Answer; readonly limits: HttpLimits; readonly log: Log }

async function respond(request: IncomingMessage, response: ServerResponse, means: Means): Promise<void> {
  const { status, text, bytes = text, headers, lines, take } = await answered(request, means)
  if (take !== undefined) return taken(request, response, { take, log: means.log })
  if (lines !== undefined) return respondLines(response, lines, means.log)
  // What is left of a refused body is not worth reading, so the connection ends with the reply.
  const ending = status >= 400 && hasBody(request) ? { connection: 'close' } : {}
  response.writeHead(status, { ...headersAlways, ...headers, ...ending, 'content-length': Buffer.byteLength(bytes) })
  response.end(bytes)
}

async function taken(
  request: IncomingMessage,
  response: ServerResponse,
  { take, log }: { take: Serve; log: Log },
): Promise<void> {
  try {
    await take(request, response)
  } catch (thrown) {
    log.error({ reason: reasonOf(thrown) }, 'a reply could not be ended')
    response.destroy()
  }
}

/** A reader that goes away, or something that fails midway, ends the connection: half a reply is never taken for a whole one. */
async function respondLines(response: ServerResponse, lines: AsyncIterable<object>, log: Log): Promise<void> {
  response.writeHead(200, { ...headersAlways, 'content-type': 'application/x-ndjson', connection: 'close' })
  response.flushHeaders()
  try {
    for await (const line of lines) {
      if (response.destroyed) return
      response.write(`${JSON.stringify(line)}\n`)
    }
    response.end()
  } catch (thrown) {
    log.error({ reason: reasonOf(thrown) }, 'a reply in lines could not be ended')
    response.destroy()
  }
}

async function answered(request: IncomingMessage, { answer, limits, log }: Means): Promise<Reply> {
  if (request.rawHeaders.length > 2 * limits.headers_max) {
    return problem(431, 'HEADERS', `a request has at most ${limits.headers_max} headers`)
  }
  try {
    return await answer(request)
  } catch (thrown) {
    log.error({ reason: reasonOf(thrown) }, 'a request could not be answered')
    return problem(500, 'ANSWER_FAILED', 'the request could not be answered; the log says why')
  }
}

async function closed(server: Server, close_ms: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), close_ms)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  clearTimeout(cut)
}
