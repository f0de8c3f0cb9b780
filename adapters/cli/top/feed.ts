import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../../engine/errors.ts'
import { parsed, refusalOf, send, textOf } from '../../inspector/ask.ts'
import { errnoOf } from '../../inspector/errno.ts'
import type { Frame, Hello } from '../../inspector/shapes.ts'
import { atSocket, socketName } from '../../inspector/socket.ts'

/** What the daemon's stream says: once how it is made, then how it stands. */
export type Told = { readonly kind: 'hello'; readonly hello: Hello } | { readonly kind: 'frame'; readonly frame: Frame }

const blockUnitsMax = 16_777_216

/**
 * Reads the live stream of the daemon of a data directory until the signal or the daemon ends it.
 * @param query of `/api/stream`, such as `tap=chat.*`
 * @throws EngineError DAEMON_FAILED when no daemon answers there, when it refuses, or when it breaks off
 */
export async function* feed(directory: string, query: string, signal: AbortSignal): AsyncGenerator<Told, void> {
  const path = query === '' ? '/api/stream' : `/api/stream?${query}`
  try {
    const response = await atSocket(directory, socketName, (address) =>
      send({ address, path, body: undefined, signal }),
    )
    const status = response.statusCode ?? 0
    if (status !== 200)
      throw refusalOf((parsed(await textOf(response)) as { error?: unknown } | undefined)?.error, status)
    for await (const block of blocksIn(response)) {
      const told = toldBy(block)
      if (told !== undefined) yield told
    }
  } catch (thrown) {
    if (signal.aborted) return
    if (thrown instanceof EngineError) throw thrown
    const gone = errnoOf(thrown) === 'ENOENT' || errnoOf(thrown) === 'ECONNREFUSED'
    const why = gone ? 'is not running; start it with promethean run' : `broke off: ${reasonOf(thrown)}`
    throw new EngineError('DAEMON_FAILED', `the daemon of ${directory} ${why}`, { value: directory, cause: thrown })
  }
}

/** The events of a stream of server-sent events, as they were sent between two empty lines. */
async function* blocksIn(response: IncomingMessage): AsyncGenerator<string, void> {
  let begun = ''
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    const blocks = (begun + chunk).replaceAll('\r\n', '\n').split('\n\n')
    begun = blocks.pop() ?? ''
    yield* blocks
    if (begun.length > blockUnitsMax) throw new EngineError('DAEMON_FAILED', 'the daemon sent an event without an end')
  }
}

/** Comments and events of other names are passed over. @throws EngineError DAEMON_FAILED for data that is no object */
export function toldBy(block: string): Told | undefined {
  let name = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) name = line.slice('event:'.length).trim()
    else if (line.startsWith('data:')) data.push(line.slice('data:'.length).trimStart())
  }
  if ((name !== 'hello' && name !== 'frame') || data.length === 0) return undefined
  const value = parsed(data.join('\n'))
  if (value === undefined) throw new EngineError('DAEMON_FAILED', 'the daemon sent an event that is not a JSON object')
  return name === 'hello' ? { kind: 'hello', hello: value as Hello } : { kind: 'frame', frame: value as Frame }
}
