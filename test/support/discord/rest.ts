import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  invalidField,
  invalidJson,
  missingAccess,
  Refusal,
  unauthorized,
  unknown,
  unknownPath,
  wrongMethod,
} from './answers.ts'
import type { Gateway } from './gateway.ts'
import { type Guild, memberOf } from './guild.ts'
import { guildOf } from './guild-body.ts'
import type { Page } from './history.ts'
import type { Posting } from './posting.ts'
import { isSnowflake } from './snowflakes.ts'
import { json, type Trouble, tooMany } from './trouble.ts'
import type { Counts, Fault, Privileged, RawChannel, RawMessage } from './types.ts'
import { applicationFlags, Permission, withoutContent } from './visibility.ts'

type Parts = {
  guild: Guild
  gateway: Gateway
  posting: Posting
  trouble: Trouble
  counts: Counts
  token: { value: string; revoked: boolean }
  privileged: ReadonlySet<Privileged>
  history_nonce: boolean
}
type Asked = { method: string; path: string; query: URLSearchParams; body: string }
type Answer = { status: number; body: unknown }
type Route = { method: string; path: RegExp; open?: boolean; run: (ids: string[], asked: Asked) => unknown }

/** The paths of the REST API, version 10. */
export class Rest {
  readonly #parts: Parts
  readonly #routes: Route[]

  constructor(parts: Parts) {
    this.#parts = parts
    this.#routes = this.#table()
  }

  /** Answers a request; every one is counted, and every refusal that Discord counts. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = []
    response.on('error', () => response.destroy())
    request.on('error', () => response.destroy())
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      const path = url.pathname.replace(/^\/api(\/v\d+)?(?=\/)/, '')
      const body = Buffer.concat(parts).toString()
      const asked = { method: request.method ?? 'GET', path, query: url.searchParams, body }
      this.#count(asked)
      const versioned = /^\/api(\/v10)?\//.test(url.pathname)
      this.#answer(asked, versioned, request.headers.authorization ?? '', response)
    })
  }

  #count({ method, path }: Asked): void {
    const { counts } = this.#parts
    counts.requests++
    if (!/^\/channels\/[^/]+\/messages/.test(path)) return
    if (method === 'POST') counts.posts++
    if (method === 'GET') counts.gets++
  }

  #answer(asked: Asked, versioned: boolean, authorization: string, response: ServerResponse): void {
    const { counts, trouble } = this.#parts
    const fault = trouble.faultFor(asked)
    if (fault !== undefined && fault.after_accept !== true) return this.#fail(fault, response)
    const found = this.#work(asked, versioned, authorization, response)
    if (fault !== undefined) return this.#fail(fault, response)
    if (found === undefined) return
    if (found.status === 401 || found.status === 403) counts.invalid++
    if (found.status === 204) response.writeHead(204).end()
    else json(response, found.status, found.body)
  }

  /** The answer, or nothing where the request came too soon and was told so. */
  #work(asked: Asked, versioned: boolean, authorization: string, response: ServerResponse): Answer | undefined {
    const { counts, token, trouble } = this.#parts
    const routes = versioned ? this.#routes.filter(({ path }) => path.test(asked.path)) : []
    const route = routes.find(({ method }) => method === asked.method)
    try {
      if (routes.length === 0) throw unknownPath()
      if (route === undefined) throw wrongMethod()
      if (route.open !== true && (token.revoked || authorization !== `Bot ${token.value}`)) throw unauthorized()
      const refused = trouble.refuses(asked, response)
      if (refused !== undefined) {
        if (refused.scope !== 'shared') counts.invalid++
        tooMany(response, refused)
        return undefined
      }
      const ids = route.path.exec(asked.path)!.slice(1)
      const body = route.run(ids, asked)
      return { status: body === undefined ? 204 : 200, body }
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, body: error.body }
      throw error
    }
  }

  #fail({ code, hang, message, status }: Fault, response: ServerResponse): void {
    if (response.headersSent) return
    if (hang === true) return
    if (status === undefined) {
      response.destroy()
      return
    }
    if (status === 401 || status === 403) this.#parts.counts.invalid++
    // What stands before Discord answers with a page, not with JSON.
    if (status >= 500 && code === undefined) {
      response.writeHead(status, { 'content-type': 'text/html' }).end(`<html>${status}: ${message ?? 'error'}</html>`)
    } else json(response, status, { message: message ?? `${status}: error`, code: code ?? 0 })
  }

  #table(): Route[] {
    const { gateway, guild, posting, privileged } = this.#parts
    const url = (): string => `${gateway.base_url}/gateway`
    const application = { id: guild.bot.id, name: guild.bot.username, description: '', bot_public: false }
    const me = (): object => ({ ...guild.bot, verified: true, mfa_enabled: false, flags: 0 })
    return [
      { method: 'GET', path: /^\/gateway$/, open: true, run: () => ({ url: url() }) },
      {
        method: 'GET',
        path: /^\/gateway\/bot$/,
        run: () => ({ url: url(), shards: 1, session_start_limit: gateway.limit() }),
      },
      { method: 'GET', path: /^\/users\/@me$/, run: me },
      { method: 'GET', path: /^\/users\/@me\/guilds$/, run: () => [this.#ownGuild()] },
      { method: 'GET', path: /^\/users\/([^/@]+)$/, run: ([id]) => this.#user(id!) },
      {
        method: 'GET',
        path: /^\/(?:applications|oauth2\/applications)\/@me$/,
        run: () => ({ ...application, flags: applicationFlags(privileged), bot: guild.bot }),
      },
      { method: 'GET', path: /^\/channels\/([^/]+)$/, run: ([id]) => this.#visible(id!) },
      {
        method: 'GET',
        path: /^\/channels\/([^/]+)\/messages$/,
        run: ([id], { query }) => this.#messages(this.#visible(id!), query),
      },
      {
        method: 'GET',
        path: /^\/channels\/([^/]+)\/messages\/([^/]+)$/,
        run: ([id, message]) => this.#message(this.#visible(id!), message!),
      },
      {
        method: 'POST',
        path: /^\/channels\/([^/]+)\/messages$/,
        run: ([id], { body }) => posting.post(this.#channel(id!), objectIn(body)),
      },
      {
        method: 'DELETE',
        path: /^\/channels\/([^/]+)\/messages\/([^/]+)$/,
        run: ([id, message]) => this.#remove(id!, message!),
      },
      { method: 'POST', path: /^\/channels\/([^/]+)\/typing$/, run: ([id]) => void this.#visible(id!) },
      { method: 'GET', path: /^\/guilds\/([^/]+)$/, run: ([id]) => this.#guild(id!) },
      { method: 'GET', path: /^\/guilds\/([^/]+)\/roles$/, run: ([id]) => this.#guild(id!).roles },
      {
        method: 'GET',
        path: /^\/guilds\/([^/]+)\/channels$/,
        run: ([id]) => this.#channelsOf(id!, (type) => type !== 11),
      },
      {
        method: 'GET',
        path: /^\/guilds\/([^/]+)\/threads\/active$/,
        run: ([id]) => ({ threads: this.#channelsOf(id!, (type) => type === 11), members: [] }),
      },
      { method: 'GET', path: /^\/guilds\/([^/]+)\/members\/([^/]+)$/, run: ([id, user]) => this.#member(id!, user!) },
    ]
  }

  #channel(id: string): RawChannel {
    checkId('channel_id', id)
    const channel = this.#parts.guild.channels.get(id)
    if (channel === undefined) throw unknown.channel()
    return channel
  }

  #visible(id: string): RawChannel {
    const channel = this.#channel(id)
    if (!this.#parts.guild.sees(channel)) throw missingAccess()
    return channel
  }

  #messages(channel: RawChannel, query: URLSearchParams): RawMessage[] {
    const page = pageOf(query)
    const { guild } = this.#parts
    if ((guild.mayBot(channel) & Permission.history) === 0n) return []
    return guild
      .historyOf(channel.id)
      .page(page)
      .map((message) => this.#shown(channel, message))
  }

  #message(channel: RawChannel, id: string): RawMessage {
    checkId('message_id', id)
    const message = this.#parts.guild.find(id)
    if (message === undefined || message.channel_id !== channel.id) throw unknown.message()
    return this.#shown(channel, message)
  }

  #remove(id: string, message: string): undefined {
    const { author, id: found } = this.#message(this.#visible(id), message)
    if (author.id !== this.#parts.guild.bot.id) throw new Refusal(403, 50_013, 'Missing Permissions')
    this.#parts.guild.remove(found)
  }

  #shown(channel: RawChannel, message: RawMessage): RawMessage {
    const { guild, history_nonce, privileged } = this.#parts
    const seen = privileged.has('message_content') ? message : withoutContent(message, guild.bot.id, channel.type === 1)
    const nonce = history_nonce ? guild.nonceOf(message.id) : undefined
    return nonce === undefined ? seen : { ...seen, nonce }
  }

  #user(id: string): object {
    checkId('user_id', id)
    const user = this.#parts.guild.users.get(id)
    if (user === undefined) throw unknown.user()
    return user
  }

  #guild(id: string): object & { roles: unknown } {
    checkId('guild_id', id)
    if (id !== this.#parts.guild.id) throw unknown.guild()
    return { roles: [], ...guildOf(this.#parts.guild) }
  }

  #ownGuild(): object {
    const { id, name, permissions } = this.#parts.guild
    return { id, name, icon: null, banner: null, owner: false, permissions, features: [] }
  }

  #channelsOf(id: string, wanted: (type: number) => boolean): RawChannel[] {
    this.#guild(id)
    const { guild } = this.#parts
    return [...guild.channels.values()].filter(
      (channel) => channel.guild_id === id && wanted(channel.type) && guild.sees(channel),
    )
  }

  #member(id: string, user: string): object {
    this.#guild(id)
    checkId('user_id', user)
    const found = this.#parts.guild.users.get(user)
    if (found === undefined) throw unknown.member()
    return { user: found, ...memberOf(found) }
  }
}

function checkId(field: string, id: string): void {
  if (!isSnowflake(id)) throw invalidField(field, 'NUMBER_TYPE_COERCE', `Value "${id}" is not snowflake.`)
}

function pageOf(query: URLSearchParams): Page {
  const given = query.get('limit') ?? '50'
  const limit = Number(given)
  if (!/^\d+$/.test(given)) throw invalidField('limit', 'NUMBER_TYPE_COERCE', `Value "${given}" is not int.`)
  if (limit < 1) throw invalidField('limit', 'NUMBER_TYPE_MIN', 'int value should be greater than or equal to 1.')
  if (limit > 100) throw invalidField('limit', 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 100.')
  const page: Page = { limit }
  for (const side of ['after', 'before', 'around'] as const) {
    const id = query.get(side)
    if (id === null) continue
    checkId(side, id)
    page[side] = id
  }
  return page
}

function objectIn(body: string): object {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw invalidJson()
}
