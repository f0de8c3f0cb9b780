import { expect, test } from 'vitest'
import { memoryDifferences } from '../../adapters/cli/fork/memories.ts'
import { memoryStamps } from '../../adapters/cli/fork/stamps.ts'
import { turnDifferences, turnsBefore } from '../../adapters/cli/fork/turns.ts'
import { lookOf } from '../../adapters/cli/travel/look.ts'
import type { ForkOptions, Payload } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { viewOf } from '../../engine/record/view.ts'
import { Turn as Turns } from '../../systems/agents/columns.ts'
import { explainTurn } from '../../systems/cephalon/context/explain.ts'
import { Memory } from '../../systems/components.ts'
import { LlmChat, type LlmChatRequest } from '../../systems/events.ts'
import { duckPolicy, type Model, sinceUser, spec, Troupe } from '../support/agents.ts'

const parrot: Model = (request) => {
  const { user, own } = sinceUser(request)
  if (user.includes('tool') && own.length === 0) return { call: [{ name: 'bell', arguments: { times: 2 } }] }
  return { say: `You said: ${user}` }
}
const policy = duckPolicy([spec('bell')], undefined, { instructions: 'You are a parrot.' })

/** Five turns, one of them with a tool. */
async function lived(): Promise<Troupe> {
  const troupe = await Troupe.open({ policy, model: parrot })
  for (const text of [
    'My cat is Miso.',
    'Ring the tool.',
    'The heron eats fish.',
    'My cat is Miso.',
    'What is my cat?',
  ]) {
    await troupe.say('duck/chat', text)
  }
  return troupe
}

const set = (instructions: string): ForkOptions['change'] => {
  const changed = duckPolicy([spec('bell')], undefined, { instructions })
  return [{ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(changed)) as Payload } }]
}

test('a mind that is forked and told nothing else becomes the same, from any tick', async () => {
  const { engine } = await lived()
  for (let tick = 1; tick <= engine.tick; tick += 3) {
    const { fork, effects } = await engine.past.fork({ tick, change: [], stamps: memoryStamps() })
    expect(markOf(fork)).toEqual(engine.mark())
    expect([effects.only_fork_count, effects.refused, effects.performed]).toEqual([0, 0, 0])
  }
  await engine.stop()
})

test('another prompt is asked about with every turn since, and what it answers is remembered in place of what was', async () => {
  const { engine } = await lived()
  const first = await engine.past.firstWhere({ from: 1, to: engine.tick, holds: ({ world }) => world.rows(Turns) >= 4 })
  const tick = first!.tick - 1
  let before = { rows: 0, running: [] as readonly number[] }
  let memories = 0
  const asked: string[] = []
  const handlers: ForkOptions['handlers'] = () => ({
    [LlmChat.name]: async (request) => {
      asked.push(sinceUser(request as unknown as LlmChatRequest).user)
      return { content: 'Squawk.', model: 'other', finish: 'stop' }
    },
  })
  const begun: ForkOptions['begun'] = (view) => {
    before = turnsBefore(view)
    memories = view.world.rows(Memory)
  }
  const change = set('You are a gull.')
  const forked = await engine.past.fork({ tick, change, without: ['config.set'], handlers, begun })
  expect(asked).toHaveLength(2)
  const [recorded, fork] = [viewOf(forked.recorded), viewOf(forked.fork)]
  const turns = turnDifferences(recorded, fork, before)
  expect([before.rows, turns.same, turns.changed_count, turns.only_fork, turns.only_recorded]).toEqual([
    3,
    0,
    2,
    [],
    [],
  ])
  expect(turns.changed[1]).toMatchObject({
    context_differs: true,
    recorded: { state: 'done', reply: 'You said: What is my cat?' },
    fork: { state: 'done', reply: 'Squawk.' },
  })
  const found = await memoryDifferences(recorded, fork, memories)
  expect(found.only_fork.map(({ text }) => text)).toEqual(Array(found.only_fork_count).fill('Squawk.'))
  expect(found.only_recorded.map(({ text }) => text)).toContain('You said: What is my cat?')
  expect(found.recorded - found.only_recorded_count).toBe(found.fork - found.only_fork_count)
  await engine.stop()
})

test('a condition sees a world by names, and a name that there is not is refused', async () => {
  const { engine } = await lived()
  const look = lookOf(engine)
  expect([look.count('Turn'), look.row('Turn', 2)?.['calls'], look.row('Turn', 99)]).toEqual([5, 1, undefined])
  expect(look.gauge('memories')).toBe(engine.world.rows(Memory))
  expect([look.memory(1)?.text, look.memory(999)]).toEqual(['My cat is Miso.', undefined])
  expect(look.sessions()).toMatchObject([{ session: 'duck/chat', turns: 5 }])
  expect(() => look.gauge('memorys')).toThrow(/there is no gauge memorys; there are .*memories/)
  expect(() => look.count('Nothing')).toThrow(/there is no archetype Nothing/)
  await engine.stop()
})

test('a turn that is looked at before its end has no outcome yet, and before it asked no context', async () => {
  const { engine } = await lived()
  const ends: boolean[] = []
  const contexts: boolean[] = []
  for (let tick = 1; tick <= engine.tick; tick++) {
    const { core } = await engine.visit(tick)
    const turn = explainTurn(viewOf(core), 2)
    if (turn === undefined) continue
    ends.push(turn.outcome !== undefined)
    contexts.push(turn.context !== undefined)
    expect(turn.outcome !== undefined).toBe(core.world.of(Turns).ended_at_ms[2]! > 0)
  }
  // Both come once and stay, the context before the end.
  for (const seen of [ends, contexts]) expect([...seen].sort()).toEqual(seen)
  expect(contexts.indexOf(true)).toBeGreaterThan(0)
  expect(ends.indexOf(true)).toBeGreaterThan(contexts.indexOf(true))
  await engine.stop()
})
