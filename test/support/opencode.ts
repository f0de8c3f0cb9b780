import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RawEntry, RawEvent } from '../../adapters/opencode/raw.ts'

/** A server with as much of opencode's HTTP surface as the adapter uses, whose sessions a test writes. */
export async function mockOpencode(password = 'open') {
  const sessions = new Map<string, RawEntry[]>()
  const streams = new Set<ServerResponse>()
  const seen = { connections: 0, refused: 0 }
  const expected = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://mock')
    if (request.headers.authorization !== expected) {
      seen.refused++
      response.writeHead(401).end()
    } else if (pathname === '/event') {
      seen.connections++
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      streams.add(response)
      response.on('close', () => streams.delete(response))
      response.write(`data: ${JSON.stringify({ type: 'server.connected', properties: {} })}\n\n`)
    } else {
      const [, , id] = pathname.split('/')
      const body = id === undefined ? [...sessions.keys()].map(listed) : (sessions.get(id) ?? [])
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    base_url: `http://127.0.0.1:${port}`,
    seen,
    /** Adds to a session's history, and says so in the streams unless told otherwise. */
    add(session: string, entry: RawEntry, live = true): void {
      sessions.set(session, [...(sessions.get(session) ?? []), entry])
      if (!live) return
      this.say({ type: 'message.updated', properties: { info: entry.info } })
      for (const part of entry.parts) this.say({ type: 'message.part.updated', properties: { part } })
    },
    say(event: RawEvent): void {
      for (const stream of streams) stream.write(`data: ${JSON.stringify(event)}\n\n`)
    },
    /** Cuts every stream in the middle. */
    cut(): void {
      for (const stream of streams) stream.destroy()
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listed(id: string) {
  return { id, time: { created: 1, updated: 2 } }
}

/** A message with one text. */
export function saidIn(session: string, id: string, text: string, role: 'user' | 'assistant' = 'user'): RawEntry {
  const time =
    role === 'user' ? { created: 1_760_000_000_000 } : { created: 1_760_000_000_000, completed: 1_760_000_001_000 }
  return {
    info: { id, sessionID: session, role, time },
    parts: [{ id: `${id}-text`, sessionID: session, messageID: id, type: 'text', text }],
  }
}
