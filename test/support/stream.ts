import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Frame, Hello } from '../../adapters/inspector/shapes.ts'

/** What a daemon that stands for one says first. */
export const hello: Hello = { version: '0.1.0', systems: ['sentinel', 'memory', 'outbox'], tick_ms: 100, write: false }

/** A frame with something of everything. */
export function frameAt(tick: number, more: Partial<Frame> = {}): Frame {
  return {
    tick,
    now_ms: 1_780_000_000_000 + tick * 100,
    health: 'ok',
    paused: false,
    ticks: [[tick, 1500, 900, 400, 100]],
    gauges: { memories: 1234, keys: 56, families: 7, files: 8 },
    sessions: [
      {
        session: 'duck/main',
        lane: 'input',
        state: 'running',
        why: 'a turn is out',
        queued: 3,
        queue_max: 100,
        turn: 9,
      },
    ],
    sources: [{ source: 'fs notes', events: 42, per_minute: 6 }],
    models: [{ model: 'tiny', calls: 5, failed: 1, tokens_in: 1000, tokens_out: 200, cost: 0.01 }],
    outbox: { pending: 2, in_flight: 1, oldest_ms: 1500 },
    jobs: [{ name: 'embedding', waiting: 4, running: 1 }],
    events: [],
    events_left_out: 0,
    changes: [],
    changes_left_out: 0,
    ...more,
  }
}

/** An event of a stream as it goes over the wire. */
export function sent(event: 'hello' | 'frame', data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Answers on the control channel of a data directory as a daemon would. */
export async function standIn(
  data: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(answer)
  server.listen(join(data, 'daemon.sock'))
  await once(server, 'listening')
  return server
}
