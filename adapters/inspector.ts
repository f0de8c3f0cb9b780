import type { AddressInfo } from 'node:net'
import { assert, EngineError, reasonOf } from '../engine/errors.ts'
import { type Log, silent } from '../engine/flow/adapter.ts'
import { debugPath, serveDebug } from './inspector/debug.ts'
import { errnoOf } from './inspector/errno.ts'
import { fromElsewhere, notPosting, notReading, unauthorized } from './inspector/guard.ts'
import {
  type Answer,
  createHttp,
  defaultHttpLimits,
  type Http,
  type HttpLimits,
  listen,
  type Serve,
} from './inspector/http.ts'
import { Live, type LiveLimits } from './inspector/live.ts'
import { pageOf } from './inspector/page.ts'
import { isApi, look, streamPath, targetOf, type View } from './inspector/routes.ts'
import { tokenCheck } from './inspector/token.ts'

export type { HttpLimits, Serve } from './inspector/http.ts'
export type { LiveView, Watcher } from './inspector/live.ts'
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
  readonly live?: Partial<LiveLimits>
  /** Whether debug orders are taken: pause, single steps, ticks a second. */
  readonly write?: boolean
  /** Who answers at other paths, whatever the method: reached only with the token, and from this machine. */
  readonly handlers?: { readonly [path: string]: Serve }
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
 * Shows a running daemon on a loopback port: `/livez`, `/readyz` and the empty page to everyone on this machine, `/api/*` and
 * `/metrics` to whoever holds the token. Read-only, but for debug orders where `write` allows them.
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
  const { write = false, handlers = {} } = options
  const page = pageOf(log)
  const live = new Live(view, { write, log, ...(options.live === undefined ? {} : { limits: options.live }) })
  const answer: Answer = (request) => {
    const elsewhere = fromElsewhere(request)
    if (elsewhere !== undefined) return elsewhere
    const target = targetOf(request)
    const serve = Object.hasOwn(handlers, target.path) ? handlers[target.path] : undefined
    const ordered = target.path === debugPath
    const refusal = serve !== undefined ? undefined : ordered ? notPosting(request) : notReading(request)
    if (refusal !== undefined) return refusal
    const closed = isApi(target.path) || serve !== undefined
    if (closed && !isToken(request.headers.authorization)) return unauthorized()
    if (serve !== undefined) return { status: 200, text: '', take: serve }
    if (ordered) return serveDebug(write ? (order) => view.debug(order) : undefined, request, log)
    if (target.path === streamPath) return live.answer(request.method, target.query)
    return page.at(target.path, request.headers['if-none-match']) ?? look(view, target, log)
  }
  const http = createHttp(answer, { ...defaultHttpLimits, ...options.limits }, log)
  await listenAt(http, { address, port, log })
  const close = (): Promise<void> => {
    live.close()
    return http.close()
  }
  return { port: (http.server.address() as AddressInfo).port, close }
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
