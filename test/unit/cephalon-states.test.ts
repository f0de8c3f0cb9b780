import { expect, test } from 'vitest'
import { defaultSession } from '../../systems/agents/policy.ts'
import { LlmChat, MemoryRecall, ToolOnce, ToolSafe } from '../../systems/events.ts'
import { duckPolicy, illFormed, sessionOf, spec } from '../support/agents.ts'
import { Stage } from '../support/turns.ts'

/** Every state of a turn with every event that can come, and what becomes of it. */

const policy = duckPolicy(
  [spec('look'), spec('send', { retry: 'once' }), spec('wipe', { risk: 'destructive', retry: 'once' })],
  [sessionOf('chat', { permissions: 'auto' })],
)
const key = 'duck/chat'
const { approval_ms } = defaultSession.caps
const words = { content: 'Yes.', model: 'm', finish: 'stop', tokens_in: 1, tokens_out: 1 }
const calls = (name: string) => ({ ...words, content: '', finish: 'tool_calls', tool_calls: [call(name)] })
const call = (name: string) => ({ id: 'a', name, arguments: '{"at":1}' })
const found = { answered: false, confidence: 0, hits: [] }
const result = { text: 'It is so.', cut: false, failed: false }

function recalling(): Stage {
  const stage = new Stage(policy)
  stage.tell(key, 'Hello?')
  return stage
}
function asking(): Stage {
  const stage = recalling()
  stage.done(MemoryRecall, found)
  return stage
}
function called(name: string): Stage {
  const stage = asking()
  stage.done(LlmChat, calls(name))
  // What was asked of the operator is heard a tick later.
  stage.tick()
  return stage
}
function waiting(): Stage {
  const stage = asking()
  stage.failed(LlmChat, 'NETWORK')
  return stage
}
function cancelled(stage: Stage): Stage {
  stage.tick({ type: 'session.cancel', source: { kind: 'operator' }, payload: { session: key } })
  return stage
}
function ended(end: (stage: Stage) => void): Stage {
  const stage = asking()
  end(stage)
  return stage
}

const states: Readonly<Record<string, () => Stage>> = {
  recalling,
  asking,
  'calling safe': () => called('look'),
  'calling once': () => called('send'),
  'calling asked': () => called('wipe'),
  waiting,
  done: () => ended((stage) => stage.done(LlmChat, words)),
  failed: () => ended((stage) => stage.failed(LlmChat, 'AUTH')),
  'cancelled while recalling': () => cancelled(recalling()),
  'cancelled while asking': () => cancelled(asking()),
  'cancelled while calling': () => cancelled(called('send')),
  'cancelled while asked': () => cancelled(called('wipe')),
  'cancelled while waiting': () => cancelled(waiting()),
}

const answer = (stage: Stage, allow: boolean, kind = 'operator'): void => {
  const hash = String(stage.of('approval.asked').at(-1)?.['hash'] ?? 'none')
  stage.tick({ type: 'approval.given', source: { kind }, payload: { hash, allow } })
}
const events: Readonly<Record<string, (stage: Stage) => void>> = {
  'recall.done': (stage) => stage.done(MemoryRecall, found),
  'recall.failed': (stage) => stage.failed(MemoryRecall, 'TIMEOUT'),
  words: (stage) => stage.done(LlmChat, words),
  calls: (stage) => stage.done(LlmChat, calls('look')),
  'model down': (stage) => stage.failed(LlmChat, 'NETWORK'),
  'model refuses': (stage) => stage.failed(LlmChat, 'BAD_REQUEST'),
  'safe.done': (stage) => stage.done(ToolSafe, result),
  'safe.failed': (stage) => stage.failed(ToolSafe, 'TOOL_FAILED'),
  'once.done': (stage) => stage.done(ToolOnce, result),
  'once.failed': (stage) => stage.failed(ToolOnce, 'TOOL_FAILED'),
  'once.unknown': (stage) => stage.unknown(ToolOnce),
  yes: (stage) => answer(stage, true),
  no: (stage) => answer(stage, false),
  'yes of another': (stage) => answer(stage, true, 'discord'),
  cancel: (stage) => void cancelled(stage),
  'cancel of another': (stage) =>
    stage.tick({ type: 'session.cancel', source: { kind: 'discord' }, payload: { session: key } }),
  'six seconds': (stage) => stage.later(6_000),
  'ten minutes': (stage) => stage.later(approval_ms),
}

/** What moves a state, and whither; every other event leaves it as it is. */
const moves: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  recalling: { 'recall.done': 'asking', 'recall.failed': 'asking', cancel: 'cancelled' },
  asking: { words: 'done', calls: 'calling', 'model down': 'waiting', 'model refuses': 'failed', cancel: 'cancelled' },
  'calling safe': { 'safe.done': 'asking', 'safe.failed': 'asking', cancel: 'cancelled' },
  'calling once': { 'once.done': 'asking', 'once.failed': 'asking', 'once.unknown': 'asking', cancel: 'cancelled' },
  // With a yes it still calls: the tool runs now.
  'calling asked': { no: 'asking', 'ten minutes': 'asking', cancel: 'cancelled' },
  waiting: { 'six seconds': 'asking', 'ten minutes': 'asking', cancel: 'cancelled' },
}

const table = Object.keys(states).flatMap((state) =>
  Object.keys(events).map((event) => [state, event, moves[state]?.[event] ?? state.split(' ')[0]!] as const),
)

test.each(table)('%s, %s → %s', (state, event, becomes) => {
  const stage = states[state]!()
  expect(stage.state()).toBe(state.split(' ')[0])
  const tools = (): number => stage.asked.filter(({ type }) => type.startsWith('tool.')).length
  const before = { asked: stage.asked.length, tools: tools(), ended: stage.of('turn.ended').length }
  events[event]!(stage)
  expect(stage.state()).toBe(becomes)
  stage.tick()
  stage.tick()
  expect(stage.state()).toBe(becomes)
  const over = ['done', 'failed', 'cancelled'].includes(becomes)
  expect(stage.running).toBe(over ? 0 : 1)
  expect(stage.of('turn.ended'), 'ended once').toHaveLength(over ? 1 : 0)
  if (becomes !== 'calling') expect(illFormed(stage.history(key))).toEqual([])
  const runs = (state === 'calling asked' && event === 'yes') || (state === 'asking' && event === 'calls')
  expect(tools() - before.tools, 'a tool runs').toBe(runs ? 1 : 0)
  if (state.startsWith('cancelled') || state === 'done' || state === 'failed') {
    expect(stage.asked, 'nothing is asked for any more').toHaveLength(before.asked)
  }
})

test('the table names only states and events that there are, and each event moves some state', () => {
  expect(Object.keys(moves).every((state) => state in states)).toBe(true)
  const moved = new Set(Object.values(moves).flatMap((row) => Object.keys(row)))
  expect([...moved].every((event) => event in events)).toBe(true)
  const idle = Object.keys(events).filter((event) => !moved.has(event))
  expect(idle).toEqual(['yes', 'yes of another', 'cancel of another'])
})
