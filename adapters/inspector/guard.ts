import type { IncomingMessage } from 'node:http'
import { hasBody, problem, type Reply } from './http.ts'

/** Who may ask at all: a web page can reach a loopback port, so where a request says it comes from is checked first. */

/** The names under which the inspector may be called. A page that rebinds its own name to 127.0.0.1 sends another. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/** Refuses a request that was meant for another host, or sent by the page of another origin: 403. */
export function fromElsewhere(request: IncomingMessage): Reply | undefined {
  const hosts = request.headersDistinct['host'] ?? []
  const host = hosts[0]?.toLowerCase() ?? ''
  if (hosts.length !== 1 || !isLoopback(host, request.socket.localPort)) {
    return problem(403, 'HOST', 'this host is not served; use localhost, 127.0.0.1 or [::1] with the port')
  }
  const origins = request.headersDistinct['origin'] ?? []
  if (origins.some((origin) => origin.toLowerCase() !== `http://${host}`)) {
    return problem(403, 'ORIGIN', 'pages of another origin are not served')
  }
  return undefined
}

/** Refuses all but reading: 405 for other methods, 413 for a body. */
export function notReading(request: IncomingMessage): Reply | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return wrongMethod('GET, HEAD')
  return hasBody(request) ? problem(413, 'BODY', `a ${request.method} request has no body`) : undefined
}

/** Refuses all but posting: 405. */
export function notPosting(request: IncomingMessage): Reply | undefined {
  return request.method === 'POST' ? undefined : wrongMethod('POST')
}

/** The reply to a method that this place does not take. `allow` lists those it does. */
export function wrongMethod(allow: string): Reply {
  return problem(405, 'METHOD', `only ${allow} is served here`, { allow })
}

/** The reply to a missing or wrong token, the same for both. */
export function unauthorized(): Reply {
  const headers = { 'www-authenticate': 'Bearer realm="promethean"' }
  return problem(401, 'TOKEN', 'send the header Authorization: Bearer <token> with the text of the token file', headers)
}

function isLoopback(host: string, port: number | undefined): boolean {
  return loopbackNames.some((name) => host === `${name}:${port}` || (port === 80 && host === name))
}
