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
import { idBefore, isNewer, neighbour } from './snowflake.ts'

/** Clocks differ: history is looked through from so long before the message was asked for. */
const skew_ms = 60_000
const pageSize = 100
/** In each direction: 3,000 messages, which a reader's limits give within an effect's time. */
const pagesMax = 30

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

/**
 * Looks through a channel's history for a message of the agent's: from when it was asked for on, where it nearly always is,
 * and then backwards for as far as clocks may differ. In a busy channel either may be more than can be read.
 */
async function find(api: DiscordApi, request: DiscordFindRequest, signal: AbortSignal): Promise<DiscordFindDone> {
  const { channel, since_ms } = request
  const { id: me } = await api.me()
  const matches = matcher(request, me)
  const asked = idBefore(since_ms)
  const oldest = idBefore(since_ms - skew_ms)
  const later = await look(
    (after) => api.messages(channel, { after, limit: pageSize }, signal),
    asked,
    matches,
    'newest',
  )
  if (later.found !== undefined) return { found: 'found', message_id: later.found.id }
  const past = await look(
    async (before) =>
      (await api.messages(channel, { before, limit: pageSize }, signal)).filter(({ id }) => isNewer(id, oldest)),
    neighbour(asked, 1),
    matches,
    'oldest',
  )
  if (past.found !== undefined) return { found: 'found', message_id: past.found.id }
  if (!later.whole || !past.whole) return { found: 'unclear', message_id: '' }
  return { found: await absence(api, request, matches, later.seen + past.seen > 0, signal), message_id: '' }
}

type Looked = { readonly found?: RawMessage; readonly whole: boolean; readonly seen: number }

/** Reads page after page, each ascending, on from its newest or its oldest message, until one is not full. */
async function look(
  pageFrom: (id: string) => Promise<RawMessage[]>,
  from: string,
  matches: (message: RawMessage) => boolean,
  onFrom: 'newest' | 'oldest',
): Promise<Looked> {
  let seen = 0
  let at = from
  for (let page = 1; page <= pagesMax; page++) {
    const messages = await pageFrom(at)
    const found = messages.find(matches)
    seen += messages.length
    if (found !== undefined) return { found, whole: true, seen }
    const next = messages.at(onFrom === 'newest' ? -1 : 0)
    if (next === undefined || messages.length < pageSize) return { whole: true, seen }
    at = next.id
  }
  return { whole: false, seen }
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
 * Whether what was not found where clocks place it is nowhere. Clocks may differ by more than is looked for: whoever finds
 * the words among the newest messages after all, and no other post of the agent's became them, cannot tell.
 */
async function absence(
  api: DiscordApi,
  { channel }: DiscordFindRequest,
  matches: (message: RawMessage) => boolean,
  seen: boolean,
  signal: AbortSignal,
): Promise<'absent' | 'unclear'> {
  const newest = await api.messages(channel, { limit: pageSize }, signal)
  if (newest.some(matches)) return 'unclear'
  // Without the right to read history Discord shows an empty one: nothing is concluded from that where something was posted.
  if (seen || newest.length > 0) return 'absent'
  const { last_message_id } = await api.channel(channel)
  return last_message_id === undefined || last_message_id === null ? 'absent' : 'unclear'
}
