import { PinoPretty } from 'pino-pretty'

/** A stream that turns log lines into lines for people, on stderr. */
export function prettyStream(): NodeJS.WritableStream {
  return PinoPretty({ colorize: true, destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' })
}
