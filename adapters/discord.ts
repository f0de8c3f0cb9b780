import { assert, EngineError } from '../engine/errors.ts'
import { connectApi, type DiscordApi } from './discord/api.ts'
import { begin, end, idle, type Running, statusOf } from './discord/life.ts'
import type { DiscordAdapter, DiscordOptions } from './discord/options.ts'
import { sending } from './discord/sending.ts'

export type {
  BackfillOrder,
  DiscordAdapter,
  DiscordOptions,
  DiscordState,
  DiscordStatus,
  DiscordTimes,
  Follows,
} from './discord/options.ts'

/**
 * Discord as a neighbour of the world: what is said in the channels that are followed comes in as events, and
 * `discord.send` and `discord.find` go out. `start` never waits for Discord and never fails because of it.
 * @throws EngineError ADAPTER_OPTION for an empty token
 */
export function discord(options: DiscordOptions): DiscordAdapter {
  const { token, token_name, api_url, now = Date.now } = options
  assert(token !== '', 'ADAPTER_OPTION', `the token of ${token_name} is empty`)
  let connected: Promise<DiscordApi> | undefined
  const api = async (): Promise<DiscordApi> => {
    connected ??= connectApi({ token, token_name, ...(api_url === undefined ? undefined : { api_url }) })
    try {
      return await connected
    } catch (thrown) {
      connected = undefined
      throw thrown
    }
  }
  let running: Running | undefined
  return {
    name: 'discord',
    effects: sending(api),
    start(outside) {
      running = begin(options, outside, api)
    },
    async stop() {
      if (running !== undefined) await end(running)
    },
    status: () => (running === undefined ? idle : statusOf(running, now())),
    async backfill(channel, order = {}) {
      if (running === undefined) throw new EngineError('ENGINE_STATE', 'Discord is not connected to a running engine')
      return running.backfill.fetch(channel, order)
    },
  }
}
