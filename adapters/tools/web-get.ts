import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { request as requestHttp } from '../node-http.ts'
import { isPublic } from './address.ts'

/** One request to the public network, and to nothing else. */

export type Resolved = { readonly address: string; readonly family: number }

export type WebFetchOptions = {
  /** Ports that may be asked; 80 and 443 when not given. */
  readonly ports?: readonly number[]
  /** Most bytes of a page that are read; 1 MiB when not given. */
  readonly bytes_max?: number
  /** Finds the addresses of a name; only for tests. */
  readonly resolve?: (host: string) => Promise<readonly Resolved[]>
  /** Lets one address and port through that is not public; only for tests, with a server of their own. */
  readonly allow?: (address: string, port: number) => boolean
}

const bytesMax = 1_048_576
const headerBytesMax = 16_384

export type Answer = {
  readonly status: number
  readonly location: string | undefined
  readonly content_type: string
  readonly bytes: Buffer
  readonly cut: boolean
}

/** Where a request may go. @throws EffectFailure WEB_ADDRESS */
export function checkedUrl(text: string, base: URL | undefined, { ports = [80, 443] }: WebFetchOptions): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw refused('it is no address of a page')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('only http and https are fetched')
  if (url.username !== '' || url.password !== '') throw refused('an address with a name or a password is not fetched')
  if (!ports.includes(portOf(url))) throw refused(`port ${portOf(url)} is not fetched`)
  if (url.hostname === '') throw refused('it names no host')
  return url
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}

/**
 * The addresses of a host, each of them public. They are the ones that are connected to: a name is looked up once for each
 * request, so that it cannot mean something else a moment later. @throws EffectFailure WEB_ADDRESS, WEB_FAILED
 */
async function publicAddresses(url: URL, options: WebFetchOptions): Promise<readonly Resolved[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  const found = family === 0 ? await resolved(host, options) : [{ address: host, family }]
  if (found.length === 0) throw new EffectFailure('WEB_FAILED', 'the host has no address', { transient: true })
  for (const { address } of found) {
    if (!isPublic(address) && options.allow?.(address, portOf(url)) !== true) {
      throw refused('the host is not on the public network')
    }
  }
  return found
}

async function resolved(host: string, { resolve }: WebFetchOptions): Promise<readonly Resolved[]> {
  try {
    return await (resolve === undefined ? lookup(host, { all: true, verbatim: true }) : resolve(host))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new EffectFailure('WEB_FAILED', `the host cannot be found (${code})`)
  }
}

/** Asks for one page, and follows nothing. @throws EffectFailure WEB_ADDRESS, WEB_FAILED */
export async function get(url: URL, options: WebFetchOptions, signal: AbortSignal): Promise<Answer> {
  const addresses = await publicAddresses(url, options)
  const pinned: LookupFunction = (_host, { all }, callback) => {
    const [{ address, family }] = addresses as readonly [Resolved]
    if (all === true) callback(null, [...addresses])
    else callback(null, address, family)
  }
  const answered = Promise.withResolvers<IncomingMessage>()
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const headers = { accept: 'text/*, application/json', 'accept-encoding': 'identity', 'user-agent': 'promethean' }
  // No agent: neither a proxy of the environment nor a connection of another request comes between.
  const sent = send(url, { lookup: pinned, agent: false, headers, signal, maxHeaderSize: headerBytesMax })
  sent.on('response', answered.resolve)
  sent.on('error', answered.reject)
  sent.end()
  try {
    return await answerOf(await answered.promise, options)
  } catch (thrown) {
    if (thrown instanceof EffectFailure) throw thrown
    if (signal.aborted) throw new EffectFailure('TOOL_TIMEOUT', 'the page did not come in time')
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
    throw new EffectFailure('WEB_FAILED', `the page could not be fetched (${code})`)
  } finally {
    sent.destroy()
  }
}

async function answerOf(message: IncomingMessage, { bytes_max = bytesMax }: WebFetchOptions): Promise<Answer> {
  const { statusCode: status = 0, headers } = message
  const { location, 'content-type': content_type = '' } = headers
  if (status >= 300 && status < 400) return { status, location, content_type, bytes: Buffer.alloc(0), cut: false }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new EffectFailure('WEB_CONTENT', 'the page came packed, which was not asked for')
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of message as AsyncIterable<Buffer>) {
    pieces.push(piece)
    length += piece.length
    if (length > bytes_max) break
  }
  return {
    status,
    location,
    content_type,
    bytes: Buffer.concat(pieces).subarray(0, bytes_max),
    cut: length > bytes_max,
  }
}

function refused(why: string): EffectFailure {
  return new EffectFailure('WEB_ADDRESS', why)
}
