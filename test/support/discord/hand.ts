import { WebSocket } from 'ws'
import { DiscordServer } from './server.ts'
import type { DiscordOptions } from './types.ts'

/** Clients by hand, for what the reference client never does: frames as they come, and answers with their headers. */

const ends: (() => unknown)[] = []

/** Ends servers and connections; for `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end()
}

/** Keeps something to be ended before the servers are. */
export function later(end: () => unknown): void {
  ends.push(end)
}

/** A server that is ended after the test. */
export async function started(options: DiscordOptions = {}): Promise<DiscordServer> {
  const server = await DiscordServer.start(options)
  ends.push(() => server.stop())
  return server
}

export type Frame = { op: number; t: string | null; s: number | null; d: Record<string, unknown> }

/** A client by hand: what it is told is kept, and may be waited for. */
export class Hand {
  readonly frames: Frame[] = []
  code = 0
  readonly socket: WebSocket
  #woken: () => void = () => undefined

  constructor(url: string) {
    this.socket = new WebSocket(url)
    this.socket.on('error', () => this.socket.terminate())
    this.socket.on('message', (data) => {
      this.frames.push(JSON.parse(data.toString()))
      this.#woken()
    })
    this.socket.on('close', (code) => {
      this.code = code
      this.#woken()
    })
    ends.push(() => this.socket.terminate())
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }))
  }

  async frame(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(wanted)
      if (found !== undefined) return found
      if (this.code !== 0) throw new Error(`closed with ${this.code}`)
      await this.#next()
    }
  }

  op(op: number): Promise<Frame> {
    return this.frame((frame) => frame.op === op)
  }

  said(t: string): Promise<Frame> {
    return this.frame((frame) => frame.t === t)
  }

  async closed(): Promise<number> {
    while (this.code === 0) await this.#next()
    return this.code
  }

  get dispatched(): string[] {
    return this.frames.flatMap(({ d, t }) => (t === 'MESSAGE_CREATE' ? [String(d['content'])] : (t ?? [])))
  }

  #next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#woken = resolve
    return promise
  }
}

/** Where the gateway is, with the usual query. */
export async function gatewayUrl(server: DiscordServer): Promise<string> {
  return `${(await get(server, '/gateway')).body['url']}?v=10&encoding=json`
}

/** A connection that has identified itself, and heard of the guild. */
export async function identified(server: DiscordServer, intents: number): Promise<Hand> {
  const hand = new Hand(await gatewayUrl(server))
  await hand.op(10)
  hand.send(2, { token: server.token, intents, properties: {}, shard: [0, 1] })
  await hand.said('GUILD_CREATE')
  return hand
}

/** A new connection that asks to go on with another's session. */
export async function resumed(server: DiscordServer, of: Hand, seq: number): Promise<Hand> {
  const { d } = await of.said('READY')
  const hand = new Hand(`${d['resume_gateway_url']}?v=10&encoding=json`)
  await hand.op(10)
  hand.send(6, { token: server.token, session_id: d['session_id'], seq })
  return hand
}

export type Got = { status: number; headers: Headers; body: Record<string, unknown> }

/** A request as the bot makes it. */
export async function ask(
  server: DiscordServer,
  method: string,
  path: string,
  body?: unknown,
  token = server.token,
): Promise<Got> {
  const headers = { authorization: `Bot ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${server.api_url}/v10${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const json = response.headers.get('content-type') === 'application/json'
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : { text } }
}

/** A GET as the bot makes it. */
export function get(server: DiscordServer, path: string): Promise<Got> {
  return ask(server, 'GET', path)
}
