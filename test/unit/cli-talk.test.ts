import { afterEach, describe, expect, test } from 'vitest'
import { approve, cancel, openSession, pastOf, toolsOf } from '../../adapters/cli/chat/desk.ts'
import type { ChatLine } from '../../adapters/cli/chat/lines.ts'
import { follow, talk } from '../../adapters/cli/chat/talk.ts'
import { Deltas } from '../../adapters/cli/deltas.ts'
import { answerOfAgents } from '../../adapters/cli/desk/agents.ts'
import { agentCounts, sessionsOf } from '../../adapters/cli/desk/sessions.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { createEngine, type Engine } from '../../engine/index.ts'
import { system, type Tick } from '../../engine/system.ts'
import { ram } from '../../stores/ram.ts'
import { Message, Running, Session, Turn, TurnInput, TurnState } from '../../systems/agents/columns.ts'
import { defaultAgent, defaultScheduler, defaultSession } from '../../systems/agents/policy.ts'
import { turnEnded } from '../../systems/agents/ready.ts'
import { MemoryRole } from '../../systems/components.ts'
import { SessionCancel, SessionSaid, TurnAsked, TurnEnded } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'

/** A stand-in for the turn machine: it holds every turn until the test lets it go, then echoes what was said. */
const held = new Set<string>()
let effects = 1000

const echo = system('cephalon', (tick) => {
  const { world, events } = tick
  const turns = world.of(Turn)
  for (const entity of world.each(Running)) {
    const turn = world.of(Running).turn[entity]!
    const key = world.keyOf(Session, turns.session[turn]!)
    const cancelled = events.some((event) => SessionCancel.is(event) && event.payload.session === key)
    if (turns.state[turn] === TurnState.queued) {
      turns.state[turn] = TurnState.asking
      turns.effect_id[turn] = ++effects
      tick.emit(TurnAsked, { turn, session: key, round: 1, tokens: 10, memory_ids: [] })
    } else if (cancelled || !held.has(key)) end(tick, entity, { turn, key, cancelled })
  }
})

function end(tick: Tick, entity: number, about: { turn: number; key: string; cancelled: boolean }): void {
  const { world } = tick
  const { turn, key, cancelled } = about
  const turns = world.of(Turn)
  const session = turns.session[turn]!
  const input = world.of(TurnInput).input[turns.first_input[turn]!]!
  const { payload } = JSON.parse(tick.read('input', input) ?? '{}') as { payload: { text: string } }
  const target = { kind: 'operator', channel: key, thread: '' }
  if (!cancelled) {
    for (const [role, content] of [
      ['user', payload.text],
      ['assistant', `echo ${payload.text}`],
    ] as const) {
      const row = world.append(Message)
      const message = world.of(Message)
      message.role[row] = MemoryRole[role]
      message.turn[row] = turn
      message.previous[row] = world.of(Session).newest_message[session]!
      world.of(Session).newest_message[session] = row
      tick.put('message', row, JSON.stringify({ role, content }))
    }
    const said = { turn, session: key, agent: 'duck', text: `echo ${payload.text}`, trust: 'own', to: target }
    tick.emit(SessionSaid, said)
  }
  const state = cancelled ? 'cancelled' : 'done'
  turns.state[turn] = TurnState[state]
  const counts = { rounds: 1, calls: 0, tokens_in: 1, tokens_out: 2 }
  tick.emit(TurnEnded, { turn, session: key, state, code: '', reason: '', ...counts })
  world.kill(entity)
  turnEnded(world, session)
}

const session = { ...defaultSession, filters: [] }
const policy = {
  agents: [
    {
      ...defaultAgent,
      name: 'duck',
      sessions: [
        {
          ...session,
          name: 'chat',
          queue_max: 1,
          overflow: 'drop_oldest' as const,
          caps: { ...session.caps, inputs_max: 1 },
        },
      ],
    },
  ],
  tools: [
    { name: 'time.now', description: 'Time.', parameters: {}, risk: 'read_only', retry: 'safe', deadline_ms: 1 },
    { name: 'shell.run', description: 'No.', parameters: {}, risk: 'destructive', retry: 'once', deadline_ms: 1 },
  ],
  scheduler: defaultScheduler,
}

const engines: Engine[] = []
afterEach(async () => {
  held.clear()
  for (const engine of engines.splice(0)) await engine.stop()
})

async function opened(): Promise<{ engine: Engine; deltas: Deltas }> {
  const parts = mind()
  const systems = parts.systems.map((each) => (each.name === 'cephalon' ? echo : each))
  const engine = await createEngine({ ...parts, systems, store: ram(), limits: { tick_ms: 5, tick_min_ms: 1 } })
  engines.push(engine)
  await engine.start()
  await engine.ingest({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(policy)) as Payload } })
  return { engine, deltas: new Deltas() }
}
async function all(lines: AsyncIterable<ChatLine>): Promise<ChatLine[]> {
  return Array.fromAsync(lines)
}
async function first<K extends string>(lines: AsyncIterator<ChatLine>, member: K): Promise<object> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`it ended without ${member}`)
    if (member in value) return (value as { [key in K]: object })[member]
  }
}

test('what is said is told from its start to its end, and stands in the conversation', async () => {
  const means = await opened()
  const lines = await all(talk(means, 'duck/chat', 'hello'))
  expect(lines).toMatchObject([
    { started: { inputs: 1 } },
    { asked: { round: 1, tokens: 10, memories: [] } },
    { said: { text: 'echo hello' } },
    { ended: { state: 'done', tokens_in: 1, tokens_out: 2 } },
  ])
  expect(pastOf(means.engine, 'duck/chat', 10).map(({ role, text }) => `${role} ${text}`)).toEqual([
    'user hello',
    'assistant echo hello',
  ])
  expect(pastOf(means.engine, 'duck/chat', 1)).toHaveLength(1)
  expect(pastOf(means.engine, 'duck/none', 1)).toEqual([])
})

test('of what comes from the model only what belongs to its own question is told', async () => {
  const means = await opened()
  held.add('duck/chat')
  const lines = talk(means, 'duck/chat', 'hello')[Symbol.asyncIterator]()
  await first(lines, 'asked')
  means.deltas.tell(effects + 1, 'of somebody else')
  means.deltas.tell(effects, 'mine')
  expect(await lines.next()).toMatchObject({ value: { delta: 'mine' } })
  held.clear()
  await first(lines, 'ended')
})

test('several sessions at once are kept apart; one that the policy does not name is opened once', async () => {
  const means = await opened()
  await openSession(means.engine, 'duck/other')
  await openSession(means.engine, 'duck/other')
  await openSession(means.engine, 'duck/chat')
  const [chat, other] = await Promise.all([all(talk(means, 'duck/chat', 'one')), all(talk(means, 'duck/other', 'two'))])
  expect(chat.filter((line) => 'said' in line)).toMatchObject([{ said: { text: 'echo one' } }])
  expect(other.filter((line) => 'said' in line)).toMatchObject([{ said: { text: 'echo two' } }])
  expect(sessionsOf(means.engine).map(({ session: key, turns }) => [key, turns])).toEqual([
    ['duck/chat', 1],
    ['duck/other', 1],
  ])
  expect(means.engine.recent().filter(({ type }) => type === 'session.opened')).toHaveLength(1)
  await expect(openSession(means.engine, 'goose/chat')).rejects.toMatchObject({ code: 'EVENT_INVALID' })
})

describe('what waits behind a turn', () => {
  test('says so, and is answered after it', async () => {
    const means = await opened()
    held.add('duck/chat')
    const one = talk(means, 'duck/chat', 'one')[Symbol.asyncIterator]()
    await first(one, 'asked')
    const two = talk(means, 'duck/chat', 'two')[Symbol.asyncIterator]()
    expect(await first(two, 'queued')).toMatchObject({ why: 'the turn before it is still under way' })
    expect(sessionsOf(means.engine)[0]).toMatchObject({ state: 'running', queued: 1, turn_state: 'asking' })
    expect(agentCounts(means.engine)).toMatchObject({ agents: 1, sessions: 1, running: 1, queued: 1, calls_asking: 0 })
    held.clear()
    expect(await first(one, 'said')).toMatchObject({ text: 'echo one' })
    expect(await first(two, 'said')).toMatchObject({ text: 'echo two' })
  })

  test('and is dropped by a full queue, is told so', async () => {
    const means = await opened()
    held.add('duck/chat')
    const one = talk(means, 'duck/chat', 'one')[Symbol.asyncIterator]()
    await first(one, 'asked')
    const two = talk(means, 'duck/chat', 'two')[Symbol.asyncIterator]()
    const waiting = first(two, 'ended')
    while (sessionsOf(means.engine)[0]?.queued === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    const three = talk(means, 'duck/chat', 'three')[Symbol.asyncIterator]()
    const later = first(three, 'said')
    expect(await waiting).toMatchObject({ state: 'failed', code: 'DROPPED' })
    expect(sessionsOf(means.engine)[0]).toMatchObject({ dropped: 1 })
    held.clear()
    expect(await later).toMatchObject({ text: 'echo three' })
  })
})

test('a cancelled turn ends for whoever listens', async () => {
  const means = await opened()
  held.add('duck/chat')
  const one = talk(means, 'duck/chat', 'one')[Symbol.asyncIterator]()
  await first(one, 'asked')
  const followed = all(follow(means, 'duck/chat'))
  expect(await cancel(means.engine, 'duck/chat')).toEqual({ session: 'duck/chat', running: true })
  expect(await first(one, 'ended')).toMatchObject({ state: 'cancelled' })
  expect(await followed).toMatchObject([{ started: { inputs: 1 } }, { ended: { state: 'cancelled' } }])
  expect(await all(follow(means, 'duck/chat'))).toEqual([])
  expect(await cancel(means.engine, 'duck/chat')).toMatchObject({ running: false })
})

test('an end of the engine ends the telling, and a signal ends it at once', async () => {
  const means = await opened()
  held.add('duck/chat')
  const leaving = new AbortController()
  const one = talk({ ...means, signal: leaving.signal }, 'duck/chat', 'one')[Symbol.asyncIterator]()
  await first(one, 'asked')
  const two = talk(means, 'duck/chat', 'two')[Symbol.asyncIterator]()
  await first(two, 'queued')
  leaving.abort()
  expect(await one.next()).toMatchObject({ done: true })
  await means.engine.stop()
  expect(await first(two, 'ended')).toMatchObject({ state: 'failed', code: 'STOPPED' })
})

test('a yes that nobody waits for does nothing; tools are those of the session', async () => {
  const { engine } = await opened()
  expect(await approve(engine, '0011223344556677', true)).toMatchObject({ done: false })
  expect(engine.recent().filter(({ type }) => type === 'approval.given')).toEqual([])
  expect(toolsOf(engine, 'duck/chat').map(({ name }) => name)).toEqual(['time.now'])
  expect(answerOfAgents(engine, { ask: 'approvals' })).toEqual({ approvals: [] })
  expect(answerOfAgents(engine, { ask: 'session', word: '' })).toEqual({ session: 'duck/chat' })
})
