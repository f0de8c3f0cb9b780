import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Guild } from './guild.ts'
import { guildCreate } from './guild-body.ts'
import { Session, tellAll } from './session.ts'
import type { Counts, Privileged } from './types.ts'
import { applicationFlags, refusedIntents } from './visibility.ts'

export type GatewayOptions = {
  now: () => number
  privileged: ReadonlySet<Privileged>
  heartbeat_ms: number
  silence_ms: number
  session_ms: number
  buffer_max: number
  identifies_total: number
  identify_every_ms: number
}

type Payload = { op: number; d?: unknown; s?: number | null; t?: string | null }
type Connection = {
  socket: WebSocket
  session: Session | undefined
  silence: NodeJS.Timeout
  since_ms: number
  sent: number
}
type Identify = { token?: unknown; intents?: unknown; shard?: unknown }
type Resume = { token?: unknown; session_id?: unknown; seq?: unknown }

const day_ms = 86_400_000

/** The gateway: who is connected, whose sessions go on, and everything they are told. */
export class Gateway {
  /** Where it is, without a path: `ws://127.0.0.1:<port>`. */
  base_url = ''
  acks = true
  refused = { code: 0, times: 0 }
  readonly sessions = new Map<string, Session>()
  /** IDENTIFYs left, and when there are all of them again. */
  remaining: number
  resets_ms: number
  /** Sessions that cannot be resumed, though they are connected. */
  readonly #unnamed = new WeakSet<Session>()
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #connections = new Map<WebSocket, Connection>()
  readonly #guild: Guild
  readonly #counts: Counts
  readonly #options: GatewayOptions
  readonly #token: { value: string; revoked: boolean }
  #identified_ms = Number.NEGATIVE_INFINITY

  constructor(guild: Guild, counts: Counts, token: { value: string; revoked: boolean }, options: GatewayOptions) {
    this.#guild = guild
    this.#counts = counts
    this.#token = token
    this.#options = options
    this.remaining = options.identifies_total
    this.resets_ms = options.now() + day_ms
    guild.tell = (dispatch) => {
      this.#forgetOld()
      tellAll(this.sessions.values(), guild, dispatch)
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (open) => this.#connected(open, request))
  }

  /** How many IDENTIFYs are left, as `/gateway/bot` says it. */
  limit(): { total: number; remaining: number; reset_after: number; max_concurrency: number } {
    const now = this.#options.now()
    if (now >= this.resets_ms) {
      this.remaining = this.#options.identifies_total
      this.resets_ms = now + day_ms
    }
    const { identifies_total: total } = this.#options
    return { total, remaining: this.remaining, reset_after: Math.max(0, this.resets_ms - now), max_concurrency: 1 }
  }

  /** Ends all connections: with a close code, or as if the cable was cut. */
  drop(code?: number): void {
    for (const { socket } of this.#connections.values()) {
      if (code === undefined) socket.terminate()
      else socket.close(code)
    }
  }

  /** Sends a payload to all connections. */
  send(payload: Payload): void {
    for (const { socket } of this.#connections.values()) reply(socket, payload)
  }

  /** Op 9: connections have no session from now on; with `true` it may be resumed, also by the same connection. */
  invalidate(resumable: boolean): void {
    for (const connection of this.#connections.values()) {
      const { session, socket } = connection
      if (session !== undefined) this.#leave(session)
      if (session !== undefined && !resumable) this.sessions.delete(session.id)
      connection.session = undefined
      reply(socket, { op: 9, d: resumable })
    }
  }

  /** No session can be resumed; those that are connected hear on. */
  forgetSessions(): void {
    for (const session of this.sessions.values()) if (session.socket === undefined) this.sessions.delete(session.id)
    for (const session of this.sessions.values()) this.#unnamed.add(session)
  }
  /** Sends what was sent before once more, from a sequence on. */
  replay(from: number, order: 'same' | 'reverse'): void {
    for (const { session, socket } of this.#connections.values()) {
      const again = session?.after(from - 1) ?? []
      for (const text of order === 'same' ? again : again.reverse()) socket.send(text)
    }
  }

  stop(): void {
    for (const { silence, socket } of this.#connections.values()) {
      clearTimeout(silence)
      socket.terminate()
    }
    this.#server.close()
  }

  #connected(socket: WebSocket, request: IncomingMessage): void {
    this.#counts.connects++
    const { heartbeat_ms, now } = this.#options
    const query = new URL(request.url ?? '/', this.base_url).searchParams
    socket.on('error', () => socket.terminate())
    const silence = setTimeout(() => socket.close(4009, 'Session timed out.'), this.#options.silence_ms)
    const connection: Connection = { socket, session: undefined, silence, since_ms: now(), sent: 0 }
    this.#connections.set(socket, connection)
    socket.on('close', (code) => this.#closed(connection, code))
    if (query.has('compress') || (query.get('encoding') ?? 'json') !== 'json') socket.close(4002, 'Decode error')
    else if ((query.get('v') ?? '10') !== '10') socket.close(4012, 'Invalid API version')
    else {
      socket.on('message', (data) => this.#heard(connection, data))
      reply(socket, { op: 10, d: { heartbeat_interval: heartbeat_ms, _trace: ['["loopback"]'] } })
    }
  }

  #closed(connection: Connection, code: number): void {
    clearTimeout(connection.silence)
    this.#connections.delete(connection.socket)
    const { session } = connection
    if (session === undefined || session.socket !== connection.socket) return
    this.#leave(session)
    // Closing in order is how a client says that it does not come back; 4009 asks it to begin anew.
    if (code === 1000 || code === 1001 || code === 4009 || this.#unnamed.has(session)) this.sessions.delete(session.id)
  }

  #heard(connection: Connection, data: RawData): void {
    const { socket } = connection
    const text = data.toString()
    const payload = text.length > 4_096 ? undefined : payloadOf(text)
    if (payload === undefined) return socket.close(4002, 'Error while decoding payload.')
    if (this.#tooMany(connection)) return socket.close(4008, 'Rate limited.')
    switch (payload.op) {
      case 1:
        return this.#heartbeat(connection)
      case 2:
        return this.#identify(connection, (payload.d ?? {}) as Identify)
      case 6:
        return this.#resume(connection, (payload.d ?? {}) as Resume)
      case 3:
      case 4:
      case 8:
        return connection.session === undefined ? socket.close(4003, 'Not authenticated.') : undefined
      default:
        return socket.close(4001, 'Unknown opcode.')
    }
  }

  #tooMany(connection: Connection): boolean {
    const now = this.#options.now()
    if (now - connection.since_ms >= 60_000) {
      connection.since_ms = now
      connection.sent = 0
    }
    return ++connection.sent > 120
  }

  #heartbeat({ silence, socket }: Connection): void {
    this.#counts.heartbeats++
    silence.refresh()
    if (this.acks) reply(socket, { op: 11 })
  }

  #identify(connection: Connection, { intents, shard, token }: Identify): void {
    const { socket } = connection
    this.#counts.identifies++
    if (connection.session !== undefined) return socket.close(4005, 'Already authenticated.')
    if (this.refused.times > 0) {
      this.refused.times--
      return socket.close(this.refused.code, 'Refused.')
    }
    if (!this.#knows(token)) return socket.close(4004, 'Authentication failed.')
    const refused = refusedIntents(Number(intents), this.#options.privileged)
    if (refused !== 0) return socket.close(refused, refused === 4013 ? 'Invalid intent(s).' : 'Disallowed intent(s).')
    if (!isShard(shard)) return socket.close(4010, 'Invalid shard.')
    if (this.limit().remaining <= 0) {
      // Discord takes the token back, and tells its owner by mail.
      this.#token.revoked = true
      return socket.close(4004, 'Authentication failed.')
    }
    const now = this.#options.now()
    if (now - this.#identified_ms < this.#options.identify_every_ms) return reply(socket, { op: 9, d: false })
    this.#identified_ms = now
    this.remaining--
    this.#begin(connection, Number(intents), shard ?? [0, 1])
  }

  #begin(connection: Connection, intents: number, shard: readonly number[]): void {
    const session = new Session(randomBytes(16).toString('hex'), intents, this.#options.buffer_max)
    session.socket = connection.socket
    connection.session = session
    this.sessions.set(session.id, session)
    const ready = {
      v: 10,
      user: { ...this.#guild.bot, verified: true, mfa_enabled: false, email: null, flags: 0 },
      guilds: [{ id: this.#guild.id, unavailable: true }],
      session_id: session.id,
      session_type: 'normal',
      resume_gateway_url: `${this.base_url}/resume`,
      shard,
      application: { id: this.#guild.bot.id, flags: applicationFlags(this.#options.privileged) },
      private_channels: [],
      _trace: ['["loopback"]'],
    }
    session.dispatch('READY', JSON.stringify(ready))
    if ((intents & 1) !== 0)
      session.dispatch('GUILD_CREATE', JSON.stringify(guildCreate(this.#guild, this.#options.now())))
  }

  #resume(connection: Connection, { seq, session_id, token }: Resume): void {
    const { socket } = connection
    this.#counts.resumes++
    if (connection.session !== undefined) return socket.close(4005, 'Already authenticated.')
    if (!this.#knows(token)) return socket.close(4004, 'Authentication failed.')
    this.#forgetOld()
    const session = this.sessions.get(String(session_id))
    if (session === undefined || this.#unnamed.has(session)) return reply(socket, { op: 9, d: false })
    if (typeof seq !== 'number' || seq > session.sequence) return socket.close(4007, 'Invalid seq.')
    const missed = session.after(seq)
    if (missed === undefined) {
      this.sessions.delete(session.id)
      return reply(socket, { op: 9, d: false })
    }
    const before = session.socket === undefined ? undefined : this.#connections.get(session.socket)
    session.socket = socket
    connection.session = session
    if (before !== undefined) {
      before.session = undefined
      before.socket.terminate()
    }
    for (const text of missed) socket.send(text)
    this.#counts.resumed++
    session.dispatch('RESUMED', JSON.stringify({ _trace: ['["loopback"]'] }))
  }

  #knows(token: unknown): boolean {
    return !this.#token.revoked && typeof token === 'string' && token.replace(/^Bot /, '') === this.#token.value
  }

  #leave(session: Session): void {
    session.socket = undefined
    session.left_ms = this.#options.now()
  }

  /** Sessions are few: those that ended are looked through whenever one could matter. */
  #forgetOld(): void {
    const now = this.#options.now()
    for (const session of this.sessions.values()) {
      if (session.socket === undefined && now - session.left_ms > this.#options.session_ms)
        this.sessions.delete(session.id)
    }
  }
}

function payloadOf(text: string): Payload | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'op' in value ? (value as Payload) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isShard(shard: unknown): shard is readonly number[] | undefined {
  if (shard === undefined) return true
  return Array.isArray(shard) && shard.length === 2 && Number(shard[0]) === 0 && Number(shard[1]) === 1
}

function reply(socket: WebSocket, { d = null, op, s = null, t = null }: Payload): void {
  if (socket.readyState === 1) socket.send(JSON.stringify({ t, s, op, d }))
}
