import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { outbox } from '../../adapters/cli/agents.ts'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { loadConfig } from '../../adapters/cli/config.ts'
import { type DiscordView, discordLine } from '../../adapters/cli/desk/discord.ts'
import { deskOf } from '../../adapters/cli/desk.ts'
import { discord } from '../../adapters/cli/discord.ts'
import { doctorDiscord } from '../../adapters/cli/doctor-discord.ts'
import { janitor } from '../../adapters/cli/janitor.ts'
import { openDaemon, openForChat, openForOrder } from '../../adapters/cli/open.ts'
import { viewOf } from '../../adapters/cli/view.ts'
import { search } from '../../adapters/search.ts'
import { createEngine, type Engine } from '../../engine/engine.ts'
import { silent } from '../../engine/flow/adapter.ts'
import { ram } from '../../stores/ram.ts'
import { Family, Memory } from '../../systems/components.ts'
import { DiscordChannel, DiscordPost, PostState } from '../../systems/discord/columns.ts'
import { mind } from '../../systems/index.ts'
import { Rule, RuleState } from '../../systems/janitor/columns.ts'
import { DiscordServer } from '../support/discord/server.ts'

let folder: string
let server: DiscordServer
let printed = ''
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-discord-'))
  server = await DiscordServer.start()
  vi.stubEnv('DISCORD_TOKEN', server.token)
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A config that follows the channels, and the words of a command with it. */
function command(channels: readonly string[], ...words: string[]) {
  const file = join(folder, 'promethean.yaml')
  const listed = channels.map((id) => `    - { id: "${id}", name: c${id.slice(-2)}, speak: always }`)
  const yaml = ['discord:', '  token: env:DISCORD_TOKEN', `  api_url: ${server.api_url}`, '  channels:', ...listed]
  writeFileSync(file, `${yaml.join('\n')}\n`)
  mkdirSync(join(folder, 'notes'), { recursive: true })
  return readArguments([...words, '--config', file, '--notes', join(folder, 'notes')])
}

describe('promethean discord', () => {
  test('backfill where no daemon runs: what was said before is remembered, and status shows it', async () => {
    const { id } = server.addChannel({ name: 'general' })
    const ada = server.addUser({ username: 'ada' })
    for (let count = 0; count < 5; count++) server.say(id, ada, `number ${count} of what ada said`)
    expect(await discord(command([id], 'discord', 'backfill', id, '--since', '1h', '--json'))).toBe(0)
    expect(JSON.parse(printed)).toMatchObject({ channel: id, read: 5, published: 5 })
    const config = loadConfig(command([id], 'status'), join(folder, 'notes'))
    const { engine } = await openForOrder(config, silent)
    expect(engine.world.rows(Memory)).toBe(5)
    await engine.stop()
    printed = ''
    expect(await discord(command([id], 'discord', 'status'))).toBe(0)
    expect(printed).toContain(id)
    expect(printed).toContain('no daemon runs')
  }, 20_000)

  test('the daemon connects, hears, and says so in its status; talking at rest connects to nothing', async () => {
    const { id } = server.addChannel({ name: 'general' })
    const ada = server.addUser({ username: 'ada' })
    const config = loadConfig(command([id], 'status'), join(folder, 'notes'))
    const chat = await openForChat(config, silent)
    await chat.engine.start()
    await chat.engine.flushed()
    await chat.engine.stop()
    expect([server.counts.connects, server.counts.requests]).toEqual([0, 0])
    const daemon = await openDaemon(config, { log: silent, watch: false })
    try {
      await daemon.engine.start()
      await vi.waitFor(() => expect(daemon.discord?.status().state).toBe('ready'), 10_000)
      server.say(id, ada, 'good morning to all of you')
      await vi.waitFor(() => expect(daemon.engine.world.rows(Memory)).toBe(1), 10_000)
      expect(viewOf(daemon.engine, daemon.search, daemon.discord).status()).toMatchObject({
        discord: { state: 'ready', channels: 1 },
      })
    } finally {
      await daemon.engine.stop()
    }
  }, 30_000)

  test.each([
    ['backfill', 'needs a CHANNEL'],
    ['backfill general', 'needs the id of a channel, not general'],
    ['resolve 1', 'again or drop'],
    ['resolve x again', 'number of a post'],
    ['dance', 'discord takes status'],
  ])('discord %s is refused: %s', async (words, why) => {
    await expect(discord(command(['1'], 'discord', ...words.split(' ')))).rejects.toThrow(why)
  })

  test('a time may be said as how long ago it is', () => {
    const { since_ms = 0 } = readArguments(['discord', 'backfill', '1', '--since', '2h'])
    expect(Math.abs(Date.now() - 7_200_000 - since_ms)).toBeLessThan(60_000)
    expect(readArguments(['discord', 'backfill', '1', '--since', '2026-01-31']).since_ms).toBe(Date.UTC(2026, 0, 31))
    expect(() => readArguments(['discord', 'backfill', '1', '--since', 'soon'])).toThrow('--since')
  })
})

describe('At the desk', () => {
  let engine: Engine
  const desk = () => deskOf(engine, search())
  beforeEach(async () => {
    engine = await createEngine({ ...mind(), store: ram() })
    await engine.start()
  })
  afterEach(() => engine.stop())

  test('where nothing was heard of Discord, status has no word about it', async () => {
    expect(discordLine(engine)).toEqual({})
    expect(await desk().answer({ ask: 'discord' })).toMatchObject({ configured: false, gateway: null, channels: [] })
    await expect(desk().answer({ ask: 'backfill', channel: '1' })).rejects.toThrow('not configured')
    await expect(desk().answer({ ask: 'backfill', channel: 'x' })).rejects.toThrow('EVENT_INVALID')
  })

  test('a post of which nobody knows is listed, and waits for the word; any other does not take it', async () => {
    const { world } = engine
    const channel = world.append(DiscordChannel, 1)
    const post = world.append(DiscordPost, 2)
    const columns = world.of(DiscordPost)
    columns.channel.fill(channel, post, post + 2)
    columns.state[post] = PostState.unknown
    columns.state[post + 1] = PostState.sent
    const view = (await desk().answer({ ask: 'discord' })) as DiscordView
    expect(view.posts).toMatchObject([{ post, state: 'unknown' }])
    expect(await desk().answer({ ask: 'outbox' })).toMatchObject({ posts: [{ post, state: 'unknown' }] })
    expect(await desk().answer({ ask: 'resolve', post: post + 1, order: 'again' })).toMatchObject({ done: false })
    expect(await desk().answer({ ask: 'resolve', post: 99, order: 'again' })).toMatchObject({ done: false })
    expect(await desk().answer({ ask: 'resolve', post, order: 'drop' })).toMatchObject({ done: true, state: 'dropped' })
  })

  test('a rule is allowed, and ended; what cannot be told says so', async () => {
    const { world } = engine
    const family = world.append(Family)
    const rule = world.append(Rule)
    world.of(Family).rule[family] = rule
    world.of(Rule).family[rule] = family
    world.of(Rule).state[rule] = RuleState.proposed
    const tell = (order: string, which = rule) => desk().answer({ ask: 'rule', rule: which, order })
    expect(await tell('end')).toMatchObject({ done: false, state: 'proposed' })
    expect(await tell('allow')).toMatchObject({ done: true, state: 'active', reason: '' })
    expect(await tell('end')).toMatchObject({ done: true, state: 'ended' })
    expect(await tell('allow', 7)).toMatchObject({ done: false, reason: 'there is no such rule' })
    expect(await desk().answer({ ask: 'rules' })).toMatchObject({ rules: [{ rule, state: 'ended', family }] })
  })

  test('a report is made when it is asked for, and shown again afterwards', async () => {
    expect(await desk().answer({ ask: 'report', fresh: false })).toEqual({ report: null })
    expect(await desk().answer({ ask: 'report', fresh: true })).toMatchObject({ report: { report: 1 } })
    expect(await desk().answer({ ask: 'report', fresh: false })).toMatchObject({ report: { report: 1 } })
  })
})

describe('promethean janitor and outbox, at rest', () => {
  test('report, rules and orders', async () => {
    const { id } = server.addChannel({ name: 'bots' })
    await (await openForOrder(loadConfig(command([id], 'status'), join(folder, 'notes')), silent)).engine.stop()
    expect(await janitor(command([id], 'janitor'))).toBe(0)
    expect(printed).toContain('there is no report yet')
    expect(await janitor(command([id], 'janitor', 'report'))).toBe(0)
    printed = ''
    expect(await janitor(command([id], 'janitor', '--json'))).toBe(0)
    expect(JSON.parse(printed)).toMatchObject({ report: 1, messages: 0 })
    expect(await janitor(command([id], 'janitor', 'allow', '3'))).toBe(65)
    await expect(janitor(command([id], 'janitor', 'allow'))).rejects.toThrow('number of a rule')
    await expect(janitor(command([id], 'janitor', 'sweep'))).rejects.toThrow('janitor takes')
    printed = ''
    expect(await outbox(command([id], 'outbox'))).toBe(0)
    expect(printed).toBe('nothing is on its way out\n')
  }, 20_000)
})

describe('promethean doctor discord', () => {
  const examine = async (channels: readonly string[]) => {
    let text = ''
    const config = loadConfig(command(channels, 'doctor', 'discord'), join(folder, 'notes'))
    const exit = await doctorDiscord(config, {
      json: true,
      print: (more) => {
        text += more
      },
    })
    const { ok, findings } = JSON.parse(text) as {
      ok: boolean
      findings: { check: string; level: string; todo: string }[]
    }
    return { exit, ok, findings, text }
  }

  test('all is well', async () => {
    const { id } = server.addChannel({ name: 'general' })
    const thread = server.addChannel({ name: 'a thread', parent: id })
    const { exit, ok, findings } = await examine([id, thread.id])
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect([exit, ok]).toEqual([0, true])
  })

  test('a channel that does not exist, and one the bot may not speak in', async () => {
    const { id: silent_id } = server.addChannel({
      name: 'silent',
      overwrites: [{ id: server.guild.id, type: 0, allow: '0', deny: String(1 << 11) }],
    })
    const { exit, findings } = await examine(['999999999999999999', silent_id])
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'bad', 'bad'])
    expect(findings[3]?.todo).toContain('https://discord.com/oauth2/authorize?client_id=')
    expect(findings[4]?.todo).toContain('Send Messages')
    expect(exit).toBe(78)
  })

  test('a token that is not accepted is named, not shown', async () => {
    vi.stubEnv('DISCORD_TOKEN', 'wrong.secret.token')
    const { exit, findings, text } = await examine(['1'])
    expect(findings).toMatchObject([{ check: 'token', level: 'bad', code: 'DISCORD_AUTH' }])
    expect(text).toContain('env:DISCORD_TOKEN')
    expect(text).not.toContain('secret')
    expect(exit).toBe(77)
  })

  test('the intent that is switched off is named, with where to switch it on', async () => {
    await server.stop()
    server = await DiscordServer.start({ privileged: [] })
    const { findings } = await examine([server.addChannel({ name: 'general' }).id])
    expect(findings[1]).toMatchObject({ check: 'intents', level: 'bad', code: 'INTENT' })
    expect(findings[1]?.todo).toContain('Message Content Intent')
  })

  test('nothing is configured, or nobody is there', async () => {
    expect(
      await doctorDiscord({ discord: undefined, policy: {} as never }, { json: true, print: () => undefined }),
    ).toBe(78)
    await server.stop()
    const { exit, findings } = await examine(['1'])
    expect(findings).toMatchObject([{ check: 'token', code: 'DISCORD_AWAY' }])
    expect(exit).toBe(69)
    server = await DiscordServer.start()
  })
})
