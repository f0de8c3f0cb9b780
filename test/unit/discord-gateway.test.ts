import { describe, expect, type TestContext, test, vi } from 'vitest'
import { discord } from '../../adapters/discord.ts'
import { createEngine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { DiscordServer } from '../support/discord/server.ts'
import { listen, quick, type Side, statesOf, textsOf } from '../support/discord-side.ts'

async function served(t: TestContext, options: Parameters<typeof DiscordServer.start>[0] = {}) {
  const server = await DiscordServer.start({ heartbeat_ms: 400, ...options })
  t.onTestFinished(() => server.stop())
  const channel = server.addChannel({ name: 'general' })
  const ada = server.addUser({ username: 'ada' })
  return { server, channel, ada }
}

async function listening(t: TestContext, ...given: Parameters<typeof listen>): Promise<Side> {
  const side = await listen(...given)
  t.onTestFinished(() => side.stop())
  return side
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 8_000, interval: 10 })
const isReady = (side: Side) => until(() => expect(side.running.connection.state).toBe('ready'))

describe.concurrent('The gateway', () => {
  test('messages, edits, deletions and signs come in, those of others channels and its own do not', async (t) => {
    const { server, channel, ada } = await served(t)
    const other = server.addChannel({ name: 'elsewhere' })
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    const first = server.say(channel, ada, 'the build is broken')
    server.say(other, ada, 'not for us')
    server.say(channel, server.bot, 'my own')
    server.edit(first, 'the build is mended')
    server.react(first, ada, '🎉', true)
    const second = server.say(channel, ada, 'gone soon')
    server.remove(second)
    await until(() => expect(side.events.some(({ type }) => type === 'discord.message.deleted')).toBe(true))
    expect(textsOf(side)).toEqual(['the build is broken', 'gone soon'])
    const edited = side.events.find(({ type }) => type === 'discord.message.edited')
    expect(edited?.payload['text']).toBe('the build is mended')
    expect(side.events.find(({ type }) => type === 'discord.reaction')?.payload['emoji']).toBe('🎉')
    expect(statesOf(side).slice(0, 2)).toEqual(['identified', 'ready'])
    expect(side.events[0]?.payload['sequence'] ?? 0).toBe(0)
  })

  test('after a drop the session goes on, nothing is missing and nothing comes twice', async (t) => {
    const { server, channel, ada } = await served(t)
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    server.say(channel, ada, 'one')
    await until(() => expect(textsOf(side)).toEqual(['one']))
    server.drop(4000)
    server.say(channel, ada, 'two')
    await until(() => expect(textsOf(side)).toEqual(['one', 'two']))
    expect(server.counts.identifies).toBe(1)
    expect(server.counts.resumed).toBe(1)
    expect(statesOf(side)).toEqual(['identified', 'ready', 'closed', 'resumed'])
  })

  test('op 7 is followed', async (t) => {
    const { server, channel, ada } = await served(t)
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    server.askReconnect()
    await until(() => expect(server.counts.resumed).toBe(1))
    server.say(channel, ada, 'still here')
    await until(() => expect(textsOf(side)).toEqual(['still here']))
    expect(server.counts.identifies).toBe(1)
  })

  test('a session that is refused: a new one, and what was missed is fetched, in order, before what comes', async (t) => {
    const { server, channel, ada } = await served(t)
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    server.say(channel, ada, 'first')
    await until(() => expect(textsOf(side)).toEqual(['first']))
    server.forgetSessions()
    server.drop(4000)
    const missed = Array.from({ length: 230 }, (_, index) => `missed ${index}`)
    for (const text of missed) server.say(channel, ada, text)
    await until(() => expect(statesOf(side)).toContain('refused'))
    await isReady(side)
    server.say(channel, ada, 'last')
    await until(() => expect(textsOf(side).at(-1)).toBe('last'))
    await until(() => expect(side.running.intake.gaps.size).toBe(0))
    expect(textsOf(side)).toEqual(['first', ...missed, 'last'])
    expect(server.counts.identifies).toBe(2)
  })

  test('op 9 false begins a new session, and an edit that was missed is found', async (t) => {
    const { server, channel, ada } = await served(t)
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    const message = server.say(channel, ada, 'before')
    await until(() => expect(textsOf(side)).toEqual(['before']))
    server.edit(message, 'after', { silent: true })
    server.invalidate(false)
    await until(() => expect(side.events.some(({ type }) => type === 'discord.message.edited')).toBe(true))
    expect(server.counts.identifies).toBe(2)
  })

  test('a restart resumes from what is durable; what came meanwhile is replayed', async (t) => {
    const { server, channel, ada } = await served(t)
    const store = ram()
    const before = await listen(server, { channels: [channel.id], store })
    await isReady(before)
    server.say(channel, ada, 'one')
    await until(() => expect(textsOf(before)).toEqual(['one']))
    await before.stop()
    server.say(channel, ada, 'two')
    const after = await listening(t, server, { channels: [channel.id], store })
    await until(() => expect(textsOf(after)).toEqual(['two']))
    expect(server.counts.identifies).toBe(1)
    expect(server.counts.resumed).toBe(1)
  })

  test('missed acknowledgements: the connection is given up and the session goes on', async (t) => {
    const { server, channel, ada } = await served(t, { heartbeat_ms: 60, silence_ms: 60_000 })
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    server.stopAcks()
    await until(() => expect(server.counts.resumes).toBeGreaterThan(0))
    server.stopAcks(false)
    await isReady(side)
    server.say(channel, ada, 'heard')
    await until(() => expect(textsOf(side)).toEqual(['heard']))
    expect(server.counts.identifies).toBe(1)
  })

  test.for([
    [4004, 'env:DISCORD_TOKEN', 'DISCORD_AUTH'],
    [4014, 'Message Content Intent', 'DISCORD_INTENTS'],
  ] as const)(
    'close code %d stops the adapter, says what to do, and is not repeated',
    async ([code, words, name], t) => {
      const { server, channel } = await served(t)
      server.refuseIdentify(code)
      const side = await listening(t, server, { channels: [channel.id] })
      await until(() => expect(statesOf(side)).toContain('failed'))
      const failed = side.events.find(({ payload }) => payload['state'] === 'failed')
      expect(failed?.payload).toMatchObject({ code: name, close_code: code })
      expect(side.lines.filter(({ level, message }) => level === 'error' && message.includes(words))).toHaveLength(1)
      const { connects } = server.counts
      await new Promise((resolve) => setTimeout(resolve, 700))
      expect(server.counts.connects).toBe(connects)
      expect(side.engine.status().health).toBe('ok')
    },
  )

  test('a token that REST refuses stops it too', async (t) => {
    const { server, channel } = await served(t)
    const side = await listening(t, server, { channels: [channel.id], token: 'MTE.wrong.token' })
    await until(() => expect(side.running.connection.state).toBe('failed'))
    expect(server.counts.connects).toBe(0)
    expect(JSON.stringify(side.lines)).not.toContain('MTE.wrong.token')
  })

  test('Discord is away at the start: the engine is up, and it connects when Discord is back', async (t) => {
    const { server, channel, ada } = await served(t)
    server.away()
    const side = await listening(t, server, { channels: [channel.id] })
    expect(side.engine.status().health).toBe('ok')
    server.away(false)
    await isReady(side)
    server.say(channel, ada, 'hello')
    await until(() => expect(textsOf(side)).toEqual(['hello']))
  })

  test('away in the middle: the session survives connections that are refused', async (t) => {
    const { server, channel, ada } = await served(t)
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    server.away()
    server.say(channel, ada, 'meanwhile')
    await new Promise((resolve) => setTimeout(resolve, 800))
    server.away(false)
    await until(() => expect(textsOf(side)).toEqual(['meanwhile']))
    expect(server.counts.identifies).toBe(1)
  })

  test('behind at the end of a run: the next one resumes, and fetches what is missing', async (t) => {
    const { server, channel, ada } = await served(t)
    const store = ram()
    const before = await listen(server, { channels: [channel.id], store })
    await isReady(before)
    server.say(channel, ada, 'one')
    await until(() => expect(textsOf(before)).toEqual(['one']))
    server.say(channel, ada, 'not dispatched', { silent: true })
    server.fail({ method: 'GET', path: /messages/, status: 500, times: 1_000 })
    before.running.intake.behind(channel.id)
    await until(() => expect(before.events.some(({ payload }) => payload['state'] === 'behind')).toBe(true))
    await before.stop()
    server.calm()
    // Replayed, and newer than what is missing: it must not hide that.
    server.say(channel, ada, 'two')
    const after = await listening(t, server, { channels: [channel.id], store })
    await until(() => expect(textsOf(after)).toEqual(['not dispatched', 'two']))
    expect(server.counts.identifies).toBe(1)
  })

  test('a sequence that advanced without an event is written down', async (t) => {
    const { server, channel, ada } = await served(t)
    const store = ram()
    const other = server.addChannel({ name: 'elsewhere' })
    const before = await listen(server, { channels: [channel.id], store })
    await isReady(before)
    for (let index = 0; index < 9; index++) server.say(other, ada, 'not for us')
    const heard = () => before.events.findLast(({ payload }) => payload['state'] === 'at')?.payload['sequence']
    await until(() => expect(heard()).toBe(server.sequence))
    await before.stop()
    const after = await listening(t, server, { channels: [channel.id], store })
    expect(after.running.intake.flow.sequence).toBe(server.sequence)
  })

  test('when Discord grants no more sessions, none is asked for', async (t) => {
    const { server, channel } = await served(t, { identifies_total: 1 })
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    server.forgetSessions()
    server.drop(4000)
    await until(() => expect(side.running.connection.state).toBe('waiting'))
    expect(server.counts.identifies).toBe(1)
    expect(statesOf(side).filter((state) => state === 'identified')).toHaveLength(1)
  })

  test('sequences that come again and out of order change nothing', async (t) => {
    const { server, channel, ada } = await served(t)
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    for (const text of ['a', 'b', 'c']) server.say(channel, ada, text)
    await until(() => expect(textsOf(side)).toEqual(['a', 'b', 'c']))
    const before = side.running.intake.flow.sequence
    server.replay(2, 'reverse')
    server.say(channel, ada, 'd')
    await until(() => expect(textsOf(side).at(-1)).toBe('d'))
    expect(side.running.intake.flow.sequence).toBe(before + 1)
  })

  test('a thread is heard as part of its channel, also one that began meanwhile', async (t) => {
    const { server, channel, ada } = await served(t)
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    const thread = server.addChannel({ name: 'a thread', parent: channel, type: 11 })
    server.say(thread, ada, 'inside')
    await until(() => expect(textsOf(side)).toEqual(['inside']))
    const said = side.events.find(({ type }) => type === 'discord.message.new')
    expect(said?.source).toMatchObject({ channel: channel.id, thread: thread.id })
    server.forgetSessions()
    server.drop(4000)
    server.say(channel, ada, 'above')
    const late = server.addChannel({ name: 'another', parent: channel, type: 11 })
    server.say(late, ada, 'in the new one')
    await until(() => expect(textsOf(side)).toContain('in the new one'))
    expect(textsOf(side).filter((text) => text === 'in the new one')).toHaveLength(1)
  })

  test('contents that are missing are noticed once', async (t) => {
    const { server, channel, ada } = await served(t, { privileged: ['message_content'] })
    const side = await listening(t, server, { channels: [channel.id] })
    await isReady(side)
    for (let index = 0; index < 7; index++) server.say(channel, ada, '')
    await until(() => expect(side.running.intake.emptiness.trouble).toContain('Message Content Intent'))
    expect(side.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('the adapter as a whole says how it stands', async (t) => {
    const { server, channel, ada } = await served(t)
    const adapter = discord({ token: server.token, token_name: 'env:T', api_url: server.api_url, times: quick })
    expect(adapter.status().state).toBe('idle')
    const engine = await createEngine({ ...mind(), store: ram(), adapters: [adapter] })
    t.onTestFinished(() => engine.stop())
    await engine.start()
    const channels = [{ id: channel.id, name: 'general', locked: true, embed: 'all', speak: 'asked' }]
    engine.publish({ type: 'config.set', payload: { policy: { discord: { channels } } } })
    await until(() => expect(adapter.status()).toMatchObject({ state: 'ready', identifies_today: 1, behind: [] }))
    server.say(channel, ada, 'one', { silent: true })
    expect(await adapter.backfill(channel.id, { limit: 10 })).toEqual({ read: 1, published: 1 })
    expect(adapter.status().trouble).toBe('')
  })

  test('stopping while Discord does not answer leaves nothing behind', async (t) => {
    const { server, channel } = await served(t)
    server.away()
    const side = await listen(server, { channels: [channel.id] })
    const begun = performance.now()
    await side.stop()
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})
