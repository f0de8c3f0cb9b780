import type { AddressInfo } from 'node:net'
import { assert, EngineError, reasonOf } from '../engine/errors.ts'
import { type Log, silent } from '../engine/flow/adapter.ts'
import { errnoOf } from './inspector/errno.ts'
import { fromElsewhere, notReading, unauthorized } from './inspector/guard.ts'
import { type Answer, createHttp, defaultHttpLimits, type Http, type HttpLimits, listen } from './inspector/http.ts'
import { isApi, look, targetOf, type View } from './inspector/routes.ts'
import { tokenCheck } from './inspector/token.ts'

export type { HttpLimits } from './inspector/http.ts'
export type { View } from './inspector/routes.ts'

export type InspectorOptions = {
  /** Port to listen on; 0 lets the system choose. */
  readonly port: number
  /** A loopback address: `127.0.0.1`, `::1`, or `localhost`, which means the first. */
  readonly host?: string
  /** Where the token rests. Without a file, one is made with a new token, for this user alone. */
  readonly token_file: string
  readonly log?: Log
  readonly limits?: Partial<HttpLimits>
}

export type Inspector = {
  /** The port it listens on. */
  readonly port: number
  /** Stops listening and ends what is open within a second. Safe to call twice. */
  close(): Promise<void>
}

const addresses: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
  ['::1', '::1'],
])

/**
 * Shows a running daemon on a loopback port, read-only: `/livez` and `/readyz` to everyone on this machine,
 * `/api/*` to whoever holds the token.
 * @throws EngineError ADAPTER_OPTION for a host that is not loopback, a wrong port or an unusable token file;
 * LISTEN_FAILED when the port cannot be had
 */
export async function inspector(view: View, options: InspectorOptions): Promise<Inspector> {
  const { port, host = '127.0.0.1', token_file, log = silent } = options
  const address = addresses.get(host)
  const advice = 'is not a loopback address; the inspector serves this machine only, at 127.0.0.1, ::1 or localhost'
  if (address === undefined)
    throw new EngineError('ADAPTER_OPTION', `host ${JSON.stringify(host)} ${advice}`, { value: host })
  const inRange = Number.isInteger(port) && port >= 0 && port <= 65_535
  assert(inRange, 'ADAPTER_OPTION', `port ${port} is not a whole number from 0 to 65535`, port)
  const isToken = await tokenCheck(token_file, log)
  const answer: Answer = (request) => {
    const refusal = fromElsewhere(request) ?? notReading(request)
    if (refusal !== undefined) return refusal
    const target = targetOf(request)
    if (isApi(target.path) && !isToken(request.headers.authorization)) return unauthorized()
    return look(view, target, log)
  }
  const http = createHttp(answer, { ...defaultHttpLimits, ...options.limits }, log)
  await listenAt(http, { address, port, log })
  return { port: (http.server.address() as AddressInfo).port, close: http.close }
}

async function listenAt(http: Http, at: { address: string; port: number; log: Log }): Promise<void> {
  const { address, port, log } = at
  try {
    await listen(http, { host: address, port }, log)
  } catch (thrown) {
    const taken = errnoOf(thrown) === 'EADDRINUSE'
    const why = taken ? 'is in use; stop the other program or give another port' : `cannot be had: ${reasonOf(thrown)}`
    throw new EngineError('LISTEN_FAILED', `port ${port} of ${address} ${why}`, { value: port, cause: thrown })
  }
}
