import type { REST } from 'discord.js'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { addressOf } from './address.ts'
import type { RawChannel, RawMessage } from './raw.ts'
import { type Attempt, Requests } from './requests.ts'
import type { RawAccess, RawGuildRoles, RawMember } from './rights.ts'
import { isNewer } from './snowflake.ts'

/** Discord over HTTP. Every call fails with an `EffectFailure` whose code is one of those named at `DiscordSend`. */
export type DiscordApi = {
  readonly rest: REST
  gateway(): Promise<{
    url: string
    shards: number
    session_start_limit: { total: number; remaining: number; reset_after: number }
  }>
  me(): Promise<{ id: string; username: string }>
  application(): Promise<{ id: string; name: string; flags: number }>
  channel(id: string): Promise<RawChannel & RawAccess>
  /** Ascending by id. */
  messages(channel: string, query: Query, signal?: AbortSignal): Promise<RawMessage[]>
  post(channel: string, message: Outgoing, signal: AbortSignal): Promise<{ id: string }>
  /** The roles of a guild, with what they may do. */
  guild(id: string): Promise<RawGuildRoles>
  /** A member of a guild, with its roles. */
  member(guild: string, user: string): Promise<RawMember>
}
export type Query = {
  readonly after?: string
  readonly before?: string
  readonly around?: string
  readonly limit?: number
}
export type Outgoing = { readonly content: string; readonly nonce: string; readonly reply_to?: string }

export type ApiOptions = {
  readonly token: string
  /** Where the token comes from, for messages. */
  readonly token_name: string
  /** Default: Discord. Else https, or http on this machine. */
  readonly api_url?: string | undefined
  /** Times for tests, in milliseconds. */
  readonly times?: Partial<ApiTimes>
  readonly now?: () => number
}
export type ApiTimes = {
  /** One request. Default 15,000. */
  readonly request_ms: number
  /** A whole call with its waits and repetitions, which must end before its effect's deadline. Default 50,000; of a post 100,000. */
  readonly read_ms: number
  readonly post_ms: number
  /** Limits that end sooner are slept through. Default 10,000. */
  readonly wait_max_ms: number
  /** Before the first repetition; then twice as long. Default 500. */
  readonly again_ms: number
}

const defaultTimes: ApiTimes = {
  request_ms: 15_000,
  read_ms: 50_000,
  post_ms: 100_000,
  wait_max_ms: 10_000,
  again_ms: 500,
}
const usualApi = 'https://discord.com/api'
const id = /^[0-9]{1,20}$/

/**
 * The way to Discord's API; nothing is asked yet.
 * @throws EngineError ADAPTER_OPTION for an address or a token that cannot be used; EffectFailure PACKAGE_MISSING
 */
export async function connectApi(options: ApiOptions): Promise<DiscordApi> {
  const { token, token_name } = options
  const api = addressOf(options.api_url ?? usualApi)
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const why = token === '' ? 'is empty' : 'holds blanks or other characters that no token has'
    throw new EngineError('ADAPTER_OPTION', `the token of Discord from ${token_name} ${why}`)
  }
  const times = { ...defaultTimes, ...options.times }
  const requests = new Requests({ token, token_name, times, now: options.now ?? Date.now })
  const { REST } = await load()
  const rest = new REST({
    api,
    version: '10',
    // Repetitions and their limits are decided in requests.ts.
    retries: 0,
    timeout: times.request_ms,
    makeRequest: (url, init) => requests.exchange(url, init),
    rejectOnRateLimit: ({ retryAfter, sublimitTimeout }) => requests.tooLong(Math.max(retryAfter, sublimitTimeout)),
  }).setToken(token)
  return apiOver(rest, requests, times)
}

function apiOver(rest: REST, requests: Requests, times: ApiTimes): DiscordApi {
  const read = <T>(path: `/${string}`, more: Partial<Attempt> & { query?: URLSearchParams }): Promise<T> => {
    const { query, ...attempt } = more
    const said = { what: `to read ${path}`, asked: 'read', total_ms: times.read_ms, ...attempt } as const
    return requests.call(said, (signal) => rest.get(path, { signal, ...(query && { query }) }) as Promise<T>)
  }
  return {
    rest,
    gateway: () => read('/gateway/bot', {}),
    me: () => read('/users/@me', {}),
    application: () => read('/applications/@me', {}),
    channel: (channel) => read(`/channels/${channel}`, { channel, what: `to see the channel ${channel}` }),
    guild: (guild) => read(`/guilds/${guild}`, {}),
    member: (guild, user) => read(`/guilds/${guild}/members/${user}`, {}),
    messages: async (channel, given, signal) => {
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, String(value))
      const what = `to read the channel ${channel}`
      const path = `/channels/${channel}/messages` as const
      const page = await read<unknown>(path, { query, channel, what, ...(signal && { signal }) })
      if (Array.isArray(page) && page.every(isMessage)) return page.sort((a, b) => (isNewer(a.id, b.id) ? 1 : -1))
      throw new EffectFailure('DISCORD_AWAY', `what came when asked ${what} is no list of messages`, {
        transient: true,
      })
    },
    post: async (channel, message, signal) => {
      const what = `to post in the channel ${channel}`
      const attempt = { what, asked: 'post', channel, signal, total_ms: times.post_ms } as const
      const body = bodyOf(message)
      const made = await requests.call<unknown>(attempt, (ended) =>
        rest.post(`/channels/${channel}/messages`, { body, signal: ended }),
      )
      if (isMessage(made)) return { id: made.id }
      throw new EffectFailure('DISCORD_UNSURE', `Discord did not say what the message in ${channel} became`)
    },
  }
}

/** Nobody is ever mentioned, and a message that is answered may be gone by now. */
function bodyOf({ content, nonce, reply_to }: Outgoing): object {
  return {
    content,
    nonce,
    enforce_nonce: true,
    allowed_mentions: { parse: [], replied_user: false },
    ...(reply_to === undefined ? {} : { message_reference: { message_id: reply_to, fail_if_not_exists: false } }),
  }
}

function isMessage(value: unknown): value is RawMessage {
  const given = (value as { id?: unknown } | null | undefined)?.id
  return typeof given === 'string' && id.test(given)
}

async function load() {
  try {
    return await import('discord.js')
  } catch (thrown) {
    const reason = `the package 'discord.js' cannot be loaded; install it with npm install discord.js (${reasonOf(thrown)})`
    throw new EffectFailure('PACKAGE_MISSING', reason)
  }
}
