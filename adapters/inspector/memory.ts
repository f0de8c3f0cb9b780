import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { bodyOf, mediaTypeOf, objectIn } from './body.ts'
import { problem, type Reply, reply } from './http.ts'

/** Who answers about memory, and takes in lines of events. */
export type MemoryDoor = {
  /** @throws EngineError for a question that is none */
  answer(question: unknown): Promise<object>
  /** Takes in whole lines of JSON, one event each, and says what became of them. */
  load(lines: Buffer): Promise<object>
  /** Most bytes of lines at once. */
  readonly load_bytes_max: number
}

/** Where the control channel answers about memory, and where it takes lines of events. */
export const memoryPath = '/api/memory'
export const ingestPath = '/api/ingest'

const questionBytesMax = 4_194_304

/** Answers one POST: 415 and 413 for a body that is none, 400 for no question, 422 with its code when it was refused. */
export async function serveMemory(door: MemoryDoor, path: string, request: IncomingMessage, log: Log): Promise<Reply> {
  const loading = path === ingestPath
  const wanted = loading ? 'application/x-ndjson' : 'application/json'
  if (mediaTypeOf(request) !== wanted) return problem(415, 'MEDIA_TYPE', `${path} takes ${wanted}`)
  const most = loading ? door.load_bytes_max : questionBytesMax
  const body = await bodyOf(request, most)
  if (body === undefined) return problem(413, 'BODY', `${path} takes at most ${most} bytes`)
  const question = loading ? undefined : objectIn(body)
  if (!loading && question === undefined) return problem(400, 'QUESTION', 'a question is a JSON object')
  try {
    return reply(200, await (loading ? door.load(body) : door.answer(question)))
  } catch (thrown) {
    if (thrown instanceof EngineError) return problem(422, thrown.code, thrown.message.slice(thrown.code.length + 2))
    log.error({ path, reason: reasonOf(thrown) }, 'memory could not answer')
    return problem(500, 'ANSWER_FAILED', 'memory could not answer; the log says why')
  }
}
