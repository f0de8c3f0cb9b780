import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { bodyOf, mediaTypeOf, objectIn } from './body.ts'
import { problem, type Reply, reply } from './http.ts'
import type { DebugOrder, DebugState } from './shapes.ts'

/** Where debug orders are taken, if the operator allowed it. */
export const debugPath = '/api/debug'

const bytesMax = 4_096
const form = '{"order": "pause" | "resume" | "step"} or {"order": "rate", "ticks_per_second": <number>}'

/** Carries out one debug order: 403 where none is allowed, 415, 413 and 400 for what is none, 422 when it was refused. */
export async function serveDebug(
  carryOut: ((order: DebugOrder) => Promise<DebugState>) | undefined,
  request: IncomingMessage,
  log: Log,
): Promise<Reply> {
  if (carryOut === undefined) {
    return problem(403, 'READ_ONLY', 'this daemon is looked at only; --inspector-write allows debug orders')
  }
  if (mediaTypeOf(request) !== 'application/json')
    return problem(415, 'MEDIA_TYPE', `${debugPath} takes application/json`)
  const body = await bodyOf(request, bytesMax)
  if (body === undefined) return problem(413, 'BODY', `an order has at most ${bytesMax} bytes`)
  const order = orderIn(objectIn(body))
  if (order === undefined) return problem(400, 'ORDER', `an order is ${form}`)
  try {
    const state = await carryOut(order)
    log.info({ ...order, ...state }, 'a debug order was carried out')
    return reply(200, state)
  } catch (thrown) {
    if (thrown instanceof EngineError) return problem(422, thrown.code, thrown.message.slice(thrown.code.length + 2))
    log.error({ ...order, reason: reasonOf(thrown) }, 'a debug order failed')
    return problem(500, 'ORDER_FAILED', 'the order failed; the log says why')
  }
}

function orderIn(value: Record<string, unknown> | undefined): DebugOrder | undefined {
  const { order, ticks_per_second, ...rest } = value ?? {}
  if (Object.keys(rest).length > 0) return undefined
  if (order === 'rate') return typeof ticks_per_second === 'number' ? { order, ticks_per_second } : undefined
  if (ticks_per_second !== undefined) return undefined
  return order === 'pause' || order === 'resume' || order === 'step' ? { order } : undefined
}
