import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Gateway } from './gateway.ts'
import { Guild } from './guild.ts'
import { Posting } from './posting.ts'
import { Rest } from './rest.ts'
import { Trouble } from './trouble.ts'
import type {
  Counts,
  DiscordOptions,
  Fault,
  Id,
  Limit,
  NewChannel,
  Posted,
  RawChannel,
  RawMessage,
  RawUser,
  Said,
  Snowflake,
} from './types.ts'
import { usualPermissions } from './visibility.ts'

/** Discord on loopback: one guild, one bot, a gateway and a REST API that speak version 10; see README.md. */
export class DiscordServer {
  readonly token: string
  readonly guild: Guild
  readonly counts: Counts = {
    connects: 0,
    identifies: 0,
    resumes: 0,
    resumed: 0,
    heartbeats: 0,
    requests: 0,
    posts: 0,
    gets: 0,
    invalid: 0,
  }
  readonly #gateway: Gateway
  readonly #trouble: Trouble
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #away = false
  #port = 0

  private constructor(options: DiscordOptions) {
    const now = options.now ?? Date.now
    const heartbeat_ms = options.heartbeat_ms ?? 41_250
    this.token = options.token ?? 'MTE.loopback.0123456789'
    this.guild = new Guild({
      now,
      bot_name: options.bot_name ?? 'agent',
      guild_name: options.guild_name ?? 'the house',
      permissions: options.permissions ?? usualPermissions,
      history_max: options.history_max ?? 100_000,
    })
    const token = { value: this.token, revoked: false }
    const privileged = new Set(options.privileged ?? (['message_content'] as const))
    this.#gateway = new Gateway(this.guild, this.counts, token, {
      now,
      privileged,
      heartbeat_ms,
      silence_ms: options.silence_ms ?? 2 * heartbeat_ms + 1_000,
      session_ms: options.session_ms ?? 180_000,
      buffer_max: options.buffer_max ?? 10_000,
      identifies_total: options.identifies_total ?? 1_000,
      identify_every_ms: options.identify_every_ms ?? 0,
    })
    this.#trouble = new Trouble(now, {
      post: options.post_limit,
      get: options.get_limit,
      global: options.global_limit,
    })
    const rest = new Rest({
      guild: this.guild,
      gateway: this.#gateway,
      posting: new Posting(this.guild, now, options.nonce_ms ?? 180_000),
      trouble: this.#trouble,
      counts: this.counts,
      token,
      privileged,
      history_nonce: options.history_nonce ?? false,
    })
    this.#server = createServer((request, response) => rest.handle(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#gateway.upgrade(request, socket, head))
    this.#server.on('connection', (socket) => this.#accepted(socket))
  }

  /** A server on a free port of 127.0.0.1. */
  static async start(options: DiscordOptions = {}): Promise<DiscordServer> {
    const server = new DiscordServer(options)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    server.#port = (server.#server.address() as AddressInfo).port
    server.#gateway.base_url = `ws://127.0.0.1:${server.#port}`
    return server
  }

  /** Base of the REST API, without a version. */
  get api_url(): string {
    return `http://127.0.0.1:${this.#port}/api`
  }

  get bot(): RawUser {
    return this.guild.bot
  }

  addUser(user: { username: string; bot?: boolean; id?: Snowflake }): RawUser {
    return this.guild.addUser(user)
  }

  addChannel(channel: NewChannel): RawChannel {
    return this.guild.addChannel(channel)
  }

  renameChannel(channel: Id, name: string): void {
    this.guild.renameChannel(channel, name)
  }

  removeChannel(channel: Id): void {
    this.guild.removeChannel(channel)
  }

  say(channel: Id, user: Id, content: string, said: Said = {}): RawMessage {
    return this.guild.say(channel, user, content, said)
  }

  edit(message: Id, content: string, more: { embeds?: object[]; silent?: boolean } = {}): RawMessage {
    return this.guild.edit(message, content, more)
  }

  /** Discord shows what is behind a link: an update that nobody edited. */
  unfurl(message: Id, embeds: object[]): RawMessage {
    return this.guild.unfurl(message, embeds)
  }

  remove(message: Id, more: { silent?: boolean } = {}): void {
    this.guild.remove(message, more)
  }

  removeMany(messages: readonly Id[]): void {
    this.guild.removeMany(messages)
  }

  react(message: Id, user: Id, emoji: string, added = true): void {
    this.guild.react(message, user, emoji, added)
  }

  /** Oldest first, as with all intents. */
  history(channel: Id): readonly RawMessage[] {
    return this.guild.history(channel)
  }

  /** The bot's messages that are still there, in order. */
  get posted(): Posted[] {
    return this.guild.posted
  }

  /** Sequence of the newest dispatch of any session. */
  get sequence(): number {
    return Math.max(0, ...[...this.#gateway.sessions.values()].map(({ sequence }) => sequence))
  }

  /** Closes all connections of the gateway with a code, or cuts them. */
  drop(code?: number): void {
    this.#gateway.drop(code)
  }

  /** Op 7. */
  askReconnect(): void {
    this.#gateway.send({ op: 7 })
  }

  /** Op 1: a heartbeat is wanted at once. */
  askHeartbeat(): void {
    this.#gateway.send({ op: 1 })
  }

  /** Op 9. */
  invalidate(resumable: boolean): void {
    this.#gateway.invalidate(resumable)
  }

  /** No session of before can be resumed. */
  forgetSessions(): void {
    this.#gateway.forgetSessions()
  }

  /** Heartbeats are heard, but no longer answered; `false`: they are again. */
  stopAcks(stop = true): void {
    this.#gateway.acks = !stop
  }

  /** Sends kept dispatches again, from a sequence on, in order or the newest first. */
  replay(fromSequence: number, order: 'same' | 'reverse' = 'same'): void {
    this.#gateway.replay(fromSequence, order)
  }

  /** The next IDENTIFYs, all unless a number is given, are closed with this code; 0 = none. */
  refuseIdentify(code: number, times = Number.POSITIVE_INFINITY): void {
    this.#gateway.refused = { code, times: code === 0 ? 0 : times }
  }

  limit(limit: Limit): void {
    this.#trouble.limit(limit)
  }

  fail(fault: Fault): void {
    this.#trouble.fail(fault)
  }

  /** Forgets limits and faults that were asked for and did not happen yet. */
  calm(): void {
    this.#trouble.clear()
  }

  /** Nobody gets through, as if the net was gone; sessions stay. `false`: there it is again. */
  away(away = true): void {
    this.#away = away
    if (away) for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.#gateway.stop()
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accepted(socket: Socket): void {
    if (this.#away) {
      socket.destroy()
      return
    }
    socket.on('error', () => socket.destroy())
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
