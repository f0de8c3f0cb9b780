import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RawEntry, RawEvent, RawPermission } from '../../adapters/opencode/raw.ts'

/** A prompt that the mock was given. */
export type MockPrompt = {
  readonly session: string
  readonly message: string
  readonly text: string
  readonly agent?: string
}

type Session = { readonly id: string; title: string; updated: number; readonly entries: RawEntry[] }

/** A server with as much of opencode's HTTP surface as the adapter uses, whose sessions a test writes. */
export async function mockOpencode(password = 'open') {
  const sessions = new Map<string, Session>()
  const streams = new Set<ServerResponse>()
  const permissions = new Map<string, RawPermission>()
  const busy = new Set<string>()
  const seen = {
    connections: 0,
    refused: 0,
    pages: 0,
    prompts: [] as MockPrompt[],
    aborted: [] as string[],
    replies: [] as { permission: string; reply: unknown }[],
  }
  let clock = 2
  let onPrompt: (prompt: MockPrompt) => void = () => {}
  let down = false
  let losing = false
  const expected = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`

  const sessionOf = (id: string): Session => {
    const known = sessions.get(id) ?? { id, title: id, updated: clock, entries: [] }
    sessions.set(id, known)
    return known
  }
  const say = (event: RawEvent): void => {
    for (const stream of streams) stream.write(`data: ${JSON.stringify(event)}\n\n`)
  }
  const page = (session: Session, query: URLSearchParams): { body: RawEntry[]; next: string } => {
    seen.pages++
    const { entries } = session
    const end = query.has('before') ? Number(query.get('before')) : entries.length
    const from = Math.max(0, end - Number(query.get('limit') ?? entries.length))
    return { body: entries.slice(from, end), next: from > 0 ? String(from) : '' }
  }

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mock')
    const [, first, id = '', last] = pathname.split('/')
    const post = request.method === 'POST'
    const send = (body: unknown, status = 200, headers = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(status === 204 ? undefined : JSON.stringify(body))
    }
    if (down) return void response.destroy()
    if (request.headers.authorization !== expected) {
      seen.refused++
      return send({}, 401)
    }
    if (first === 'event') return stream(response)
    const body = post ? await bodyOf(request) : {}
    if (first === 'permission') {
      if (id === '') return send([...permissions.values()])
      seen.replies.push({ permission: id, reply: body['reply'] })
      if (!permissions.delete(id)) return send({ _tag: 'PermissionNotFoundError' }, 404)
      return send(true)
    }
    if (id === 'status') return send(Object.fromEntries([...busy].map((each) => [each, { type: 'busy' }])))
    if (id === '' && !post) return send([...sessions.values()].map(listed))
    if (id === '') {
      const made = sessionOf(`ses_made${sessions.size}`)
      made.title = String(body['title'])
      return send(listed(made))
    }
    if (last === 'abort') {
      seen.aborted.push(id)
      busy.delete(id)
      return send(true)
    }
    if (last === 'prompt_async') {
      if (losing) {
        losing = false
        goDown(true)
        return void response.destroy()
      }
      const parts = body['parts'] as { text: string }[]
      const agent = body['agent'] as string | undefined
      const prompt = {
        session: id,
        message: String(body['messageID']),
        text: parts[0]?.text ?? '',
        ...(agent && { agent }),
      }
      seen.prompts.push(prompt)
      onPrompt(prompt)
      return send(undefined, 204)
    }
    const { body: entries, next } = page(sessionOf(id), searchParams)
    return send(entries, 200, next === '' ? {} : { 'x-next-cursor': next })
  })

  function goDown(is: boolean): void {
    down = is
    if (is) for (const each of streams) each.destroy()
  }

  function stream(response: ServerResponse): void {
    seen.connections++
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    streams.add(response)
    response.on('close', () => streams.delete(response))
    response.write(`data: ${JSON.stringify({ type: 'server.connected', properties: {} })}\n\n`)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    base_url: `http://127.0.0.1:${port}`,
    seen,
    busy,
    permissions,
    say,
    /** What happens when it is given a prompt. */
    prompted(handler: (prompt: MockPrompt) => void): void {
      onPrompt = handler
    },
    /** Whether it hangs up on everybody. */
    down: goDown,
    /** Goes down at the next prompt, before it has taken it. */
    loseNextPrompt(): void {
      losing = true
    },
    /** Asks to be allowed something, in the streams unless told otherwise. */
    ask(permission: RawPermission & { id: string }, live = true): void {
      permissions.set(permission.id, permission)
      if (live) say({ type: 'permission.asked', properties: permission })
    },
    /** Adds to a session's history, and says so in the streams unless told otherwise. */
    add(session: string, entry: RawEntry, live = true): void {
      const known = sessionOf(session)
      known.entries.push(entry)
      known.updated = ++clock
      if (!live) return
      say({ type: 'message.updated', properties: { info: entry.info } })
      for (const part of entry.parts) say({ type: 'message.part.updated', properties: { part } })
    },
    /** Cuts every stream in the middle. */
    cut(): void {
      for (const each of streams) each.destroy()
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listed({ id, title, updated }: Session) {
  return { id, title, time: { created: 1, updated } }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
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
