import { afterEach, beforeEach, expect, test } from 'vitest'
import { cleanUp, type Daemon, Place } from '../support/daemon.ts'
import { DiscordServer } from '../support/discord/server.ts'

let server: DiscordServer
beforeEach(async () => {
  server = await DiscordServer.start()
})
afterEach(async () => {
  await cleanUp()
  await server.stop()
})

const env = () => ({ DISCORD_TOKEN: server.token })

/** A daemon's folder with a config that follows one channel and answers what is said to it. */
function settle(channel: string): { place: Place; words: string[] } {
  const place = new Place()
  const words = place.config(`
agents:
  - name: duck
    sessions:
      - name: general
        filters: [{ type: discord.message.new, channel: "${channel}", tag: to_me }]
discord:
  token: env:DISCORD_TOKEN
  api_url: ${server.api_url}
  channels: [{ id: "${channel}", name: general, locked: true, embed: aggregates, speak: asked }]
janitor: { every: never, flood_from: 3, propose_from: 5 }
`)
  return { place, words }
}

const discordOf = async (daemon: Daemon) => (await daemon.status())['discord'] as { state: string } | undefined
const ready = (daemon: Daemon) =>
  daemon.until('Discord is ready', async () => (await discordOf(daemon))?.state === 'ready', 30_000)
const remembers = (daemon: Daemon, memories: number) =>
  daemon.until(`${memories} memories`, async () => (await daemon.status()).memories >= memories, 30_000)

test('105, 107, 108, 112, 117, 118: a day in a channel, with drops, a kill and a janitor', async () => {
  const { id: channel } = server.addChannel({ name: 'general' })
  const ada = server.addUser({ username: 'ada' })
  const bot = server.addUser({ username: 'ci', bot: true })
  const { place, words } = settle(channel)
  const found = async (query: string): Promise<string[]> => {
    const { hits } = (await place.json(['recall', query, ...words], { env: env() })) as { hits: { text: string }[] }
    return hits.map(({ text }) => text)
  }

  // Discord is away at the start: the rest of the daemon is up, and it connects by itself later.
  server.away(true)
  let daemon = await place.start(words, { env: env() })
  expect((await daemon.status()).health).toBe('ok')
  server.away(false)
  await ready(daemon)

  const nest = server.say(channel, ada, 'The heron nests behind the old mill.')
  const wrong = server.say(channel, ada, 'Lunch is served at half past eleven.')
  server.say(channel, server.bot, 'I said this myself some time ago, and it is no news to me at all.')
  await remembers(daemon, 2)
  server.say(channel, ada, `<@${server.bot.id}> where does the heron nest?`, { mentions: [server.bot.id] })
  await daemon.until('an answer', () => server.posted.some(({ content }) => content.includes('behind the old mill')))
  expect(server.posted.filter(({ content }) => content.includes('behind the old mill'))).toHaveLength(1)

  server.edit(nest.id, 'The heron nests under the stone bridge.')
  server.remove(wrong.id)
  await daemon.until('the edit is remembered', async () =>
    (await found('heron nests')).some((text) => text.includes('bridge')),
  )
  expect((await found('heron nests')).filter((text) => text === 'The heron nests behind the old mill.')).toEqual([])
  expect((await found('lunch half past eleven')).filter((text) => text.startsWith('Lunch is served'))).toEqual([])

  let { memories } = await daemon.status()
  server.drop(4000)
  server.say(channel, ada, 'Said in the moment of the drop.')
  await remembers(daemon, memories + 1)
  expect(server.counts.resumed).toBeGreaterThan(0)

  server.forgetSessions()
  server.drop()
  for (let n = 0; n < 120; n++)
    server.say(channel, ada, `Line ${n} that no gateway will repeat, about kettle ${n * 7}.`)
  await remembers(daemon, memories + 121)

  daemon.child.kill('SIGKILL')
  await daemon.finished
  for (let n = 0; n < 10; n++)
    server.say(channel, ada, `While it was dead, number ${n}: the ${'abcdefghij'[n]} door creaks.`)
  daemon = await place.start(words, { env: env() })
  await remembers(daemon, memories + 131)

  for (let n = 0; n < 12; n++) server.say(channel, bot, `Build ${n} of the ferry failed after ${n * 3} seconds`)
  await remembers(daemon, memories + 132)
  const report = await place.json(['janitor', 'report', ...words], { env: env() })
  expect(JSON.stringify(report)).toContain('Build … of the ferry failed after … seconds')
  expect((await place.run(['janitor', 'allow', '1', ...words], { env: env() })).code).toBe(0)
  expect((await place.run(['janitor', 'rules', ...words], { env: env() })).out).toMatch(/1\s.*active/s)
  ;({ memories } = await daemon.status())
  server.say(channel, bot, 'Build 99 of the ferry failed after 4 seconds')
  server.say(channel, ada, 'Ben has mended the ferry at last.')
  await remembers(daemon, memories + 1)

  expect((await place.run(['doctor', 'discord', ...words], { env: env() })).code).toBe(0)
  const back = await place.json(['discord', 'backfill', channel, '--since', '1h', ...words], { env: env() })
  expect(back).toMatchObject({ channel })
  expect((await place.run(['discord', 'status', ...words], { env: env() })).out).toContain('ready')

  const { err, out } = await daemon.stop()
  expect(`${err}${out}`).not.toContain(server.token)
  const texts = server.history(channel).filter(({ author }) => author?.id !== server.bot.id && author?.id !== bot.id)
  expect(texts.length).toBeGreaterThan(130)
  expect(await place.json(['replay', '--verify', ...words], { env: env() })).toMatchObject({ identical: true })
}, 120_000)

test.each([
  [4004, /DISCORD_TOKEN/],
  [4014, /Message Content Intent/],
])(
  '110: close code %i stops the adapter with what to do, and the daemon goes on',
  async (code, said) => {
    const { id: channel } = server.addChannel({ name: 'general' })
    const { place, words } = settle(channel)
    server.refuseIdentify(code)
    const daemon = await place.start(words, { env: env() })
    await daemon.until('it says why', () => said.test(daemon.err), 20_000)
    await daemon.until('the adapter has failed', async () => (await discordOf(daemon))?.state === 'failed')
    const { identifies } = server.counts
    expect((await daemon.status()).health).toBe('ok')
    expect(daemon.err).not.toContain(server.token)
    expect(server.counts.identifies).toBe(identifies)
    expect((await daemon.stop()).code).toBe(0)
  },
  60_000,
)
