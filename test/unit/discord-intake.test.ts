import { afterEach, describe, expect, test, vi } from 'vitest'
import { Flow } from '../../adapters/discord/flow.ts'
import { Intake } from '../../adapters/discord/intake.ts'
import type { RawDispatch, RawMessage } from '../../adapters/discord/raw.ts'
import { silent } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'
import { DiscordServer } from '../support/discord/server.ts'
import { listen, type Side, textsOf } from '../support/discord-side.ts'

const event = (id: string): EventInput => ({ id, type: 'discord.reaction', payload: {} })

/** A ring that is full until it is told to have room. */
function ring(room: number) {
  const taken: EventInput[] = []
  const waiting: (() => void)[] = []
  return {
    taken,
    log: silent,
    publish(input: EventInput) {
      if (taken.length >= room) return false
      taken.push(input)
      return true
    },
    room: () => (taken.length < room ? Promise.resolve() : new Promise<void>((resolve) => void waiting.push(resolve))),
    grow(by: number) {
      room += by
      for (const resolve of waiting.splice(0)) resolve()
    },
    names: () => taken.map(({ id }) => id),
  }
}

describe('The way into the world', () => {
  test('what found no room goes in order, marks first, and no sequence says more than is in', async () => {
    const into = ring(1)
    const marked: string[] = []
    const flow = new Flow(
      into,
      (channel) => event(`mark ${channel}`),
      (channel) => marked.push(channel),
    )
    flow.received(1)
    expect(flow.try(event('a'))).toBe(true)
    flow.received(2)
    flow.offer(event('b'), 2)
    expect(flow.sequence).toBe(1)
    flow.received(3)
    flow.mark('c', 3)
    flow.received(4)
    expect(flow.try(event('d'))).toBe(false)
    flow.offer(event('e'), 4)
    into.grow(1)
    await vi.waitFor(() => expect(into.names()).toEqual(['a', 'mark c']))
    expect([marked, flow.sequence, flow.clogged]).toEqual([['c'], 1, true])
    into.grow(5)
    await vi.waitFor(() => expect(flow.clogged).toBe(false))
    expect(into.names()).toEqual(['a', 'mark c', 'b', 'e'])
    expect(flow.sequence).toBe(4)
  })

  test('edits that wait are bounded, and what is given up is counted', () => {
    const into = ring(0)
    const flow = new Flow(into, event, () => undefined)
    for (let count = 0; count < 10_010; count++) flow.offer(event(String(count)), count)
    expect(flow.lost).toBe(10)
    expect(flow.offer(event('ready'), 5, true)).toBe(true)
  })

  test('sequences that go back never lower what was heard', () => {
    const flow = new Flow(ring(9), event, () => undefined)
    for (const sequence of [2, 3, 3, 2]) flow.received(sequence)
    expect(flow.sequence).toBe(3)
    flow.hold('x', 3)
    expect(flow.sequence).toBe(2)
    flow.release('x')
    expect(flow.sequence).toBe(3)
  })
})

const open: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop()
})

async function both(limits = {}): Promise<{ server: DiscordServer; side: Side; channel: string; ada: string }> {
  const server = await DiscordServer.start({})
  open.push(server)
  const { id: channel } = server.addChannel({ name: 'general' })
  const { id: ada } = server.addUser({ username: 'ada' })
  const side = await listen(server, { channels: [channel], limits })
  open.push(side)
  await vi.waitFor(() => expect(side.running.connection.state).toBe('ready'), { timeout: 5_000 })
  return { server, side, channel, ada }
}

describe('A flood', () => {
  test('a ring that is full: the channel falls behind, is fetched, and nothing is missing, doubled or out of order', async () => {
    const { server, side, channel, ada } = await both({ inbox_max: 16, batch_max: 8 })
    const texts = Array.from({ length: 2_500 }, (_, index) => `message ${index}`)
    for (const text of texts) server.say(channel, ada, text)
    await vi.waitFor(() => expect(textsOf(side).length).toBeGreaterThanOrEqual(2_500), { timeout: 9_000 })
    await vi.waitFor(() => expect(side.running.intake.gaps.size).toBe(0))
    expect(side.events.some(({ payload }) => payload['state'] === 'behind')).toBe(true)
    expect([...new Set(textsOf(side))]).toEqual(texts)
    expect(side.running.intake.flow.sequence).toBe(server.sequence)
  }, 15_000)

  test('history on request: from a time on, and the newest', async () => {
    const { server, side, channel, ada } = await both()
    for (let index = 0; index < 130; index++) server.say(channel, ada, `old ${index}`, { silent: true })
    expect(await side.running.backfill.fetch(channel, { limit: 5 })).toEqual({ read: 5, published: 5 })
    await side.engine.flushed()
    await vi.waitFor(() => expect(textsOf(side)).toEqual([125, 126, 127, 128, 129].map((index) => `old ${index}`)))
    const done = await side.running.backfill.fetch(channel, { since: 1_500_000_000_000 })
    expect(done).toEqual({ read: 130, published: 130 })
    expect(side.events.find(({ type }) => type === 'discord.message.new')?.payload['history']).toBe(true)
  })

  test('a channel that cannot be read any more is left alone, and the rest goes on', async () => {
    const { server, side, channel, ada } = await both()
    server.say(channel, ada, 'one')
    await vi.waitFor(() => expect(textsOf(side)).toEqual(['one']))
    server.fail({ method: 'GET', path: new RegExp(`channels/${channel}/messages`), status: 403, times: 1 })
    side.running.intake.behind(channel)
    await vi.waitFor(() => expect(side.running.intake.gaps.size).toBe(0), { timeout: 5_000 })
    server.say(channel, ada, 'two')
    await vi.waitFor(() => expect(textsOf(side)).toEqual(['one', 'two']))
  })

  test('what cannot be read is counted and harms nobody', async () => {
    const { side, channel } = await both()
    const { intake } = side.running
    const broken: RawMessage = { id: '1', channel_id: channel, guild_id: '1', author: { id: '7', username: 'x' } }
    const bad = { ...broken, content: 5 } as unknown as RawMessage
    intake.dispatch({ t: 'MESSAGE_CREATE', s: 900, d: bad })
    intake.dispatch({ t: 'NEVER_HEARD_OF', s: 901, d: {} } as unknown as RawDispatch)
    expect(intake.refused).toBe(1)
  })

  test('an unknown channel is looked up once: a thread of a followed one is heard, all others are not', async () => {
    const { server, side, channel, ada } = await both()
    const thread = server.addChannel({ name: 'hidden', parent: channel, type: 11, silent: true })
    const other = server.addChannel({ name: 'other', silent: true })
    const { gets } = server.counts
    server.say(other, ada, 'not for us')
    server.say(thread, ada, 'one')
    server.say(thread, ada, 'two')
    server.say(other, ada, 'nor this')
    await vi.waitFor(() => expect(textsOf(side)).toEqual(['one', 'two']), { timeout: 5_000 })
    await vi.waitFor(() => expect(side.running.intake.gaps.size).toBe(0))
    server.say(thread, ada, 'three')
    await vi.waitFor(() => expect(textsOf(side)).toEqual(['one', 'two', 'three']))
    expect(server.counts.gets - gets).toBeLessThan(6)
    expect(side.running.intake.flow.sequence).toBe(server.sequence)
  })
})

test('one dispatch costs little', () => {
  const events: EventInput[] = []
  const world = { find: () => 0, rows: () => 0 }
  const outside = {
    publish: (input: EventInput) => {
      events[0] = input
      return true
    },
    view: { world, tick: 1 },
    log: silent,
  }
  const follows = () => ({ channels: new Set(['10']), others: false, direct: true })
  const host = { follows, fetch: () => undefined, lookUp: () => undefined }
  const intake = new Intake(outside as unknown as ConstructorParameters<typeof Intake>[0], host)
  for (let s = 1; s <= 1_000; s++) {
    const author = { id: '7', username: 'ci', bot: true }
    const timestamp = '2026-01-02T03:04:05.678000+00:00'
    const d = { id: String(s), channel_id: '10', guild_id: '1', author, content: `number ${s}`, timestamp, type: 0 }
    intake.dispatch({ t: 'MESSAGE_CREATE', s, d })
  }
  expect(events[0]?.payload).toMatchObject({ text: 'number 1000', sequence: 1_000, bot: true })
})
