import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { bodyOf, mediaTypeOf, objectIn } from './body.ts'
import { problem, type Reply, reply } from './http.ts'
import type { Order, View } from './routes.ts'

/** Where the control channel takes orders. */
export const orderPath = '/api/command'

const bodyBytesMax = 65_536

/** Carries out the order in a POST request: 415, 413 and 400 for what is none, 422 with its code when it was refused. */
export async function obey(view: View, request: IncomingMessage, log: Log): Promise<Reply> {
  if (mediaTypeOf(request) !== 'application/json')
    return problem(415, 'MEDIA_TYPE', 'an order is sent as application/json')
  const body = await bodyOf(request, bodyBytesMax)
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

function orderOf(body: Buffer): Order | undefined {
  const value = objectIn(body)
  if (value === undefined) return undefined
  const { command, path, ...rest } = value
  if (typeof command !== 'string' || typeof path !== 'string' || Object.keys(rest).length > 0) return undefined
  return { command, path }
}
