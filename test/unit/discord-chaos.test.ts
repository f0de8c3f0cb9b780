import { describe, expect, test, vi } from 'vitest'
import { ram } from '../../stores/ram.ts'
import { Memory } from '../../systems/components.ts'
import { DiscordServer } from '../support/discord/server.ts'
import { listen, type Side } from '../support/discord-side.ts'

/** Numbers from 0 to 1 that are the same in every run. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

describe.concurrent('Whatever happens to the connection', () => {
  test.for([1, 2, 3, 4])('each message becomes one memory (seed %d)', async (seed, t) => {
    const random = chance(seed)
    const server = await DiscordServer.start({ heartbeat_ms: 300 })
    t.onTestFinished(() => server.stop())
    const channels = ['one', 'two', 'three'].map((name) => server.addChannel({ name }))
    const ada = server.addUser({ username: 'ada' })
    const store = ram()
    const about = { channels: channels.map(({ id }) => id), store, limits: { inbox_max: 24, batch_max: 12 } }
    let side: Side | undefined = await listen(server, about)
    t.onTestFinished(() => side?.stop())
    const ready = () => vi.waitFor(() => expect(side?.running.connection.state).toBe('ready'), { timeout: 8_000 })
    await ready()
    // A channel begins where it is first heard.
    for (const channel of channels) server.say(channel, ada, `${channel.name} begins with words of its own`)
    const said = new Set<string>()
    const faults = [
      () => server.drop(4000),
      () => server.drop(),
      () => server.askReconnect(),
      () => server.invalidate(random() < 0.5),
      () => server.forgetSessions(),
      () => server.replay(1, random() < 0.5 ? 'same' : 'reverse'),
      () => server.away(),
    ]
    await vi.waitFor(() => expect(side?.events.filter(({ type }) => type === 'discord.message.new')).toHaveLength(3))
    for (let round = 0; round < 24; round++) {
      for (let count = Math.floor(random() * 60); count > 0; count--) {
        const channel = channels[Math.floor(random() * 3)]!
        const text = `${seed} ${round} ${count} says ${Math.floor(random() * 1e9)}`
        server.say(channel, ada, text)
        said.add(text)
      }
      if (random() < 0.3) faults[Math.floor(random() * faults.length)]!()
      if (round === 11) {
        await side.stop()
        side = await listen(server, about)
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 120))
      server.away(false)
    }
    const { engine } = side
    const missing = (): string[] => {
      const kept = new Set(texts(engine))
      return [...said].filter((text) => !kept.has(text))
    }
    await vi.waitFor(() => expect(missing()).toEqual([]), { timeout: 9_000, interval: 50 })
    expect(texts(engine).length).toBe(new Set(texts(engine)).size)
    expect(texts(engine).filter((text) => text.startsWith(`${seed} `))).toHaveLength(said.size)
  })
})

type Engine = Side['engine']

function texts(engine: Engine): string[] {
  const found: string[] = []
  for (let row = 1; row <= engine.world.rows(Memory); row++) found.push(engine.read('text', row) ?? '')
  return found
}
