import type { Writable } from 'node:stream'
import { inspect } from 'node:util'
import { printableLines } from '../diff.ts'
import type { Secrets } from '../secrets.ts'

/** Takes known secrets out of everything that is written to a stream from now on; each write is looked at by itself. */
export function guardStream(stream: Writable, known: Secrets): void {
  const write = stream.write.bind(stream)
  const guarded = (chunk: unknown, ...rest: unknown[]): boolean =>
    Reflect.apply(write, stream, [clean(chunk, known), ...rest]) as boolean
  stream.write = guarded as typeof stream.write
}

function clean(chunk: unknown, known: Secrets): unknown {
  if (typeof chunk === 'string') return known.scrub(chunk)
  return chunk instanceof Uint8Array ? known.scrubBytes(chunk) : chunk
}

/**
 * Says what a process dies of that nobody caught: Node's own words would go around the guard of the stream. What is said is what
 * Node would say, the error's fields and causes included, made safe for a terminal, and the process ends with 1 as ever.
 */
export function guardCrash(stream: Writable): void {
  process.on('uncaughtException', (thrown) => {
    stream.write(`Uncaught ${printableLines(inspect(thrown))}\n`)
    process.exit(1)
  })
}
