import type { DiscordApi } from '../../adapters/discord/api.ts'
import { begin, end, type Running } from '../../adapters/discord/life.ts'
import type { DiscordTimes } from '../../adapters/discord/options.ts'
import type { RawChannel, RawMessage } from '../../adapters/discord/raw.ts'
import { EffectFailure, type Log, type Outside, silent } from '../../engine/flow/adapter.ts'
import type { Event } from '../../engine/flow/event.ts'
import { createEngine, type Engine } from '../../engine/index.ts'
import type { Limits } from '../../engine/limits.ts'
import type { Store } from '../../engine/record/store.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'

/** The listening side of Discord in a world of its own, over a REST client as plain as can be. */

export type Side = {
  readonly engine: Engine
  readonly running: Running
  /** All events of Discord that became durable, in order. */
  readonly events: Event[]
  readonly lines: { level: string; message: string }[]
  stop(): Promise<void>
}

/** Quick enough for tests. */
export const quick: Partial<DiscordTimes> = { first_ms: 5, most_ms: 40, identify_ms: 0, at_ms: 50, stop_ms: 1_000 }

/** Runs the listening side on a server until it is stopped. */
export async function listen(
  server: { readonly api_url: string; readonly token: string },
  options: {
    channels: readonly string[]
    store?: Store
    times?: Partial<DiscordTimes>
    limits?: Partial<Limits>
    token?: string
  },
): Promise<Side> {
  const events: Event[] = []
  const lines: Side['lines'] = []
  const line = (level: string) => (_fields: object, message: string) => void lines.push({ level, message })
  const log: Log = { ...silent, info: line('info'), warn: line('warn'), error: line('error') }
  const token = options.token ?? server.token
  let running: Running | undefined
  const api = plainApi(server.api_url, token)
  const adapter = {
    name: 'discord',
    start(outside: Outside) {
      const about = { token, token_name: 'env:DISCORD_TOKEN', times: { ...quick, ...options.times } }
      running = begin(about, outside, () => Promise.resolve(api))
    },
    async stop() {
      if (running !== undefined) await end(running)
    },
  }
  const { store = ram(), limits = {} } = options
  const engine = await createEngine({ ...mind(), store, adapters: [adapter], log, limits })
  for (const type of names) engine.on(type, (event) => void events.push(event))
  const channels = options.channels.map((id) => ({ id, name: '', locked: false, embed: 'all', speak: 'asked' }))
  await engine.start()
  engine.publish({ type: 'config.set', payload: { policy: { discord: { channels } } } })
  if (running === undefined) throw new Error('the adapter was not started')
  return { engine, running, events, lines, stop: () => engine.stop() }
}

const names = [
  'discord.message.new',
  'discord.message.edited',
  'discord.message.deleted',
  'discord.reaction',
  'discord.channel',
  'discord.gateway',
]

/** Texts of the messages that came in, in order. */
export function textsOf({ events }: Side): string[] {
  return events.filter(({ type }) => type === 'discord.message.new').map(({ payload }) => String(payload['text']))
}

/** States that the gateway was in, in order; how far it was heard is none. */
export function statesOf({ events }: Side): string[] {
  const states = events.filter(({ type }) => type === 'discord.gateway').map(({ payload }) => String(payload['state']))
  return states.filter((state) => state !== 'at')
}

function plainApi(api_url: string, token: string): DiscordApi {
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => {
    let response: Response
    try {
      const asked = { headers: { authorization: `Bot ${token}` }, ...(signal === undefined ? {} : { signal }) }
      response = await fetch(`${api_url}/v10${path}`, asked)
    } catch (thrown) {
      throw new EffectFailure('DISCORD_AWAY', String(thrown), { transient: true })
    }
    if (response.ok) return (await response.json()) as T
    const codes: Record<number, string> = { 401: 'DISCORD_AUTH', 403: 'DISCORD_FORBIDDEN', 404: 'DISCORD_MISSING' }
    await response.arrayBuffer()
    throw new EffectFailure(codes[response.status] ?? 'DISCORD_AWAY', `status ${response.status}`)
  }
  const sides: Pick<DiscordApi, 'gateway' | 'me' | 'application' | 'channel' | 'messages'> = {
    gateway: () => get('/gateway/bot'),
    me: () => get('/users/@me'),
    application: () => get('/applications/@me'),
    channel: (id) => get<RawChannel>(`/channels/${id}`),
    async messages(channel, query, signal) {
      const asked = new URLSearchParams()
      for (const [name, value] of Object.entries(query)) asked.set(name, String(value))
      return (await get<RawMessage[]>(`/channels/${channel}/messages?${asked}`, signal)).reverse()
    },
  }
  return sides as DiscordApi
}
