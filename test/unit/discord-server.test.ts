import { once } from 'node:events'
import { Client, Events, GatewayIntentBits, type Message, Partials } from 'discord.js'
import { afterEach, describe, expect, test } from 'vitest'
import { ask, endAll, gatewayUrl, get, Hand, identified, later, resumed, started } from '../support/discord/hand.ts'
import type { DiscordServer } from '../support/discord/server.ts'

/** The loopback Discord behaves like the real one: shown by the reference client, and by hand where that never goes. */

afterEach(endAll)

const intents = GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.MessageContent
const all = intents | GatewayIntentBits.GuildMessageReactions | GatewayIntentBits.DirectMessages

describe('with the reference client', () => {
  async function client(server: DiscordServer): Promise<Client<true>> {
    const made = new Client({ intents: all, partials: [Partials.Channel], rest: { api: server.api_url } })
    later(() => made.destroy())
    const ready = once(made, Events.ClientReady)
    await made.login(server.token)
    await ready
    return made as Client<true>
  }

  function next(of: Client, event: string): Promise<unknown[]> {
    return once(of, event)
  }

  test('it logs in, and knows the channels and threads', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const thread = server.addChannel({ name: 'a thread', parent: channel })
    const bot = await client(server)
    expect(bot.user.id).toBe(server.bot.id)
    expect(bot.channels.cache.get(channel.id)).toMatchObject({ name: 'bots', type: 0 })
    expect(bot.channels.cache.get(thread.id)).toMatchObject({ name: 'a thread', parentId: channel.id })
    expect(server.counts).toMatchObject({ connects: 1, identifies: 1, invalid: 0 })
  })

  test('it hears what is said, changed, signed and taken back', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const bot = await client(server)
    const heard = next(bot, Events.MessageCreate)
    const said = server.say(channel, ann, `hello <@${server.bot.id}>`, {
      attachments: [{ filename: 'a.png', size: 7 }],
    })
    const [message] = (await heard) as [Message]
    expect(message).toMatchObject({ id: said.id, content: `hello <@${server.bot.id}>` })
    expect(message.author.username).toBe('ann')
    expect(message.mentions.users.has(server.bot.id)).toBe(true)
    expect(message.attachments.first()).toMatchObject({ name: 'a.png', size: 7 })
    expect(Math.abs(message.createdTimestamp - Date.now())).toBeLessThan(60_000)

    const changed = next(bot, Events.MessageUpdate)
    server.edit(said, 'hallo')
    expect(await changed).toMatchObject([{}, { id: said.id, content: 'hallo' }])
    const signed = next(bot, Events.MessageReactionAdd)
    server.react(said, ann, '👍')
    expect(await signed).toMatchObject([{ emoji: { name: '👍' } }, { id: ann.id }, {}])
    const gone = next(bot, Events.MessageDelete)
    server.remove(said)
    expect(await gone).toMatchObject([{ id: said.id }])
    const bulk = next(bot, Events.MessageBulkDelete)
    server.removeMany([server.say(channel, ann, 'one'), server.say(channel, ann, 'two')])
    expect(((await bulk)[0] as Map<string, unknown>).size).toBe(2)
  })

  test('it sends, answers, and reads history', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const question = server.say(channel, ann, 'who is there?')
    const bot = await client(server)
    const there = bot.channels.cache.get(channel.id)
    if (there === undefined || !there.isSendable()) throw new Error('the channel is not there')
    const own = next(bot, Events.MessageCreate)
    const sent = await there.send({
      content: 'me @everyone',
      nonce: 'n1',
      enforceNonce: true,
      allowedMentions: { parse: [] },
      reply: { messageReference: question.id },
    })
    expect((await own)[0]).toMatchObject({ id: sent.id, nonce: 'n1', author: { id: server.bot.id } })
    expect(server.posted).toMatchObject([
      { id: sent.id, content: 'me @everyone', nonce: 'n1', allowed_mentions: { parse: [] }, mention_everyone: false },
    ])
    expect(sent.reference?.messageId).toBe(question.id)
    const read = await there.messages.fetch({ limit: 10 })
    expect([...read.values()].map(({ id }) => id)).toEqual([sent.id, question.id])
  })

  test('it hears direct messages', async () => {
    const server = await started()
    const ann = server.addUser({ username: 'ann' })
    const direct = server.addChannel({ name: 'ann', direct: true })
    const bot = await client(server)
    const heard = next(bot, Events.MessageCreate)
    server.say(direct, ann, 'psst')
    expect((await heard)[0]).toMatchObject({ content: 'psst', channelId: direct.id, guildId: null })
  })

  test('it resumes after a drop and hears what was said meanwhile, once', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const bot = await client(server)
    const heard: string[] = []
    bot.on(Events.MessageCreate, ({ content }) => heard.push(content))
    const first = next(bot, Events.MessageCreate)
    server.say(channel, ann, 'before')
    await first
    const back = next(bot, Events.ShardResume)
    server.drop(4_000)
    server.say(channel, ann, 'meanwhile')
    await back
    const last = next(bot, Events.MessageCreate)
    server.say(channel, ann, 'after')
    await last
    expect(heard).toEqual(['before', 'meanwhile', 'after'])
    expect(server.counts).toMatchObject({ connects: 2, identifies: 1, resumes: 1, resumed: 1 })
  })

  test('it identifies anew where it may not resume, and comes back when told to reconnect', async () => {
    const server = await started()
    server.addChannel({ name: 'bots' })
    const bot = await client(server)
    const back = next(bot, Events.ShardResume)
    server.askReconnect()
    await back
    const anew = next(bot, Events.ShardReady)
    server.forgetSessions()
    server.drop()
    await anew
    expect(server.counts).toMatchObject({ connects: 4, identifies: 2, resumes: 2, resumed: 1 })
  })

  test('it waits as long as a limit says', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const bot = await client(server)
    server.limit({ scope: 'route', retry_after_ms: 50, times: 1, method: 'POST' })
    const there = bot.channels.cache.get(channel.id)
    if (there === undefined || !there.isSendable()) throw new Error('the channel is not there')
    await there.send('once')
    expect(server.counts).toMatchObject({ posts: 2, invalid: 1 })
    expect(server.posted).toHaveLength(1)
  })
})

describe('the gateway, by hand', () => {
  test('says hello, answers heartbeats, and stops when told to', async () => {
    const server = await started({ heartbeat_ms: 30_000 })
    const hand = new Hand(await gatewayUrl(server))
    expect((await hand.op(10)).d).toMatchObject({ heartbeat_interval: 30_000 })
    hand.send(1, null)
    await hand.op(11)
    server.stopAcks()
    hand.send(1, null)
    server.askHeartbeat()
    hand.send(2, { token: server.token, intents: all })
    await hand.said('READY')
    expect(hand.frames.filter(({ op }) => op === 11)).toHaveLength(1)
    expect(hand.frames.filter(({ op }) => op === 1)).toHaveLength(1)
    expect(server.counts.heartbeats).toBe(2)
  })

  test('a connection that is silent ends with 4009, and its session with it', async () => {
    const server = await started({ silence_ms: 60 })
    const hand = await identified(server, all)
    expect(await hand.closed()).toBe(4009)
    const again = await resumed(server, hand, 1)
    expect((await again.op(9)).d).toBe(false)
  })

  test.each([
    ['another token', { token: 'wrong', intents: all }, 4004],
    ['intents that mean nothing', { intents: 1 << 30 }, 4013],
    ['intents that are switched off', { intents: all | GatewayIntentBits.GuildPresences }, 4014],
    ['another shard', { intents: all, shard: [1, 2] }, 4010],
  ])('IDENTIFY with %s is refused', async (_name, d, code) => {
    const server = await started()
    const hand = new Hand(await gatewayUrl(server))
    await hand.op(10)
    hand.send(2, { token: server.token, ...d })
    expect(await hand.closed()).toBe(code)
    expect(server.counts.identifies).toBe(1)
  })

  test.each([
    ['an unknown op', JSON.stringify({ op: 99 }), 4001],
    ['no JSON', '{', 4002],
    ['too much', JSON.stringify({ op: 1, d: 'x'.repeat(5_000) }), 4002],
    ['a presence before IDENTIFY', JSON.stringify({ op: 3, d: {} }), 4003],
  ])('%s ends the connection', async (_name, text, code) => {
    const server = await started()
    const hand = new Hand(await gatewayUrl(server))
    await hand.op(10)
    hand.socket.send(text)
    expect(await hand.closed()).toBe(code)
  })

  test('a second IDENTIFY, another version, a compressed stream and a flood are refused', async () => {
    const server = await started()
    const hand = await identified(server, all)
    hand.send(2, { token: server.token, intents: all })
    expect(await hand.closed()).toBe(4005)
    const url = await gatewayUrl(server)
    expect(await new Hand(url.replace('v=10', 'v=6')).closed()).toBe(4012)
    expect(await new Hand(`${url}&compress=zlib-stream`).closed()).toBe(4002)
    const flood = await identified(server, all)
    for (let sent = 0; sent < 121; sent++) flood.send(1, null)
    expect(await flood.closed()).toBe(4008)
  })

  test('RESUME gives back all after a sequence, then says so; a sequence that never was is refused', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const hand = await identified(server, all)
    server.say(channel, ann, 'one')
    server.say(channel, ann, 'two')
    await hand.frame(({ d }) => d['content'] === 'two')
    server.drop()
    await hand.closed()
    server.say(channel, ann, 'three')
    const again = await resumed(server, hand, 3)
    await again.said('RESUMED')
    expect(again.dispatched).toEqual(['two', 'three', 'RESUMED'])
    expect(again.frames.flatMap(({ s }) => s ?? [])).toEqual([4, 5, 6])
    const wrong = await resumed(server, hand, 99)
    expect(await wrong.closed()).toBe(4007)
    // A second RESUME from the same place gives the same, but does not say twice that the first was done.
    server.drop()
    const third = await resumed(server, hand, 3)
    await third.said('RESUMED')
    expect(third.dispatched).toEqual(['two', 'three', 'RESUMED'])
  })

  test('a session that was closed in order, is too old, or lost dispatches cannot be resumed', async () => {
    let now = 1_700_000_000_000
    const server = await started({ now: () => now, session_ms: 1_000, buffer_max: 10 })
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const left = await identified(server, all)
    left.socket.close(1_000)
    await left.closed()
    expect((await (await resumed(server, left, 2)).op(9)).d).toBe(false)

    const old = await identified(server, all)
    old.socket.close(4_200)
    await old.closed()
    now += 1_001
    expect((await (await resumed(server, old, 2)).op(9)).d).toBe(false)

    const behind = await identified(server, all)
    for (let said = 0; said < 20; said++) server.say(channel, ann, `${said}`)
    behind.socket.close(4_200)
    await behind.closed()
    const near = await resumed(server, behind, 15)
    await near.said('RESUMED')
    expect(near.dispatched).toEqual(['13', '14', '15', '16', '17', '18', '19', 'RESUMED'])
    expect((await (await resumed(server, behind, 3)).op(9)).d).toBe(false)
  })

  test('op 7 and op 9 are said; op 9 false ends the session, which may identify on', async () => {
    const server = await started()
    const hand = await identified(server, all)
    server.askReconnect()
    await hand.op(7)
    server.invalidate(true)
    expect((await hand.op(9)).d).toBe(true)
    hand.send(6, { token: server.token, session_id: (await hand.said('READY')).d['session_id'], seq: 2 })
    await hand.said('RESUMED')
    expect((await (await resumed(server, hand, 2)).said('RESUMED')).s).toBe(4)
    const other = await identified(server, all)
    server.invalidate(false)
    await other.frame(({ d, op }) => op === 9 && String(d) === 'false')
    other.send(2, { token: server.token, intents: all })
    await other.frame(({ d, t }) => t === 'READY' && d['session_id'] !== other.frames[1]!.d['session_id'])
    expect((await (await resumed(server, other, 2)).op(9)).d).toBe(false)
  })

  test('dispatches can be said again, also backwards', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const hand = await identified(server, all)
    const from = server.sequence + 1
    for (const text of ['one', 'two', 'three']) server.say(channel, ann, text)
    server.replay(from, 'reverse')
    server.replay(from + 2)
    server.askReconnect()
    await hand.op(7)
    expect(hand.dispatched.slice(2)).toEqual(['one', 'two', 'three', 'three', 'two', 'one', 'three'])
    expect(hand.frames.slice(3, -1).map(({ s }) => s)).toEqual([3, 4, 5, 5, 4, 3, 5])
  })

  test('IDENTIFYs are counted: too near ones are sent away, and after the last the token is void', async () => {
    let now = 1_700_000_000_000
    const server = await started({ now: () => now, identifies_total: 2, identify_every_ms: 5_000 })
    await identified(server, all)
    const near = new Hand(await gatewayUrl(server))
    await near.op(10)
    near.send(2, { token: server.token, intents: all })
    expect((await near.op(9)).d).toBe(false)
    now += 5_000
    await identified(server, all)
    const limit = (await get(server, '/gateway/bot')).body['session_start_limit']
    expect(limit).toEqual({ total: 2, remaining: 0, reset_after: 86_395_000, max_concurrency: 1 })
    now += 5_000
    await expect(identified(server, all)).rejects.toThrow('4004')
    expect((await get(server, '/users/@me')).status).toBe(401)
  })

  test('IDENTIFYs are refused on request, so many times', async () => {
    const server = await started()
    server.refuseIdentify(4014, 1)
    await expect(identified(server, all)).rejects.toThrow('4014')
    server.refuseIdentify(4004)
    await expect(identified(server, all)).rejects.toThrow('4004')
    server.refuseIdentify(0)
    await identified(server, all)
  })

  test('without the intent contents are empty, but for what names the bot, is its own, or direct', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const direct = server.addChannel({ name: 'ann', direct: ann })
    const hand = await identified(server, all & ~GatewayIntentBits.MessageContent)
    server.say(channel, ann, 'hidden', { embeds: [{ title: 'x' }], attachments: [{ filename: 'a' }] })
    server.say(channel, ann, `<@${server.bot.id}> seen`)
    server.say(direct, ann, 'direct')
    await ask(server, 'POST', `/channels/${channel.id}/messages`, { content: 'own' })
    await hand.frame(({ d }) => d['content'] === 'own')
    expect(hand.dispatched.slice(2)).toEqual(['', `<@${server.bot.id}> seen`, 'direct', 'own'])
    expect(hand.frames[3]!.d).toMatchObject({ embeds: [], attachments: [], author: { username: 'ann' } })
  })

  test('only what the intents ask for, and what the bot may see, is told', async () => {
    const server = await started()
    const deny = { id: server.guild.id, type: 0 as const, allow: '0', deny: String(1 << 10) }
    const open = server.addChannel({ name: 'open' })
    const closed = server.addChannel({ name: 'closed', overwrites: [deny] })
    const ann = server.addUser({ username: 'ann' })
    const hand = await identified(server, intents)
    const said = server.say(open, ann, 'open')
    server.say(closed, ann, 'closed')
    server.say(server.addChannel({ name: 'ann', direct: ann }), ann, 'direct')
    server.react(said, ann, 'x')
    const thread = server.addChannel({ name: 'thread', parent: open })
    server.say(thread, ann, 'in it')
    server.renameChannel(open, 'wide')
    server.say(open, ann, 'quiet', { silent: true })
    server.removeChannel(thread)
    server.removeChannel(open)
    await hand.said('CHANNEL_DELETE')
    expect(hand.dispatched.slice(2)).toEqual([
      'open',
      'THREAD_CREATE',
      'in it',
      'CHANNEL_UPDATE',
      'THREAD_DELETE',
      'CHANNEL_DELETE',
    ])
    expect((await hand.said('GUILD_CREATE')).d['channels']).toMatchObject([{ id: open.id }])
    expect((await get(server, `/channels/${closed.id}`)).body).toEqual({ message: 'Missing Access', code: 50_001 })
  })

  test('a webhook speaks as nobody; an answer names whom it answers; an unfurled link is no edit', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const hand = await identified(server, all)
    const hook = server.say(channel, ann, 'built', { webhook: 'ci' })
    const answer = server.say(channel, ann, 'fine', { reply_to: hook })
    server.unfurl(answer, [{ title: 'page' }])
    const { d } = await hand.said('MESSAGE_UPDATE')
    expect(d).toMatchObject({ id: answer.id, edited_timestamp: null, embeds: [{ title: 'page' }], type: 19 })
    expect(d['referenced_message']).toMatchObject({
      id: hook.id,
      webhook_id: hook.author.id,
      author: { username: 'ci' },
    })
    expect(hand.frames.find((frame) => frame.d['id'] === hook.id)!.d['member']).toBeUndefined()
    expect(server.say(channel, ann, 'again', { webhook: 'ci' }).author.id).toBe(hook.author.id)
  })

  test('away, nobody gets through; sessions go on afterwards', async () => {
    const server = await started()
    const hand = await identified(server, all)
    server.away()
    expect(await hand.closed()).toBe(1006)
    await expect(get(server, '/users/@me')).rejects.toThrow()
    server.away(false)
    await (await resumed(server, hand, 2)).said('RESUMED')
  })
})
