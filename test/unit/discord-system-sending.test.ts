import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Adapter, EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import type { Store } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { DiscordPost, PostState } from '../../systems/discord/columns.ts'
import type { DiscordPolicy } from '../../systems/discord/policy.ts'
import type { DiscordFindRequest, DiscordSendRequest } from '../../systems/events.ts'
import { dawn_ms, duckPolicy, type Model, sessionOf, Troupe } from '../support/agents.ts'
import { bots, channelPolicy, deletion, edit, general, message, messageId, obey } from '../support/discord-world.ts'

type Sends = (request: DiscordSendRequest, nth: number) => string | { fail: string; transient?: boolean }
type Finds = (
  request: DiscordFindRequest,
) => { found: string; message_id: string } | { fail: string; transient?: boolean }
const absent: Finds = () => ({ found: 'absent', message_id: '' })

/** A Discord that does as a test says; `posted` is what it has been sent, `looked` what it was asked about. */
function far(sends: Sends = (_, nth) => messageId(9_000 + nth), finds: Finds = absent) {
  const posted: DiscordSendRequest[] = []
  const looked: DiscordFindRequest[] = []
  const adapter: Adapter = {
    name: 'far',
    effects: {
      'discord.send': async (payload: Payload) => {
        const request = payload as unknown as DiscordSendRequest
        posted.push(request)
        const said = sends(request, posted.length)
        if (typeof said !== 'string') throw new EffectFailure(said.fail, 'the far side says so', said)
        return { message_id: said }
      },
      'discord.find': async (payload: Payload) => {
        const request = payload as unknown as DiscordFindRequest
        looked.push(request)
        const found = finds(request)
        if ('fail' in found) throw new EffectFailure(found.fail, 'the far side says so', found)
        return found
      },
    },
  }
  return { adapter, posted, looked }
}

type Opening = {
  clock?: () => number
  store?: Store
  model?: Model
  discord?: Partial<DiscordPolicy>
  adapter?: Adapter
}

async function duck({
  clock = () => dawn_ms,
  store = ram(),
  model = () => ({ say: 'Quack.' }),
  discord,
  adapter,
}: Opening = {}) {
  const troupe = await Troupe.open({ clock, store, model, ...(adapter === undefined ? {} : { adapters: [adapter] }) })
  const filters = [general, bots].map((channel) => ({ type: 'discord.message.new', channel }))
  obey(troupe.engine, discord, duckPolicy([], [sessionOf('general', { filters, overflow: 'block' })]))
  await troupe.settle()
  return troupe
}

const states = (troupe: Troupe): string[] => {
  const { world } = troupe.engine
  const named = Object.keys(PostState)
  return Array.from({ length: world.rows(DiscordPost) }, (_, at) => named[world.of(DiscordPost).state[at + 1]!]!)
}

async function ask(troupe: Troupe, n: number, more: Payload = {}): Promise<void> {
  troupe.publish(message(messageId(n), `Duck, question ${n}?`, { to_me: true, ...more }))
  await troupe.settle()
}

test('what is said to the agent is answered where it was said, and other things are not', async () => {
  const { adapter, posted } = far()
  const troupe = await duck({ adapter })
  await ask(troupe, 1)
  await ask(troupe, 2, { to_me: false })
  expect(troupe.said).toHaveLength(2)
  expect(posted).toMatchObject([{ channel: general, text: 'Quack.', reply_to: messageId(1) }])
  expect(states(troupe)).toEqual(['sent'])
  await troupe.engine.stop()
})

test('never means never, always means without being asked, and a thread is spoken in as its channel', async () => {
  const { adapter, posted } = far()
  const channels = [channelPolicy(general, { speak: 'never' }), channelPolicy(bots, { speak: 'always' })]
  const troupe = await duck({ adapter, discord: { channels } })
  await ask(troupe, 1)
  await ask(troupe, 2, { to_me: false, channel: bots, thread: '700000000000000001' })
  expect(posted.map(({ channel }) => channel)).toEqual(['700000000000000001'])
  await troupe.engine.stop()
})

test('programs are answered only so often in a row, until a person speaks', async () => {
  const { adapter, posted } = far()
  const troupe = await duck({ adapter, discord: { bot_hops_max: 2 } })
  for (let n = 1; n <= 5; n++) await ask(troupe, n, { bot: true })
  expect(posted).toHaveLength(2)
  await ask(troupe, 6)
  await ask(troupe, 7, { bot: true })
  expect(posted).toHaveLength(4)
  await troupe.engine.stop()
})

test('a long answer is sent part after part, each with a key of its own, and answers of a channel keep their order', async () => {
  const { adapter, posted } = far()
  const long = `${'First. '.repeat(400)}\n\n${'Second. '.repeat(400)}`
  let asked = 0
  const troupe = await duck({ adapter, model: () => ({ say: ++asked === 1 ? long : 'Short.' }) })
  troupe.publish(message(messageId(1), 'Duck, at length?', { to_me: true }))
  await troupe.settle()
  await ask(troupe, 2)
  expect(posted.length).toBeGreaterThan(3)
  expect(posted.every(({ text }) => text.length <= 2_000)).toBe(true)
  expect(posted.at(-1)?.text).toBe('Short.')
  expect(new Set(posted.map(({ key }) => key)).size).toBe(posted.length)
  expect(posted.map(({ post }) => post)).toEqual(posted.map((_, at) => at + 1))
  await troupe.engine.stop()
})

test('records of one agent that were begun at different times never share a key', async () => {
  const keys: string[] = []
  for (const begun_ms of [dawn_ms, dawn_ms + 60_000]) {
    const { adapter, posted } = far()
    const troupe = await duck({ adapter, clock: () => begun_ms })
    await ask(troupe, 1)
    keys.push(posted[0]!.key)
    await troupe.engine.stop()
  }
  expect(new Set(keys).size).toBe(2)
})

test('a channel that refuses is closed with all that waits for it; other channels go on', async () => {
  const { adapter, posted } = far(({ channel }) => (channel === general ? { fail: 'DISCORD_FORBIDDEN' } : messageId(1)))
  const troupe = await duck({ adapter, model: () => ({ say: 'Words. '.repeat(900) }) })
  await ask(troupe, 1)
  await ask(troupe, 2)
  expect(posted).toHaveLength(1)
  expect(new Set(states(troupe))).toEqual(new Set(['failed']))
  await ask(troupe, 3, { channel: bots })
  expect(posted.filter(({ channel }) => channel === bots).length).toBeGreaterThan(3)
  await troupe.engine.stop()
})

test('a token that is not accepted leaves everything queued for the next run', async () => {
  const store = ram()
  const refused = far(() => ({ fail: 'DISCORD_AUTH' }))
  const first = await duck({ store, adapter: refused.adapter })
  await ask(first, 1)
  await ask(first, 2)
  expect([refused.posted.length, states(first)]).toEqual([1, ['queued', 'queued']])
  await first.engine.stop()
  const accepted = far()
  const second = await duck({ store, adapter: accepted.adapter })
  await second.settle()
  expect([accepted.posted.length, states(second)]).toEqual([2, ['sent', 'sent']])
  expect(accepted.posted[0]?.key).toBe(refused.posted[0]?.key)
  await second.engine.stop()
})

test('an uncertain sending is looked for: found is sent, absent is sent again with the same key', async () => {
  const there = far(
    () => ({ fail: 'DISCORD_UNSURE' }),
    () => ({ found: 'found', message_id: messageId(5) }),
  )
  const found = await duck({ adapter: there.adapter })
  await ask(found, 1)
  expect([there.posted.length, there.looked.length, states(found)]).toEqual([1, 1, ['sent']])
  await found.engine.stop()
  const gone = far((_, nth) => (nth === 1 ? { fail: 'DISCORD_UNSURE' } : messageId(6)))
  const again = await duck({ adapter: gone.adapter })
  await ask(again, 1)
  expect(states(again)).toEqual(['sent'])
  expect(gone.posted.map(({ key }) => key)).toEqual([gone.posted[0]!.key, gone.posted[0]!.key])
  await again.engine.stop()
})

test('what nobody can know waits for the operator alone, and does not hold up what comes behind it', async () => {
  const unclear = far(
    (_, nth) => (nth === 1 ? { fail: 'DISCORD_UNSURE' } : messageId(60 + nth)),
    () => ({
      found: 'unclear',
      message_id: '',
    }),
  )
  const troupe = await duck({ adapter: unclear.adapter })
  const asked: Payload[] = []
  troupe.engine.on('discord.unsure', ({ payload }) => void asked.push(payload))
  await ask(troupe, 1)
  await ask(troupe, 2)
  expect(states(troupe)).toEqual(['unknown', 'sent'])
  expect(asked).toMatchObject([{ post: 1, channel: general, text: 'Quack.' }])
  const resolve = async (kind: string, order: string) => {
    troupe.publish({ type: 'discord.resolve', source: { kind }, payload: { post: 1, order } })
    await troupe.settle()
  }
  await resolve('tool', 'again')
  expect(states(troupe)).toEqual(['unknown', 'sent'])
  await resolve('operator', 'again')
  expect(states(troupe)).toEqual(['sent', 'sent'])
  await resolve('operator', 'drop')
  expect(states(troupe)).toEqual(['sent', 'sent'])
  await troupe.engine.stop()
})

test('absent and sent more than two minutes ago is the operator’s to decide', async () => {
  let late = 0
  const gone = far(
    () => ({ fail: 'DISCORD_UNSURE' }),
    () => (late === 0 ? { fail: 'DISCORD_AWAY', transient: true } : absent(undefined as never)),
  )
  const troupe = await duck({ adapter: gone.adapter })
  await ask(troupe, 1)
  for (let n = 0; n < 8; n++) await troupe.settle(troupe.engine.now_ms + 30_000)
  late = 1
  for (let n = 0; n < 4; n++) await troupe.settle(troupe.engine.now_ms + 120_000)
  expect([gone.posted.length, states(troupe)]).toEqual([1, ['unknown']])
  await troupe.engine.stop()
})

test('a crash while a post is out: it is looked for, and seen once', async () => {
  const store = ram()
  let out: () => void = () => {}
  const hanging: Adapter = {
    name: 'hanging',
    effects: { 'discord.send': () => new Promise(() => out()) },
  }
  const first = await duck({ store, adapter: hanging })
  const left = new Promise<void>((resolve) => {
    out = resolve
  })
  first.publish(message(messageId(1), 'Duck, question 1?', { to_me: true }))
  await run(first)
  await left
  store.crash()
  const back = far(undefined, () => ({ found: 'found', message_id: messageId(5) }))
  const second = await duck({ store, adapter: back.adapter })
  await second.settle()
  expect([back.posted.length, back.looked.length, states(second)]).toEqual([0, 1, ['sent']])
  expect((await second.engine.replay()).identical).toBe(true)
  await second.engine.stop()
})

test('what could not leave is tried again, longer than one effect lasts', async () => {
  const away = far((_, nth) => (nth <= 8 ? { fail: 'DISCORD_AWAY', transient: true } : messageId(5)))
  const troupe = await duck({ adapter: away.adapter })
  await ask(troupe, 1)
  for (let n = 0; n < 14; n++) await troupe.settle(troupe.engine.now_ms + 130_000)
  expect([away.posted.length, states(troupe)]).toEqual([9, ['sent']])
  expect(new Set(away.posted.map(({ key }) => key)).size).toBe(1)
  await troupe.engine.stop()
})

test('a report is said without being asked, by the world alone', async () => {
  const { adapter, posted } = far()
  const troupe = await duck({ adapter })
  for (const kind of ['world', 'tool', 'discord']) {
    troupe.publish({ type: 'discord.say', source: { kind }, payload: { channel: general, text: `From ${kind}` } })
  }
  await troupe.settle()
  expect(posted.map(({ text }) => text)).toEqual(['From world'])
  await troupe.engine.stop()
})

/** Some ticks: a model that never answers keeps an engine from coming to rest. */
async function run(troupe: Troupe): Promise<void> {
  for (let ticks = 0; ticks < 12; ticks++) {
    await troupe.engine.step()
    await nextTurn()
  }
}

test('a turn about a message that is deleted is cancelled, and what else it was to answer waits again', async () => {
  const { adapter, posted } = far()
  const answers: ((reply: { say: string }) => void)[] = []
  const model: Model = () => new Promise((resolve) => answers.push(resolve))
  const troupe = await duck({ adapter, model })
  troupe.publish(message(messageId(1), 'Duck, question 1?', { to_me: true }))
  await run(troupe)
  troupe.publish(message(messageId(2), 'Another question, duck?', { to_me: true }))
  troupe.publish(message(messageId(3), 'And a third one, duck?', { to_me: true }))
  await run(troupe)
  troupe.publish(deletion([messageId(1), messageId(2)]))
  await run(troupe)
  expect(troupe.ended).toMatchObject([{ state: 'cancelled', code: 'CANCELLED' }])
  expect(troupe.ended[0] && (troupe.ended[0] as unknown as Payload)['reason']).toContain('deleted')
  for (const answer of answers) answer({ say: 'For the third.' })
  await run(troupe)
  expect(posted.map(({ reply_to }) => reply_to)).toEqual([messageId(3)])
  await troupe.engine.stop()
})

test('a turn about a message that is edited is cancelled, and the message as it reads now is answered', async () => {
  const { adapter, posted } = far()
  const answers: ((reply: { say: string }) => void)[] = []
  const model: Model = () => new Promise((resolve) => answers.push(resolve))
  const troupe = await duck({ adapter, model })
  troupe.publish(message(messageId(1), 'Duck, question 1?', { to_me: true }))
  await run(troupe)
  troupe.publish(edit(messageId(1), 5, 'Duck, question 1?', { to_me: true }))
  await run(troupe)
  expect(troupe.ended).toEqual([])
  troupe.publish(edit(messageId(1), 9, 'Duck, another question?', { to_me: true }))
  troupe.publish(edit(messageId(1), 7, 'Duck, an older question?', { to_me: true }))
  await run(troupe)
  expect(troupe.ended).toMatchObject([{ state: 'cancelled', code: 'CANCELLED' }])
  expect(JSON.stringify(troupe.asked.at(-1))).toContain('another question')
  for (const answer of answers) answer({ say: 'An answer to it.' })
  await run(troupe)
  expect(posted).toMatchObject([{ text: 'An answer to it.', reply_to: messageId(1) }])
  await troupe.engine.stop()
})

test('no tool takes a filter back that the operator locked', async () => {
  const troupe = await duck({})
  const refused: Payload[] = []
  troupe.engine.on('session.refused', ({ payload }) => void refused.push(payload))
  const filter = { type: 'discord.message.new', channel: general }
  const payload = { session: 'duck/general', order: 'remove', filter }
  for (const source of [
    { kind: 'tool', channel: 'duck/general' },
    { kind: 'discord', channel: general },
  ]) {
    troupe.publish({ type: 'session.subscription', source, payload })
  }
  await troupe.settle()
  expect(refused).toMatchObject([{ reason: 'this filter is locked' }, { order: 'remove' }])
  await ask(troupe, 1)
  expect(troupe.said).toHaveLength(1)
  await troupe.engine.stop()
})
