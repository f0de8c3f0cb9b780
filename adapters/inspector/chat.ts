import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { bodyOf, mediaTypeOf, objectIn } from './body.ts'
import { problem, type Reply, reply } from './http.ts'

/** Who talks with the sessions of agents on behalf of the operator. */
export type ChatDoor = {
  /**
   * Says something in a session and tells all that comes of it; without a text, what comes of the turn under way. The
   * signal ends the telling, not the turn.
   */
  say(session: string, text: string | undefined, signal: AbortSignal): Promise<AsyncIterable<object>>
  /** The operator's answer to an approval. */
  approve(hash: string, allow: boolean): Promise<object>
  /** Ends the turn under way. */
  cancel(session: string): Promise<object>
}

/** Where the control channel takes what the operator says, yeses and noes, and the wish to end a turn. */
export const chatPath = '/api/chat'
export const approvePath = '/api/approve'
export const cancelPath = '/api/cancel'

const bytesMax = 1_048_576
const forms: { readonly [path: string]: string } = {
  [chatPath]: '{"session": "<agent/name>", "text"?: "<text>"}',
  [approvePath]: '{"hash": "<hash>", "allow": true | false}',
  [cancelPath]: '{"session": "<agent/name>"}',
}

/** True for a path that the chat door answers. */
export function isChat(path: string): boolean {
  return Object.hasOwn(forms, path)
}

/** Answers one POST: 415, 413 and 400 for what is none, 422 with its code when it was refused; `/api/chat` in lines. */
export async function serveChat(door: ChatDoor, path: string, request: IncomingMessage, log: Log): Promise<Reply> {
  if (mediaTypeOf(request) !== 'application/json') return problem(415, 'MEDIA_TYPE', `${path} takes application/json`)
  const body = await bodyOf(request, bytesMax)
  if (body === undefined) return problem(413, 'BODY', `${path} takes at most ${bytesMax} bytes`)
  const { session, text, hash, allow, ...rest } = objectIn(body) ?? {}
  try {
    if (Object.keys(rest).length > 0) return wrongForm(path)
    if (path === approvePath) {
      if (typeof hash !== 'string' || typeof allow !== 'boolean') return wrongForm(path)
      return reply(200, await door.approve(hash, allow))
    }
    if (typeof session !== 'string') return wrongForm(path)
    if (path === cancelPath) return reply(200, await door.cancel(session))
    if (text !== undefined && (typeof text !== 'string' || text.trim() === '')) return wrongForm(path)
    const left = new AbortController()
    request.socket.once('close', () => left.abort())
    return { status: 200, text: '', lines: await door.say(session, text, left.signal) }
  } catch (thrown) {
    if (thrown instanceof EngineError) return problem(422, thrown.code, thrown.message.slice(thrown.code.length + 2))
    log.error({ path, reason: reasonOf(thrown) }, 'a session could not be reached')
    return problem(500, 'ANSWER_FAILED', 'the session could not be reached; the log says why')
  }
}

function wrongForm(path: string): Reply {
  return problem(400, 'QUESTION', `${path} takes ${forms[path]}`)
}
