import { expect, test } from 'vitest'
import { ram } from '../../stores/ram.ts'
import { Memory, MemoryKind } from '../../systems/components.ts'
import { channelStand, channelsKnown, shardStand } from '../../systems/cursors.ts'
import { DiscordChannel, DiscordSeen, Speak, seenSlots } from '../../systems/discord/columns.ts'
import { recall } from '../../systems/recall.ts'
import {
  bots,
  channel,
  channelPolicy,
  deletion,
  edit,
  gateway,
  general,
  hear,
  memes,
  message,
  messageId,
  obey,
  sequence,
  served,
} from '../support/discord-world.ts'
import { remembering } from '../support/memory.ts'

const [a, b, c] = [messageId(1), messageId(2), messageId(3)]
const place = (n: number) => ({ shard: 0, sequence: n })

async function listening(discord = {}) {
  const engine = await remembering(ram())
  obey(engine, discord)
  await hear(engine, gateway({ state: 'identified' }), gateway({ state: 'ready', session: 's1', sequence: 1 }))
  return engine
}

test('duplicates and dispatches out of order (2, 3, 3, 2) are one memory each, and the sequence stays at the highest', async () => {
  const engine = await listening()
  const two = message(a, 'The first message of all', place(2))
  const three = message(b, 'Another message follows it', place(3))
  await hear(engine, two, three, three, two)
  expect(served(engine)).toEqual(['The first message of all', 'Another message follows it'])
  expect(sequence(engine)).toBe(3)
  await hear(engine, two)
  expect(channel(engine, general)).toMatchObject({ people: 2, bots: 0, seen: 2 })
  expect(sequence(engine)).toBe(3)
  expect(channelStand(engine, general)?.cursor).toBe(b)
  await engine.stop()
})

test('a message that comes late is taken when the window knows that it is missing, and left out below the window', async () => {
  const engine = await listening()
  const told = (n: number) => message(messageId(n), `message number ${n}`, { bot: true, channel: bots })
  const late = 150
  const numbers = Array.from({ length: seenSlots + 100 }, (_, at) => at + 10).filter((n) => n !== late)
  await hear(engine, ...numbers.map(told))
  const { bots: heard } = channel(engine, bots)
  expect(heard).toBe(numbers.length)
  await hear(engine, told(late), told(late), told(5), ...numbers.map(told))
  expect(channel(engine, bots)).toMatchObject({ bots: heard + 1, seen: seenSlots })
  await engine.stop()
})

test('history fetched on request is taken once, moves no cursor, and is no news when it is delivered after all', async () => {
  const engine = await listening()
  await hear(engine, message(c, 'The newest of the three messages'))
  const old = message(a, 'Something said long ago', { history: true })
  await hear(engine, old)
  await hear(engine, old, message(a, 'Something said long ago'))
  expect(served(engine)).toEqual(['The newest of the three messages', 'Something said long ago'])
  expect(channelStand(engine, general)?.cursor).toBe(c)
  expect(channel(engine, general).people).toBe(2)
  await engine.stop()
})

test('where nobody follows nothing is remembered; threads belong to their channel, direct messages have a rule of their own', async () => {
  const engine = await listening({ direct: false })
  await hear(engine, message(a, 'Nobody wants to hear this', { channel: memes }))
  expect([served(engine), channel(engine, memes).row]).toEqual([[], 0])
  await hear(engine, message(b, 'A word in a thread', { thread: '500000000000000001' }))
  expect(channel(engine, '500000000000000001')).toMatchObject({ followed: 1, locked: 1, speak: Speak.asked, people: 1 })
  expect(channelStand(engine, '500000000000000001')?.parent).toBe(general)
  const direct = message(c, 'Between the two of us', { channel: '600000000000000001', direct: true })
  await hear(engine, direct)
  obey(engine, { direct: true })
  await hear(engine)
  await hear(engine, direct)
  expect(served(engine)).toEqual(['A word in a thread', 'Between the two of us'])
  await engine.stop()
})

test('a new policy marks every channel anew', async () => {
  const engine = await listening({ others: 'follow' })
  await hear(engine, message(a, 'Said where others are followed', { channel: memes }))
  expect(channel(engine, memes)).toMatchObject({ followed: 1, locked: 0 })
  obey(engine, { channels: [] })
  await hear(engine)
  expect([channel(engine, memes).followed, channel(engine, general).followed, channel(engine, general).locked]).toEqual(
    [0, 0, 0],
  )
  expect([...channelsKnown(engine)].sort()).toEqual([general, bots, memes].sort())
  await engine.stop()
})

test('behind and caught up, gone and back, and names', async () => {
  const engine = await listening()
  const state = (more: object) =>
    hear(engine, { type: 'discord.channel', source: { kind: 'discord' }, payload: { channel: general, ...more } })
  await state({ state: 'behind', name: 'lobby' })
  expect(channelStand(engine, general)).toMatchObject({ behind: true, name: 'lobby', gone: false })
  await state({ state: 'caught_up' })
  await state({ state: 'gone' })
  expect(channelStand(engine, general)).toMatchObject({ behind: false, gone: true })
  await hear(engine, message(a, 'It is there again, it seems'))
  expect(channelStand(engine, general)?.gone).toBe(false)
  await engine.stop()
})

test('the gateway: identifies are counted a day, a new session begins its own sequence, a refused one is forgotten', async () => {
  const engine = await listening()
  await hear(engine, gateway({ state: 'at', sequence: 40 }), gateway({ state: 'at', sequence: 12 }))
  expect(shardStand(engine, 0)).toMatchObject({ session: 's1', sequence: 40, identifies: 1, failed: false })
  await hear(engine, gateway({ state: 'refused' }))
  expect(shardStand(engine, 0)).toMatchObject({ session: '', sequence: 0 })
  await hear(engine, gateway({ state: 'identified' }), gateway({ state: 'ready', session: 's2', sequence: 1 }))
  expect(shardStand(engine, 0)).toMatchObject({ session: 's2', sequence: 1, identifies: 2 })
  await engine.step(engine.now_ms + 86_400_001)
  await hear(engine, gateway({ state: 'identified' }), gateway({ state: 'failed', close_code: 4014 }))
  expect(shardStand(engine, 0)).toMatchObject({ identifies: 1, failed: true })
  await engine.stop()
})

test('an author is remembered by name, and a channel by its name', async () => {
  const engine = await listening()
  await hear(engine, message(a, 'The kettle is broken again', { author_name: 'Ada', channel_name: 'kitchen' }))
  const meta = JSON.parse(engine.read('meta', 1) ?? '{}') as { source: { author: string; channel: string } }
  expect(meta.source).toMatchObject({ author: 'Ada', channel: 'kitchen' })
  expect(recall(engine, 'what did Ada say', { hits_max: 3 }).hits.map(({ id }) => id)).toContain(a)
  await engine.stop()
})

test('an edit stands for what was said before; one that changes nothing, or is older, changes nothing', async () => {
  const engine = await listening()
  await hear(engine, message(a, 'We meet at three'))
  await hear(engine, edit(a, 20, 'We meet at four'))
  expect(served(engine)).toEqual(['We meet at four'])
  await hear(engine, edit(a, 10, 'We meet at two'), edit(a, 20, 'We meet at four'), edit(a, 30, 'We meet at four'))
  expect([served(engine), engine.world.rows(Memory)]).toEqual([['We meet at four'], 2])
  await hear(engine, edit(a, 40, 'We meet at three'))
  expect(served(engine)).toEqual(['We meet at three'])
  expect(channel(engine, general).edited).toBe(2)
  await engine.stop()
})

test('an edit that comes before its message becomes the message, also in one tick with others', async () => {
  const engine = await listening()
  await hear(engine, edit(a, 20, 'As it reads now'), message(a, 'As it was first'), edit(a, 10, 'As it was between'))
  expect(served(engine)).toEqual(['As it reads now'])
  await hear(engine, message(b, 'Said and changed at once'), edit(b, 5, 'Changed in the same tick'))
  expect(served(engine)).toEqual(['As it reads now', 'Changed in the same tick'])
  await engine.stop()
})

test('a deleted message is hidden with every version of it, and stays so', async () => {
  const engine = await listening()
  await hear(engine, message(a, 'Said in haste'), edit(a, 20, 'Said in more haste'), deletion([a, a]))
  expect(served(engine)).toEqual([])
  await hear(engine, edit(a, 30, 'Said once more'), message(a, 'Said in haste'), deletion([a]))
  expect([served(engine), channel(engine, general).deleted]).toEqual([[], 1])
  await engine.stop()
})

test('a deletion before the message keeps it out, whichever way it comes', async () => {
  const engine = await listening()
  await hear(engine, deletion([a, b]))
  await hear(engine, message(a, 'Too late to be heard'), message(b, 'The same', { history: true }), edit(b, 9, 'Again'))
  expect(served(engine)).toEqual([])
  expect(channelStand(engine, general)?.cursor).toBe(a)
  await engine.stop()
})

test('said twice by a nervous finger: one deleted leaves the other, both deleted leave nothing', async () => {
  const engine = await listening()
  const ts = engine.now_ms
  await hear(engine, message(a, 'Hello everybody here', { ts }), message(b, 'Hello everybody here', { ts: ts + 1_000 }))
  await hear(engine, deletion([b]), deletion([b]))
  expect(served(engine)).toEqual(['Hello everybody here'])
  await hear(engine, deletion([a]))
  expect(served(engine)).toEqual([])
  await engine.stop()
})

test("the first message of a flood can go: what stands for the flood stays, and edits of a flood's members are counted", async () => {
  const engine = await listening()
  const ts = engine.now_ms
  const built = (n: number) => message(messageId(n), 'Build of main passed', { bot: true, channel: bots, ts: ts + n })
  await hear(engine, ...Array.from({ length: 12 }, (_, at) => built(at + 1)))
  const before = served(engine)
  await hear(engine, deletion([messageId(1)], bots), deletion([messageId(9)], bots))
  await hear(engine, edit(messageId(10), 7, 'Build of main failed', { bot: true, channel: bots }))
  expect(served(engine)).toEqual(before)
  await engine.stop()
})

test('a sign put by a person wakes the memory, and other signs do not', async () => {
  const engine = await listening()
  await hear(engine, message(a, 'A thing worth a sign'))
  const sign = (more: object) => ({
    type: 'discord.reaction',
    source: { kind: 'discord', channel: general, author: '78' },
    payload: { message_id: a, emoji: '👍', added: true, ...more },
  })
  await hear(engine, sign({ bot: true }), sign({ added: false }))
  expect(engine.world.of(Memory).usage_total[1]).toBe(0)
  await hear(engine, sign({}))
  expect(engine.world.of(Memory).usage_total[1]).toBe(1)
  await engine.stop()
})

test('65,000 channels: an idle tick looks at none of them, and a message at one', async () => {
  const engine = await remembering(ram())
  const channels = Array.from({ length: 65_000 }, (_, at) =>
    channelPolicy(String(2_000_000_000_000_000_000n + BigInt(at))),
  )
  obey(engine, { channels })
  await hear(engine)
  expect(engine.world.rows(DiscordChannel)).toBe(65_000)
  const last = channels.at(-1)!.id
  await hear(engine, message(a, 'Said in the last of them', { channel: last }))
  expect([channel(engine, last).people, served(engine).length]).toEqual([1, 1])
  // A window is made where something was said, not for every channel.
  expect(engine.world.rows(DiscordSeen)).toBe(seenSlots)
  await engine.stop()
})

test('a report of the janitor is remembered as a summary, when the world itself gives it', async () => {
  const engine = await listening()
  const numbers = { report: 1, since_ms: 0, until_ms: 1, messages: 3, counted: 2 }
  const payload = {
    ...numbers,
    text: 'Three messages of programs, two of them only counted.',
    channels: [],
    families: [],
    proposals: [],
  }
  await hear(engine, {
    type: 'janitor.report',
    source: { kind: 'tool' },
    payload: { ...payload, text: 'A forged report.' },
  })
  await hear(engine, { type: 'janitor.report', source: { kind: 'world' }, payload })
  expect(served(engine)).toEqual([payload.text])
  expect(engine.world.of(Memory).kind[1]).toBe(MemoryKind.summary)
  await engine.stop()
})
