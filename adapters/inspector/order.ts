import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { problem, type Reply, reply } from './http.ts'
import type { Order, View } from './routes.ts'

/** Where the control channel takes orders. */
export const orderPath = '/api/command'

const bodyBytesMax = 65_536

/** Carries out the order in a POST request: 415, 413 and 400 for what is none, 422 with its code when it was refused. */
export async function obey(view: View, request: IncomingMessage, log: Log): Promise<Reply> {
  const mediaType = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') return problem(415, 'MEDIA_TYPE', 'an order is sent as application/json')
  const body = await bodyOf(request)
  if (body === undefined) return problem(413, 'BODY', `an order has at most ${bodyBytesMax} bytes`)
  const order = orderOf(body)
  if (order === undefined) return problem(400, 'ORDER', 'an order is {"command": "<text>", "path": "<text>"}')
  try {
    return reply(200, await view.command(order))
  } catch (thrown) {
    if (thrown instanceof EngineError) return problem(422, thrown.code, thrown.message.slice(thrown.code.length + 2))
    log.error({ command: order.command, reason: reasonOf(thrown) }, 'an order failed')
    return problem(500, 'ORDER_FAILED', 'the order failed; the log says why')
  }
}

/** The whole body, or undefined as soon as it is too long. A sender that goes away reads no reply, so it counts alike. */
function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes <= bodyBytesMax) return
      request.pause()
      resolve(undefined)
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', () => resolve(undefined))
  })
}

function orderOf(body: Buffer): Order | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    if (typeof value !== 'object' || value === null) return undefined
    const { command, path, ...rest } = value as Record<string, unknown>
    if (typeof command !== 'string' || typeof path !== 'string' || Object.keys(rest).length > 0) return undefined
    return { command, path }
  } catch {
    return undefined
  }
}
