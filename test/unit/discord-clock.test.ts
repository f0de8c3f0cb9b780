import { expect, test } from 'vitest'
import type { DiscordApi } from '../../adapters/discord/api.ts'
import type { RawMessage } from '../../adapters/discord/raw.ts'
import { sending } from '../../adapters/discord/sending.ts'
import { idBefore, isNewer } from '../../adapters/discord/snowflake.ts'

/** Found by the simulator: a clock that was hours ahead when something was sent, and set right before it was looked for. */

const posted_ms = 1_800_000_000_000
const hours_ms = 7_200_000
const mine: RawMessage = {
  id: idBefore(posted_ms),
  channel_id: '5',
  author: { id: '42', username: 'duck' },
  content: 'Quack.',
}
const other: RawMessage = { ...mine, id: idBefore(posted_ms - 1_000), author: { id: '7', username: 'ada' } }

/** A channel as Discord shows it. */
function channelOf(messages: readonly RawMessage[]) {
  const api: Pick<DiscordApi, 'me' | 'channel' | 'messages'> = {
    me: async () => ({ id: '42', username: 'duck' }),
    channel: async (id) => ({ id, type: 0, last_message_id: messages.at(-1)?.id ?? null }),
    messages: async (_channel, { after, before, limit = 50 }) => {
      if (before !== undefined) return messages.filter(({ id }) => isNewer(before, id)).slice(-limit)
      if (after !== undefined) return messages.filter(({ id }) => isNewer(id, after)).slice(0, limit)
      return messages.slice(-limit)
    },
  }
  return (since_ms: number, known: readonly string[] = []) =>
    sending(async () => api as DiscordApi)['discord.find']!(
      { post: 1, channel: '5', text: 'Quack.', key: 'post/1', since_ms, known: [...known] },
      { effect_id: 1, attempt: 1, signal: new AbortController().signal },
    )
}

test('what was sent under a clock far ahead is not called absent, so that it is not sent twice', async () => {
  const find = channelOf([other, mine])
  expect(await find(posted_ms)).toEqual({ found: 'found', message_id: mine.id })
  expect(await find(posted_ms + hours_ms)).toEqual({ found: 'unclear', message_id: '' })
})

test('the same words that another post became are no reason to doubt', async () => {
  expect(await channelOf([other, mine])(posted_ms + hours_ms, [mine.id])).toEqual({ found: 'absent', message_id: '' })
  expect(await channelOf([other])(posted_ms + hours_ms)).toEqual({ found: 'absent', message_id: '' })
  expect(await channelOf([])(posted_ms + hours_ms)).toEqual({ found: 'absent', message_id: '' })
})
