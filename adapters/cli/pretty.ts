import { PinoPretty } from 'pino-pretty'
import { printableLines } from './diff.ts'

/**
 * A stream that turns log lines into lines for people, on stderr unless told otherwise. What is logged may come from notes and
 * models, so texts are made safe for the terminal before they are coloured.
 */
export function prettyStream(destination: NodeJS.WritableStream | 2 = 2): { write(line: string): void } {
  const options = { colorize: true, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }
  const stream = PinoPretty({ ...options, destination })
  return { write: (line) => void stream.write(`${JSON.stringify(JSON.parse(line), harmless)}\n`) }
}

function harmless(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? printableLines(value) : value
}
