import { reasonOf } from '../../engine/errors.ts'
import { EffectFailure, type EffectHandler } from '../../engine/flow/adapter.ts'
import {
  DiscordFind,
  type DiscordFindDone,
  type DiscordFindRequest,
  DiscordSend,
  type DiscordSendRequest,
} from '../../systems/events.ts'
import type { DiscordApi } from './api.ts'
import { nonceOf } from './nonce.ts'
import type { RawMessage } from './raw.ts'
import { idBefore } from './snowflake.ts'

/** Clocks differ: history is looked through from so long before the message was first asked for. */
const skew_ms = 60_000
const pageSize = 100
const pagesMax = 10

/** Who answers `discord.send` and `discord.find`. @param api connects at first use, and is asked each time */
export function sending(api: () => Promise<DiscordApi>): { [type: string]: EffectHandler } {
  const connected = async (): Promise<DiscordApi> => {
    try {
      return await api()
    } catch (thrown) {
      if (thrown instanceof EffectFailure) throw thrown
      throw new EffectFailure('DISCORD_AUTH', reasonOf(thrown))
    }
  }
  return {
    [DiscordSend.name]: async (request, { signal }) => {
      const { channel, text, key, reply_to } = request as DiscordSendRequest
      const message = { content: text, nonce: nonceOf(key), ...(reply_to === undefined ? {} : { reply_to }) }
      const { id } = await (await connected()).post(channel, message, signal)
      return { message_id: id }
    },
    [DiscordFind.name]: async (request, { signal }) => {
      return await find(await connected(), request as DiscordFindRequest, signal)
    },
  }
}

/** Looks through a channel's history, oldest first, for a message of the agent's. */
async function find(api: DiscordApi, request: DiscordFindRequest, signal: AbortSignal): Promise<DiscordFindDone> {
  const { channel, since_ms } = request
  const { id: me } = await api.me()
  const matches = matcher(request, me)
  let after = idBefore(since_ms - skew_ms)
  for (let page = 1; page <= pagesMax; page++) {
    const messages = await api.messages(channel, { after, limit: pageSize }, signal)
    const found = messages.find(matches)
    if (found !== undefined) return { found: 'found', message_id: found.id }
    const last = messages.at(-1)
    if (last === undefined && page === 1) return { found: await emptiness(api, channel, signal), message_id: '' }
    if (last === undefined || messages.length < pageSize) return { found: 'absent', message_id: '' }
    after = last.id
  }
  return { found: 'unclear', message_id: '' }
}

/** By its nonce where history gives one, else by its words, as Discord keeps them: without blanks around. */
function matcher({ text, key, known }: DiscordFindRequest, me: string): (message: RawMessage) => boolean {
  const nonce = nonceOf(key)
  const words = text.trim()
  const others = new Set(known)
  return ({ id, author, content = '', nonce: given }) => {
    if (author?.id !== me || others.has(id)) return false
    return given === undefined || given === null ? content.trim() === words : String(given) === nonce
  }
}

/**
 * Without the right to read history Discord shows an empty one, so nothing is concluded from that where messages were
 * posted since: only a channel whose newest message can be seen, or that never had one, says that something is absent.
 */
async function emptiness(api: DiscordApi, channel: string, signal: AbortSignal): Promise<'absent' | 'unclear'> {
  const [newest] = await api.messages(channel, { limit: 1 }, signal)
  if (newest !== undefined) return 'absent'
  const { last_message_id } = await api.channel(channel)
  return last_message_id === undefined || last_message_id === null ? 'absent' : 'unclear'
}
