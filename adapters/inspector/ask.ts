import type { IncomingMessage } from 'node:http'
import { EngineError, type ErrorCode, errorCodes, reasonOf } from '../../engine/errors.ts'
import { request as httpRequest } from '../node-http.ts'
import { errnoOf } from './errno.ts'
import { atSocket, socketName } from './socket.ts'

const replyBytesMax = 67_108_864

export type Question = {
  readonly address: string
  readonly path: string
  readonly body: object | Uint8Array | undefined
  readonly signal: AbortSignal
}

/**
 * Asks the daemon of a data directory: GET, or POST when there is a body. Bytes are sent as they are, as lines of JSON.
 * Undefined when no daemon answers there.
 * @param options `deadline_ms` for the whole answer, 10 seconds without it
 * @throws EngineError with the daemon's own code where it refused; DAEMON_FAILED when it is there but did not answer well
 */
export async function askDaemon(
  directory: string,
  path: string,
  body?: object | Uint8Array,
  options: { readonly deadline_ms?: number } = {},
): Promise<object | undefined> {
  const { deadline_ms = 10_000 } = options
  const signal = AbortSignal.timeout(deadline_ms)
  try {
    return await atSocket(directory, socketName, (address) => exchange({ address, path, body, signal }))
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown
    const errno = errnoOf(thrown)
    if (errno === 'ENOENT' || errno === 'ECONNREFUSED') return undefined
    const why = signal.aborted ? `did not answer within ${deadline_ms} ms` : `cannot be asked: ${reasonOf(thrown)}`
    throw new EngineError('DAEMON_FAILED', `the daemon of ${directory} ${why}`, { value: directory, cause: thrown })
  }
}

async function exchange(question: Question): Promise<object> {
  const response = await send(question)
  const text = await textOf(response)
  const status = response.statusCode ?? 0
  const answer = parsed(text)
  if (answer === undefined) {
    throw new EngineError('DAEMON_FAILED', `the daemon answered ${status} with something that is not a JSON object`)
  }
  if (status >= 400 && 'error' in answer) throw refusalOf(answer.error, status)
  return answer
}

/** Sends one question over the socket; resolves when the head of the reply has come. */
export function send({ address, path, body, signal }: Question): Promise<IncomingMessage> {
  const isLines = body instanceof Uint8Array
  const bytes = body === undefined || isLines ? body : Buffer.from(JSON.stringify(body))
  const type = isLines ? 'application/x-ndjson' : 'application/json'
  const headers = bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length }
  const method = bytes === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath: address, path, method, headers, signal, agent: false }, resolve)
    request.on('error', reject)
    request.end(bytes)
  })
}

/** The whole text of a reply. @throws EngineError DAEMON_FAILED when it is too long */
export async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > replyBytesMax) throw new EngineError('DAEMON_FAILED', `the daemon sent over ${replyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The JSON object in a text, or undefined when it is anything else. */
export function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The daemon's error as it was thrown there, so that a caller acts on the same code in both places. */
export function refusalOf(error: unknown, status: number): EngineError {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (Object.hasOwn(errorCodes, String(code))) return new EngineError(code as ErrorCode, String(message))
  return new EngineError('DAEMON_FAILED', `the daemon answered ${status} ${code}: ${message}`, { value: code })
}
