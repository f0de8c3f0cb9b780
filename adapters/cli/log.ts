import { type DestinationStream, pino } from 'pino'
import type { Log } from '../../engine/flow/adapter.ts'
import { type Secrets, secrets } from './secrets.ts'

/** JSON lines on stderr; on a terminal, lines for people. No line holds a secret that this process knows. */
export async function openLog(level: string): Promise<{ log: Log }> {
  const destination = process.stderr.isTTY
    ? (await import('./pretty.ts')).prettyStream()
    : pino.destination({ fd: 2, sync: true })
  return { log: logTo(destination, level) }
}

/** A log whose finished lines are scrubbed: whatever was logged, and however it was nested, it is text by then. */
export function logTo(to: DestinationStream | NodeJS.WritableStream, level: string, known: Secrets = secrets): Log {
  return pino({ level, base: null }, { write: (line: string) => void to.write(known.scrub(line)) })
}
