import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import { parsed, refusalOf, send, textOf } from './ask.ts'
import { errnoOf } from './errno.ts'
import { atSocket, socketName } from './socket.ts'

const lineUnitsMax = 16_777_216

/**
 * Posts a question to the daemon of a data directory whose answer comes in lines, and gives each as it comes. The signal
 * ends the reading.
 * @throws EngineError with the daemon's own code where it refused; DAEMON_FAILED when it is not there or breaks off
 */
export async function* streamDaemon(
  directory: string,
  path: string,
  body: object,
  signal: AbortSignal,
): AsyncGenerator<object, void, undefined> {
  const ask = (address: string): Promise<IncomingMessage> => send({ address, path, body, signal })
  try {
    const response = await atSocket(directory, socketName, ask)
    const status = response.statusCode ?? 0
    if (status !== 200) {
      const { error } = (parsed(await textOf(response)) ?? {}) as { error?: unknown }
      throw refusalOf(error, status)
    }
    yield* linesIn(response)
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown
    if (signal.aborted) return
    const gone = errnoOf(thrown) === 'ENOENT' || errnoOf(thrown) === 'ECONNREFUSED'
    const why = gone ? 'is not running any more' : `broke off: ${reasonOf(thrown)}`
    throw new EngineError('DAEMON_FAILED', `the daemon of ${directory} ${why}`, { value: directory, cause: thrown })
  }
}

async function* linesIn(response: IncomingMessage): AsyncGenerator<object, void, undefined> {
  let begun = ''
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (begun + chunk).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) {
      const value = parsed(line)
      if (value === undefined)
        throw new EngineError('DAEMON_FAILED', 'the daemon sent a line that is not a JSON object')
      yield value
    }
    if (begun.length > lineUnitsMax) throw new EngineError('DAEMON_FAILED', 'the daemon sent a line without an end')
  }
  if (begun !== '') throw new EngineError('DAEMON_FAILED', 'the daemon broke off in the middle of a line')
}
