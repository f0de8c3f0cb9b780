import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ApiTimes, connectApi, type DiscordApi } from '../../adapters/discord/api.ts'
import { nonceOf } from '../../adapters/discord/nonce.ts'
import { Refusals } from '../../adapters/discord/refusals.ts'
import { rights, rightsIn } from '../../adapters/discord/rights.ts'
import { sending } from '../../adapters/discord/sending.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { DiscordServer } from '../support/discord/server.ts'

let server: DiscordServer
let channel: string
beforeAll(async () => {
  server = await DiscordServer.start()
  // The package takes a while to load; it is not what is measured.
  await connect()
})
afterEach(() => server.calm())
afterAll(() => server.stop())

function connect(more: { times?: Partial<ApiTimes>; token?: string; now?: () => number } = {}): Promise<DiscordApi> {
  channel = server.addChannel({ name: 'here' }).id
  const { times, ...rest } = more
  return connectApi({
    token: server.token,
    token_name: 'env:DISCORD_TOKEN',
    api_url: server.api_url,
    times: { again_ms: 1, ...times },
    ...rest,
  })
}

async function failing(work: Promise<unknown>): Promise<EffectFailure> {
  try {
    await work
  } catch (thrown) {
    if (thrown instanceof EffectFailure) return thrown
    throw thrown
  }
  throw new Error('it did not fail')
}

const never = new AbortController().signal
const say = (api: DiscordApi, content = 'hello', nonce = nonceOf(`${channel} ${content}`)): Promise<{ id: string }> =>
  api.post(channel, { content, nonce }, never)
const mine = (): typeof server.posted => server.posted.filter(({ channel_id }) => channel_id === channel)

describe('Posting', () => {
  test('a message mentions nobody, and carries its nonce', async () => {
    const api = await connect()
    const { id } = await say(api, 'hello @everyone')
    expect(mine()).toMatchObject([
      { id, content: 'hello @everyone', allowed_mentions: { parse: [], replied_user: false } },
    ])
    expect(nonceOf('hello')).toHaveLength(25)
    expect(nonceOf('hello')).toBe(nonceOf('hello'))
    expect(nonceOf('hello')).not.toBe(nonceOf('hello '))
  })

  test('it answers a message even when that is gone by now', async () => {
    const api = await connect()
    const asked = server.say(channel, server.addUser({ username: 'ada' }), 'why?')
    const { id } = await api.post(channel, { content: 'because', nonce: 'n1', reply_to: asked.id }, never)
    server.remove(asked.id)
    await api.post(channel, { content: 'really', nonce: 'n2', reply_to: asked.id }, never)
    expect(mine().find((each) => each.id === id)?.message_reference?.message_id).toBe(asked.id)
    expect(mine()).toHaveLength(2)
  })

  test('accepted, but the answer was lost: offered again with the same nonce, and there once', async () => {
    const api = await connect()
    server.fail({ method: 'POST', path: `/channels/${channel}/messages`, status: 502, after_accept: true, times: 2 })
    const { id } = await say(api)
    expect(mine().map((each) => each.id)).toEqual([id])
  })

  test('when no answer comes at all nobody knows', async () => {
    const api = await connect()
    server.fail({ method: 'POST', path: `/channels/${channel}/messages`, status: 502, after_accept: true, times: 9 })
    expect(await failing(say(api))).toMatchObject({ code: 'DISCORD_UNSURE', transient: false })
    expect(mine()).toHaveLength(1)
  })

  test('an answer that hangs ends in time, and is unsure', async () => {
    const api = await connect({ times: { post_ms: 300, request_ms: 100 } })
    server.fail({ method: 'POST', path: `/channels/${channel}/messages`, hang: true, after_accept: true, times: 9 })
    expect(await failing(say(api))).toMatchObject({ code: 'DISCORD_UNSURE' })
  })

  test('ended by who asked while it is on its way: unsure; before it left: away', async () => {
    const api = await connect()
    server.fail({ method: 'POST', path: `/channels/${channel}/messages`, hang: true, times: 1 })
    const soon = api.post(channel, { content: 'x', nonce: 'x' }, AbortSignal.timeout(100))
    expect(await failing(soon)).toMatchObject({ code: 'DISCORD_UNSURE' })
    server.limit({ scope: 'route', retry_after_ms: 5_000, times: 1 })
    const waiting = api.post(channel, { content: 'y', nonce: 'y' }, AbortSignal.timeout(100))
    expect(await failing(waiting)).toMatchObject({ code: 'DISCORD_AWAY', transient: true })
  })

  test('a short limit is waited for, a long one is the failure', async () => {
    const api = await connect()
    server.limit({ scope: 'route', retry_after_ms: 30, times: 1 })
    await say(api, 'one')
    for (const scope of ['route', 'shared', 'global'] as const) {
      const fresh = await connect()
      server.limit({ scope, retry_after_ms: 60_000, times: 1 })
      const failure = await failing(say(fresh, scope))
      expect(failure).toMatchObject({ code: 'DISCORD_RATE_LIMITED', transient: true })
      expect(failure.retry_after_ms).toBeGreaterThan(50_000)
    }
    expect(server.posted.map(({ content }) => content)).not.toContain('global')
  })
})

describe('Failures', () => {
  test('a server that is not there is away, and nothing was posted', async () => {
    const gone = await DiscordServer.start()
    const api = await connectApi({ token: 'x', token_name: 'env:T', api_url: gone.api_url, times: { again_ms: 1 } })
    await gone.stop()
    expect(await failing(say(api))).toMatchObject({ code: 'DISCORD_AWAY', transient: true })
    expect(await failing(api.me())).toMatchObject({ code: 'DISCORD_AWAY', transient: true })
  })

  test('a wrong token is asked with once, and stands in no reason', async () => {
    const api = await connect({ token: 'wrong.secret.token' })
    const before = server.counts.requests
    const first = await failing(api.me())
    const second = await failing(say(api))
    expect([first.code, second.code]).toEqual(['DISCORD_AUTH', 'DISCORD_AUTH'])
    expect(first.message).toContain('env:DISCORD_TOKEN')
    expect(first.message).not.toContain('secret')
    expect(server.counts.requests - before).toBe(1)
  })

  test('a channel that refused is not asked again, others are', async () => {
    const api = await connect()
    const before = server.counts.requests
    const missing = '999999999999999999'
    expect(await failing(api.messages(missing, {}))).toMatchObject({ code: 'DISCORD_MISSING', transient: false })
    expect(await failing(api.messages(missing, {}))).toMatchObject({ code: 'DISCORD_MISSING' })
    expect(server.counts.requests - before).toBe(1)
    expect(await api.messages(channel, {})).toEqual([])
  })

  test('what Discord finds wrong with a message is said', async () => {
    const api = await connect()
    expect(await failing(say(api, 'x'.repeat(2_001)))).toMatchObject({ code: 'DISCORD_REFUSED', transient: false })
  })

  test('reading is tried again after a failure of the server', async () => {
    const api = await connect()
    server.fail({ method: 'GET', path: '/users/@me', status: 503, times: 2 })
    expect((await api.me()).id).toBe(server.bot.id)
    server.fail({ method: 'GET', path: '/users/@me', status: 503, times: 3 })
    expect(await failing(api.me())).toMatchObject({ code: 'DISCORD_AWAY', transient: true })
  })

  test.each([
    ['http://discord.example/api', 'must be https'],
    ['ftp://127.0.0.1/', 'must be https'],
    ['https://me:pw@discord.example/api', 'nothing but host and path'],
    ['nonsense', 'is no address'],
  ])('the address %s is refused', async (api_url, why) => {
    await expect(connectApi({ token: 'x', token_name: 'env:T', api_url })).rejects.toThrow(why)
  })

  test('a token with a line break is refused without showing it', async () => {
    const made = connectApi({ token: 'sec\nret', token_name: 'file:t' })
    await expect(made).rejects.toThrow(/file:t holds/)
    await expect(made).rejects.not.toThrow(/sec/)
  })
})

describe('Refusals', () => {
  test('fifty in ten minutes, and everything rests for what is left of them', () => {
    let now = 1_000_000
    const refusals = new Refusals(() => now)
    for (let count = 0; count < 49; count++) refusals.count(403, false)
    refusals.count(200, false)
    refusals.count(429, true)
    expect(refusals.resting_ms()).toBe(0)
    now += 60_000
    refusals.count(404, false)
    expect(refusals.resting_ms()).toBe(540_000)
    expect(() => refusals.check('read', '1')).toThrow(EffectFailure)
    now += 540_000
    refusals.check('read', '1')
  })

  test('who may not speak may still read', () => {
    const refusals = new Refusals(() => 0)
    refusals.note(new EffectFailure('DISCORD_FORBIDDEN', 'no'), 'post', '1')
    refusals.check('read', '1')
    expect(() => refusals.check('post', '1')).toThrow('no')
  })
})

describe('Looking for what was sent', () => {
  const find = async (api: DiscordApi, more: object = {}): Promise<unknown> => {
    const handler = sending(() => Promise.resolve(api))['discord.find']!
    const request = { post: 1, channel, text: ' hello ', key: 'k', since_ms: Date.now(), known: [], ...more }
    return handler(request as never, { effect_id: 1, attempt: 1, signal: never })
  }

  test('found by its words, unless another send became it', async () => {
    const api = await connect()
    const user = server.addUser({ username: 'eve' })
    server.say(channel, user, 'hello')
    expect(await find(api)).toEqual({ found: 'absent', message_id: '' })
    const { id } = await say(api, 'hello')
    expect(await find(api)).toEqual({ found: 'found', message_id: id })
    expect(await find(api, { known: [id] })).toEqual({ found: 'absent', message_id: '' })
  })

  test('a channel in which nothing was ever said has nothing', async () => {
    expect(await find(await connect())).toEqual({ found: 'absent', message_id: '' })
  })

  test('an empty history of a channel that has messages says nothing', async () => {
    const api = await connect()
    await say(api, 'hello')
    const blind: DiscordApi = { ...api, messages: () => Promise.resolve([]) }
    expect(await find(blind)).toEqual({ found: 'unclear', message_id: '' })
  })

  test('more than thirty pages since then are too many to say', async () => {
    const api = await connect()
    const user = server.addUser({ username: 'busy' })
    const since_ms = Date.now() - 1
    for (let count = 0; count < 2_999; count++) server.say(channel, user, 'noise', { silent: true })
    expect(await find(api, { since_ms })).toEqual({ found: 'absent', message_id: '' })
    server.say(channel, user, 'noise', { silent: true })
    expect(await find(api, { since_ms })).toEqual({ found: 'unclear', message_id: '' })
    const said_ms = Date.now()
    const { id } = await say(api, 'hello')
    const found = { found: 'found', message_id: id }
    expect(await find(api, { since_ms: said_ms }), 'what was said before it is not in the way').toEqual(found)
    expect(await find(api, { since_ms: said_ms + 60_000 - 1 }), 'clocks differ by a minute').toEqual(found)
  }, 20_000)

  test('by its nonce where history gives one, whatever the words', async () => {
    const api = await connect()
    const author = { id: server.bot.id, username: 'agent' }
    const page = [
      { id: '5', channel_id: channel, author, content: 'hello', nonce: 'other' },
      { id: '6', channel_id: channel, author, content: 'changed', nonce: nonceOf('k') },
    ]
    const told: DiscordApi = { ...api, messages: () => Promise.resolve(page) }
    expect(await find(told)).toEqual({ found: 'found', message_id: '6' })
  })

  test('sending goes by the key, so that the same effect is one message', async () => {
    const api = await connect()
    const send = sending(() => Promise.resolve(api))['discord.send']!
    const request = { post: 1, channel, text: 'once', key: 'post-1' }
    const call = { effect_id: 1, attempt: 1, signal: never }
    expect(await send(request, call)).toEqual(await send(request, { ...call, attempt: 2 }))
    expect(mine()).toHaveLength(1)
  })
})

describe('Rights', () => {
  const guild = {
    id: '1',
    owner_id: '9',
    roles: [
      { id: '1', permissions: String(rights.view | rights.send) },
      { id: '2', permissions: String(rights.history) },
      { id: '3', permissions: String(rights.administrator) },
    ],
  }
  const of = (roles: string[], overwrites: { id: string; allow: string; deny: string }[] = [], user = '7'): bigint =>
    rightsIn({ user, guild, member: { roles }, overwrites })

  test('everyone, then roles, then the channel, then oneself', () => {
    expect(of([])).toBe(rights.view | rights.send)
    expect(of(['2'])).toBe(rights.view | rights.send | rights.history)
    const closed = { id: '1', allow: '0', deny: String(rights.view) }
    const forRole = { id: '2', allow: String(rights.view), deny: '0' }
    const forMe = { id: '7', allow: '0', deny: String(rights.send) }
    expect(of(['2'], [closed]) & rights.view).toBe(0n)
    expect(of(['2'], [closed, forRole]) & rights.view).toBe(rights.view)
    expect(of([], [closed, forRole]) & rights.view).toBe(0n)
    expect(of(['2'], [forMe]) & rights.send).toBe(0n)
  })

  test('who administrates or owns may do all', () => {
    const closed = { id: '1', allow: '0', deny: String(rights.view) }
    expect(of(['3'], [closed]) & rights.history).toBe(rights.history)
    expect(of([], [closed], '9') & rights.view).toBe(rights.view)
  })
})
