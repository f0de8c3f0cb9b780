import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createEngine } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Memory, Trust } from '../../systems/components.ts'
import { DiscordPost, PostState } from '../../systems/discord/columns.ts'
import { programAt } from '../support/command.ts'
import { DiscordServer } from '../support/discord/server.ts'
import { speaking } from './discord-child.ts'

const child = programAt('test/e2e/discord-child.ts')
const messages = 2_000
const answers = 200
/** KILLS=100 takes some minutes; a few are enough for every run. */
const kills = Number(process.env['KILLS'] ?? 4)
/** Beyond, the gateway would not keep them for a session to resume; below, a life would end before it hears any. */
const each = Math.ceil(messages / (kills + 1))

let folder = ''
let server: DiscordServer | undefined
let running: ChildProcess | undefined
afterEach(async () => {
  running?.kill('SIGKILL')
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const greeting = 'Good morning'
/** A life that gets nowhere for so long is a failure. */
const patience_ms = 60_000

type Told = { readonly people: number; readonly sent: number; readonly open: number }

/** Starts a life; `until` sees how far it is. Resolves when it is gone. */
async function live(words: readonly string[], until: (told: Told) => boolean, kill_ms?: number): Promise<boolean> {
  const life = spawn(process.execPath, [child, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  running = life
  const gone = once(life, 'exit')
  let last = ''
  const impatient = setTimeout(() => life.kill('SIGABRT'), patience_ms)
  let done = false
  for await (const line of createInterface(life.stdout)) {
    if (line === 'open') {
      if (kill_ms !== undefined) setTimeout(() => life.kill('SIGKILL'), kill_ms)
      continue
    }
    if (line !== last) impatient.refresh()
    last = line
    if (done || !until(JSON.parse(line) as Told)) continue
    done = true
    life.stdin.end()
  }
  const [, signal] = await gone
  clearTimeout(impatient)
  expect(signal, `it got no further than ${last}`).not.toBe('SIGABRT')
  expect(done || signal === 'SIGKILL', 'it ended by itself').toBe(true)
  return !done
}

test('108, 114: killed at many moments, each message is one memory and each answer is seen once', async () => {
  folder = await mkdtemp(join(tmpdir(), 'discord-kill-'))
  server = await DiscordServer.start({})
  const discord = server
  const channel = discord.addChannel({ name: 'general' })
  const user = discord.addUser({ username: 'ada' })
  const words = [folder, discord.api_url, discord.token, channel.id]
  let said = 0
  /** People go on talking, whether anybody listens or not. */
  const talk = async (upTo: number): Promise<void> => {
    for (; said < Math.min(upTo, messages); said++) {
      const asks = said % (messages / answers) === 0
      discord.say(
        channel.id,
        user.id,
        asks ? `say ${said / (messages / answers)}` : `Line ${said}: the heron stands still.`,
      )
      if (said % 20 === 19) await wait(randomInt(1, 12))
    }
  }
  let killed = 0
  // A channel begins with the first message that is heard of it.
  let heard = false
  const greet = async (): Promise<void> => {
    for (let n = 0; !heard; n++) {
      discord.say(channel.id, user.id, `${greeting} ${n}`)
      await wait(50)
    }
  }
  const hears = ({ people }: Told): boolean => {
    heard ||= people > 0
    return heard
  }
  expect((await Promise.all([live(words, hears), greet()]))[0], 'the first life is not killed').toBe(false)
  for (let lives = 0; killed < kills; lives++) {
    expect(lives, 'most lives must end at work').toBeLessThan(6 * kills)
    const [wasKilled] = await Promise.all([
      live(words, ({ sent }) => said >= messages && sent === answers, randomInt(20, 900)),
      talk(each * (killed + 1)),
    ])
    if (wasKilled) killed++
    else break
  }
  await Promise.all([
    live(words, ({ people, sent, open }) => people > messages && sent === answers && open === 0),
    talk(messages),
  ])

  const posted = discord.posted.map(({ content }) => content)
  const wanted = Array.from({ length: answers }, (_, n) => `answer ${n}`)
  expect([...posted].sort()).toEqual([...wanted].sort())
  const engine = await createEngine({ ...speaking(), store: lmdb(folder), adapters: [], drive: 'manual' })
  const { trust, parent, deleted } = engine.world.of(Memory)
  const texts: string[] = []
  for (let row = 1; row <= engine.world.rows(Memory); row++) {
    if (trust[row] === Trust.person && parent[row] === 0 && deleted[row] === 0)
      texts.push(engine.read('text', row) ?? '')
  }
  const lines = texts.filter((text) => !text.startsWith(greeting))
  expect(new Set(lines).size).toBe(lines.length)
  expect(lines).toHaveLength(messages)
  const { state } = engine.world.of(DiscordPost)
  expect([...state.subarray(1, engine.world.rows(DiscordPost) + 1)].every((each_) => each_ === PostState.sent)).toBe(
    true,
  )
  const { identical, first_difference } = await engine.replay()
  expect([identical, first_difference]).toEqual([true, null])
  console.info(
    `${killed} kills, ${messages} messages, ${posted.length} answers, ${discord.counts.identifies} IDENTIFYs, ${discord.counts.resumed} resumed`,
  )
  await engine.stop()
}, 900_000)
