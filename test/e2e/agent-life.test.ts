import { describe, expect, test } from 'vitest'
import type { Adapter, Outside } from '../../engine/flow/adapter.ts'
import { Session, SessionState } from '../../systems/agents/columns.ts'
import { defaultScheduler } from '../../systems/agents/policy.ts'
import type { LlmChatRequest, SessionSaid } from '../../systems/events.ts'
import {
  agentOf,
  duckPolicy,
  illFormed,
  type Model,
  type Reply,
  sessionOf,
  sinceUser,
  spec,
  statesOf,
  Troupe,
} from '../support/agents.ts'

/** Whole agents through bad days: models that are down, budgets that are spent, floods, loops, and answers that come late. */

const minute_ms = 60_000
const day_ms = 86_400_000

/** Two agents, each with a session to talk in and a model of its own. */
const pair = {
  agents: [agentOf('duck', [sessionOf('chat')], { model: 'a' }), agentOf('goose', [sessionOf('chat')], { model: 'b' })],
  tools: [],
  scheduler: defaultScheduler,
}

describe('A model that is down', () => {
  test('lets its session wait visibly while others go on, and answers all once it is back', async () => {
    let down = true
    const model: Model = ({ model }) => (model === 'a' && down ? { fail: 'NETWORK' } : { say: `I am ${model}.` })
    const troupe = await Troupe.open({ policy: pair, model })
    troupe.tell('duck/chat', 'Are you there?')
    await troupe.say('goose/chat', 'And you?')
    expect(troupe.said).toMatchObject([{ session: 'goose/chat', text: 'I am b.' }])
    const waiting = troupe.all<{ session: string; why: string; until_ms: number }>('turn.waiting')
    expect(waiting.at(-1)).toMatchObject({ session: 'duck/chat', why: 'model' })
    expect(waiting.at(-1)!.until_ms).toBeGreaterThan(troupe.engine.now_ms)
    const duck = troupe.engine.world.find(Session, 'duck/chat')
    expect(troupe.engine.world.of(Session).state[duck]).toBe(SessionState.blocked)
    await troupe.say('goose/chat', 'Still there?')
    expect(troupe.said).toHaveLength(2)
    down = false
    for (let wait = 0; wait < 10; wait++) await troupe.settle(troupe.engine.now_ms + 5 * minute_ms)
    expect(troupe.said.map(({ session }) => session)).toEqual(['goose/chat', 'goose/chat', 'duck/chat'])
    expect(troupe.ended.every(({ state }) => state === 'done')).toBe(true)
    await troupe.engine.stop()
  })

  test('that never comes back ends the turn with a reason, and asks a bounded number of times', async () => {
    const troupe = await Troupe.open({
      policy: duckPolicy([], [sessionOf('chat', { caps: { model_retries_max: 3 } })]),
      model: () => ({ fail: 'SERVER' }),
    })
    await troupe.say('duck/chat', 'Hello?')
    for (let wait = 0; wait < 10; wait++) await troupe.settle(troupe.engine.now_ms + 10 * minute_ms)
    expect(troupe.ended).toMatchObject([{ session: 'duck/chat', state: 'failed' }])
    expect(troupe.ended[0]!.code).not.toBe('')
    const attempts = 5
    expect(troupe.asked.length).toBeLessThanOrEqual(4 * attempts)
    expect(troupe.running).toBe(0)
    await troupe.engine.stop()
  })

  test('and refuses the key is not asked again and again', async () => {
    const troupe = await Troupe.open({
      policy: duckPolicy([]),
      model: () => ({ fail: 'AUTH', transient: false }),
    })
    await troupe.say('duck/chat', 'Hello?')
    await troupe.settle(troupe.engine.now_ms + 30 * minute_ms)
    expect(troupe.asked).toHaveLength(1)
    expect(troupe.ended).toMatchObject([{ state: 'failed', code: 'AUTH' }])
    await troupe.engine.stop()
  })

  test('and says to come back later is asked no sooner', async () => {
    let at_ms: number[] = []
    let troupe: Troupe | undefined
    const model: Model = () => {
      at_ms = [...at_ms, troupe?.engine.now_ms ?? 0]
      return at_ms.length === 1 ? { fail: 'RATE_LIMITED', retry_after_ms: 40_000 } : { say: 'Now.' }
    }
    troupe = await Troupe.open({ policy: duckPolicy([]), model })
    const begun_ms = troupe.engine.now_ms
    await troupe.say('duck/chat', 'Hello?')
    for (let step = 0; step < 100 && troupe.said.length === 0; step++) await troupe.settle(troupe.engine.now_ms + 1_000)
    expect(troupe.said).toHaveLength(1)
    expect(at_ms[1]! - begun_ms).toBeGreaterThanOrEqual(40_000)
    await troupe.engine.stop()
  })
})

describe('What a turn or a day may spend', () => {
  const look = spec('look')
  const again = (request: LlmChatRequest): Reply => ({
    call: [{ name: 'look', arguments: { at: sinceUser(request).own.length } }],
  })
  const pingPong = (request: LlmChatRequest): Reply => ({
    call: [{ name: 'look', arguments: { at: ['here', 'there'][Math.floor(sinceUser(request).own.length / 2) % 2] } }],
  })
  const same = (): Reply => ({ call: [{ name: 'look', arguments: { at: 'the same' } }] })
  const unknown = (): Reply => ({ call: [{ name: 'imagined', arguments: {} }] })
  const many = (): Reply => ({
    call: Array.from({ length: 500 }, (_, at) => ({ name: 'look', arguments: { at } })),
  })

  test.each([
    ['that never stops', again, {}, 13, 33],
    ['that goes to and fro', pingPong, {}, 13, 33],
    ['that asks the same', same, {}, 4, 4],
    ['that calls what is not there', unknown, {}, 4, 0],
    ['that calls five hundred at once', many, {}, 13, 33],
    ['whose tokens are few', again, { tokens_max: 60 }, 5, 5],
  ] as const)('a model %s ends, and its turn says why', async (_name, model, caps, asked_max, ran_max) => {
    const troupe = await Troupe.open({
      policy: duckPolicy([look], [sessionOf('chat', { caps, calls_minute_max: 1_000 })]),
      model,
    })
    await troupe.say('duck/chat', 'Go.')
    expect(troupe.ended).toMatchObject([{ session: 'duck/chat' }])
    expect(troupe.ended[0]!.state).not.toBe('done')
    expect(troupe.ended[0]!.code).toMatch(/^[A-Z_]+$/)
    expect(troupe.asked.length).toBeLessThanOrEqual(asked_max)
    expect(troupe.ran.length).toBeLessThanOrEqual(ran_max)
    expect(illFormed(troupe.history('duck/chat'))).toEqual([])
    await troupe.engine.stop()
  })

  test('a tool that always fails, throws or says very much does not end the agent', async () => {
    let turn = 0
    const troupe = await Troupe.open({
      policy: duckPolicy([look]),
      model: (request) =>
        sinceUser(request).own.length === 0 ? { call: [{ name: 'look', arguments: { turn } }] } : { say: 'So be it.' },
      tools: () => {
        turn++
        if (turn === 1) throw new Error('the tool broke')
        if (turn === 2) return { text: 'It is not there.', failed: true }
        return 'word '.repeat(1_000_000)
      },
    })
    for (let at = 0; at < 3; at++) await troupe.say('duck/chat', `Look ${at}.`)
    expect(troupe.ended.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
    expect(troupe.returned.map(({ state }) => state)).toEqual(['failed', 'failed', 'done'])
    expect(JSON.stringify(troupe.asked.at(-1)).length).toBeLessThan(400_000)
    await troupe.engine.stop()
  })

  test('a day of tokens that is spent lets the session wait until the next, and says so once', async () => {
    const troupe = await Troupe.open({ policy: duckPolicy([], [sessionOf('chat', { tokens_day_max: 40 })]) })
    for (let at = 0; at < 6; at++) await troupe.say('duck/chat', `Hello ${at}.`)
    const answered = troupe.said.length
    expect(answered).toBeGreaterThan(0)
    expect(answered).toBeLessThan(6)
    const spent = troupe.all<{ budget: string; until_ms: number }>('budget.exhausted')
    expect(spent).toHaveLength(1)
    expect(spent[0]!.until_ms).toBeGreaterThan(troupe.engine.now_ms)
    await troupe.settle(troupe.engine.now_ms + day_ms)
    expect(troupe.said.length).toBeGreaterThan(answered)
    await troupe.engine.stop()
  })
})

describe('An answer that comes late', () => {
  /** A model whose answers the test gives. */
  function slow(): { model: Model; release: ((reply: Reply) => void)[] } {
    const release: ((reply: Reply) => void)[] = []
    return { model: () => new Promise((resolve) => void release.push(resolve)), release }
  }

  /** Ticks until the model was asked so often. */
  async function until(troupe: Troupe, asked: number): Promise<void> {
    for (let step = 0; step < 500 && troupe.asked.length < asked; step++) {
      await new Promise((resolve) => setImmediate(resolve))
      await troupe.engine.step()
    }
    expect(troupe.asked).toHaveLength(asked)
  }

  test('after a cancel changes nothing, and the next question is answered by its own', async () => {
    const { model, release } = slow()
    const troupe = await Troupe.open({ policy: duckPolicy([]), model })
    troupe.tell('duck/chat', 'First.')
    await until(troupe, 1)
    troupe.publish({ type: 'session.cancel', source: { kind: 'discord' }, payload: { session: 'duck/chat' } })
    for (let step = 0; step < 3; step++) await troupe.engine.step()
    expect(troupe.ended, 'only the operator cancels').toEqual([])
    troupe.publish({ type: 'session.cancel', source: { kind: 'operator' }, payload: { session: 'duck/chat' } })
    for (let step = 0; step < 3; step++) await troupe.engine.step()
    expect(troupe.ended).toMatchObject([{ state: 'cancelled' }])
    troupe.tell('duck/chat', 'Second.')
    await until(troupe, 2)
    release[0]!({ say: 'The late answer.' })
    await new Promise((resolve) => setImmediate(resolve))
    for (let step = 0; step < 3; step++) await troupe.engine.step()
    expect(troupe.said).toEqual([])
    release[1]!({ say: 'The second answer.' })
    await troupe.settle()
    expect(troupe.said.map(({ text }) => text)).toEqual(['The second answer.'])
    expect(JSON.stringify(troupe.history('duck/chat'))).not.toContain('late')
    expect(illFormed(troupe.history('duck/chat'))).toEqual([])
    expect(statesOf(troupe.engine).turns).toEqual(['cancelled', 'done'])
    await troupe.engine.stop()
  })
})

describe('Many sessions', () => {
  test('one that gets nearly everything keeps no other from its turn', async () => {
    const sessions = Array.from({ length: 20 }, (_, at) =>
      sessionOf(`s${at}`, {
        filters: [{ type: 'discord.message.new', channel: `c${at}` }],
        caps: { inputs_max: 1 },
        turns_minute_max: 10_000,
      }),
    )
    const troupe = await Troupe.open({ policy: { ...duckPolicy([], sessions), scheduler: { ...defaultScheduler } } })
    for (let at = 0; at < 200; at++) troupe.overhear('c0', 'ada', `flood ${at}`)
    for (let at = 1; at < 20; at++) troupe.overhear(`c${at}`, 'ben', `question ${at}`)
    await troupe.settle()
    const order = troupe.ended.map(({ session }) => session)
    expect(new Set(order).size).toBe(20)
    const last = Math.max(...sessions.slice(1).map(({ name }) => order.indexOf(`duck/${name}`)))
    expect(last, 'all others are done while the flood still waits').toBeLessThan(60)
    await troupe.engine.stop()
  })

  /** Says in a channel what an agent says, as a chat service would: two agents can then hear each other. */
  class Service implements Adapter {
    readonly name = 'service'
    #outside: Outside | undefined
    #said = 0

    start(outside: Outside): void {
      this.#outside = outside
    }

    hear({ agent, text }: SessionSaid): void {
      this.#outside?.publish({
        type: 'discord.message.new',
        id: `echo-${++this.#said}`,
        source: { kind: 'discord', channel: 'general', author: agent },
        payload: { text, bot: true },
      })
    }
  }

  test('two that answer each other come to an end', async () => {
    const general = { type: 'discord.message.new', channel: 'general' }
    const echo = new Service()
    const policy = {
      agents: ['duck', 'goose'].map((name) => agentOf(name, [sessionOf('general', { filters: [general] })])),
      tools: [],
      scheduler: defaultScheduler,
    }
    const troupe = await Troupe.open({ policy, adapters: [echo], model: () => ({ say: 'No, you!' }) })
    troupe.engine.on('session.said', ({ payload }) => echo.hear(payload as SessionSaid))
    troupe.overhear('general', 'ada', 'Who of you is the better one?')
    await troupe.settle()
    const first = troupe.said.length
    expect(first).toBeGreaterThan(2)
    expect(first).toBeLessThanOrEqual(12)
    await troupe.settle(troupe.engine.now_ms + 10 * minute_ms)
    expect(troupe.said, 'and stay there').toHaveLength(first)
    troupe.overhear('general', 'ada', 'Enough now. What is for dinner?')
    await troupe.settle()
    expect(troupe.said.length, 'until a person speaks again').toBeGreaterThan(first)
    await troupe.engine.stop()
  })

  test('a tool whose events wake the session again ends with its root', async () => {
    let outside: Outside | undefined
    let sent = 0
    const spawner: Adapter = {
      name: 'spawner',
      start: (given) => {
        outside = given
      },
    }
    const session = sessionOf('chat', {
      permissions: 'auto',
      filters: [{ type: 'note.written' }],
      turns_minute_max: 10_000,
      bot_turns_max: 1_000,
    })
    const troupe = await Troupe.open({
      policy: duckPolicy([spec('spawn')], [session]),
      adapters: [spawner],
      model: (request) =>
        sinceUser(request).own.length === 0 ? { call: [{ name: 'spawn', arguments: { at: sent } }] } : { say: 'More.' },
      tools: ({ session: channel, agent }) => {
        for (let twin = 0; twin < 2; twin++) {
          outside?.publish({
            type: 'note.written',
            id: `spawned-${++sent}`,
            source: { kind: 'tool', channel, author: agent },
            payload: { text: `Go on, ${sent}.` },
          })
        }
        return 'spawned'
      },
    })
    await troupe.say('duck/chat', 'Begin.')
    expect(troupe.ended.length).toBeLessThanOrEqual(200)
    expect(troupe.running).toBe(0)
    await troupe.engine.stop()
  })
})
