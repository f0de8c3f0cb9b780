import { type DestinationStream, pino } from 'pino'
import type { Log } from '../../engine/flow/adapter.ts'

/** JSON lines on stderr; on a terminal, lines for people. */
export async function openLog(level: string): Promise<{ log: Log }> {
  const destination = process.stderr.isTTY
    ? (await import('./pretty.ts')).prettyStream()
    : pino.destination({ fd: 2, sync: true })
  return { log: pino({ level, base: null }, destination as DestinationStream) }
}
