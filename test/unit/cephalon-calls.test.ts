import { describe, expect, test } from 'vitest'
import { Call, CallState, Session, SessionState, Turn } from '../../systems/agents/columns.ts'
import type { SessionPolicy, TurnCaps } from '../../systems/agents/policy.ts'
import { resultTrust } from '../../systems/cephalon/tools.ts'
import { Trust } from '../../systems/components.ts'
import { type ChatMessage, LlmChat, MemoryRecall, ToolOnce, ToolSafe } from '../../systems/events.ts'
import { duckPolicy, illFormed, sessionOf, spec } from '../support/agents.ts'
import { Stage } from '../support/turns.ts'

const key = 'duck/chat'
const object = {
  type: 'object',
  properties: { at: { type: 'integer' } },
  required: ['at'],
  additionalProperties: false,
}
const tools = [
  spec('look', { parameters: object }),
  spec('send', { retry: 'once' }),
  spec('notes.read'),
  spec('wipe', { risk: 'destructive', retry: 'once' }),
]
const answer = { content: '', model: 'm', tokens_in: 10, tokens_out: 5 }
type Wanted = { name: string; arguments?: string; id?: string }
type Returned = { state: string; text: string; tool: string }

/** A session that was asked something and whose model is being asked. */
function asked(caps: Partial<TurnCaps> = {}, more: Partial<SessionPolicy> = {}): Stage {
  const stage = new Stage(duckPolicy(tools, [sessionOf('chat', { permissions: 'auto', ...more, caps })]))
  stage.tell(key, 'Go.')
  stage.done(MemoryRecall, { answered: false, confidence: 0, hits: [] })
  return stage
}

function calls(stage: Stage, wanted: readonly Wanted[], finish = 'tool_calls'): void {
  const tool_calls = wanted.map(({ name, arguments: given = '{"at":1}', id = '' }) => ({ id, name, arguments: given }))
  stage.done(LlmChat, { ...answer, finish, tool_calls })
}
function results(stage: Stage): void {
  for (let open = stage.open(); open?.type.startsWith('tool.'); open = stage.open()) {
    stage.done(open.type === ToolOnce.name ? ToolOnce : ToolSafe, { text: 'So.', cut: false, failed: false })
  }
}
function end(stage: Stage): { state: string; code: string } {
  stage.tick()
  return stage.of<{ state: string; code: string }>('turn.ended').at(-1) ?? { state: 'under way', code: '' }
}
const toolMessages = (stage: Stage): ChatMessage[] => stage.history(key).filter(({ role }) => role === 'tool')
const textOf = ({ content }: ChatMessage): string => (typeof content === 'string' ? content : String(content['text']))
const ran = (stage: Stage) => stage.asked.filter(({ type }) => type.startsWith('tool.'))

describe('A call that cannot be carried out', () => {
  test.each([
    ['an unknown tool', { name: 'imagined' }, /no tool imagined/],
    ['a tool of another name', { name: '__proto__' }, /no tool __proto__/],
    ['no JSON', { name: 'look', arguments: 'at 1' }, /not JSON/],
    ['a wrong type', { name: 'look', arguments: '{"at":"1"}' }, /at must be integer/],
    ['a missing key', { name: 'look', arguments: '{}' }, /at is missing/],
    ['an extra key', { name: 'look', arguments: '{"at":1,"to":2}' }, /to is not a known key/],
    ['__proto__', { name: 'look', arguments: '{"at":1,"__proto__":{}}' }, /__proto__/],
  ])('%s: nothing runs, and the model is told what is wrong', (_name, wanted, told) => {
    const stage = asked()
    calls(stage, [wanted])
    expect(ran(stage)).toEqual([])
    expect(textOf(toolMessages(stage)[0]!)).toMatch(told)
    expect(stage.state()).toBe('asking')
    stage.tick()
    expect(stage.of('turn.called')).toMatchObject([{ verdict: 'invalid' }])
    expect(stage.core.world.names.find('imagined'), 'names that a model makes up are not kept').toBe(0)
  })

  test('three times ends the turn', () => {
    const stage = asked()
    calls(stage, [{ name: 'a' }])
    calls(stage, [{ name: 'b' }, { name: 'look', arguments: 'no' }])
    expect(end(stage).state).toBe('under way')
    calls(stage, [{ name: 'c' }])
    expect(end(stage)).toMatchObject({ state: 'failed', code: 'REPAIRS' })
    expect(illFormed(stage.history(key))).toEqual([])
  })

  test('does not keep the others of its answer from running; what is double-encoded is read', () => {
    const stage = asked()
    calls(stage, [{ name: 'imagined' }, { name: 'look', arguments: '"{\\"at\\":7}"' }])
    expect(ran(stage)).toMatchObject([{ request: { tool: 'look', arguments: { at: 7 } } }])
    results(stage)
    expect(toolMessages(stage).map(textOf)).toEqual([expect.stringMatching(/no tool/), 'So.'])
  })
})

describe('Calls of one answer', () => {
  test('get ids of their own, run at once, and their results stand in the order in which they were asked for', () => {
    const stage = asked()
    calls(
      stage,
      [1, 2, 3].map((at) => ({ name: 'look', id: 'same', arguments: `{"at":${at}}` })),
    )
    const effects = ran(stage).map(({ effect_id }) => effect_id)
    expect(effects).toHaveLength(3)
    const give = (at: number) =>
      stage.done(ToolSafe, { text: `Result ${at + 1}`, cut: false, failed: false }, effects[at])
    give(2)
    give(0)
    expect(stage.state()).toBe('calling')
    expect(toolMessages(stage)).toEqual([])
    give(1)
    expect(stage.state()).toBe('asking')
    expect(toolMessages(stage).map(textOf)).toEqual(['Result 1', 'Result 2', 'Result 3'])
    expect(illFormed(stage.history(key))).toEqual([])
    const keys = ran(stage).map(({ request }) => request['key'])
    expect(keys).toEqual(['turn/1/call/1', 'turn/1/call/2', 'turn/1/call/3'])
  })

  test('are at most so many; the model is told that some were left out', () => {
    const stage = asked({ calls_round_max: 4 })
    calls(
      stage,
      Array.from({ length: 500 }, (_, at) => ({ name: 'look', arguments: `{"at":${at}}` })),
    )
    expect(ran(stage)).toHaveLength(4)
    results(stage)
    expect(JSON.stringify(toolMessages(stage).at(-1))).toContain('496 more calls')
    expect(illFormed(stage.history(key))).toEqual([])
  })

  test('are not carried out when the answer was cut off', () => {
    const stage = asked()
    calls(stage, [{ name: 'look' }, { name: 'send', arguments: '{"to":"al' }], 'length')
    expect(ran(stage)).toEqual([])
    expect(end(stage)).toMatchObject({ state: 'failed', code: 'TRUNCATED' })
  })
})

describe('What ends a turn', () => {
  const many = (stage: Stage, name: (round: number) => string, rounds: number): number => {
    let round = 0
    for (; round < rounds && stage.state() === 'asking'; round++) {
      calls(stage, [{ name: 'notes.read', arguments: `{"at":"${name(round)}"}` }])
      results(stage)
    }
    return round
  }

  test.each([
    ['the same call', (_round: number) => 'same', {}, 'REPEATS', 3],
    ['two calls in turn', (round: number) => String(round % 2), {}, 'REPEATS', 6],
    ['three calls in turn', (round: number) => String(round % 3), {}, 'REPEATS', 9],
    ['too many rounds', String, { rounds_max: 5 }, 'ROUNDS', 5],
    ['too many calls', String, { calls_max: 4 }, 'CALLS', 5],
    ['too many tokens', String, { tokens_max: 40 }, 'TOKENS', 3],
  ] as const)('%s', (_name, name, caps, code, rounds) => {
    const stage = asked(caps)
    expect(many(stage, name, 20)).toBe(rounds)
    expect(end(stage)).toMatchObject({ state: 'failed', code })
    expect(ran(stage), 'what would be in vain does not run').toHaveLength(rounds - 1)
    expect(illFormed(stage.history(key))).toEqual([])
    const outcome = JSON.parse(stage.records.get('outcome 1')!) as { code: string; reason: string }
    expect(outcome.code).toBe(code)
    expect(outcome.reason).not.toBe('')
  })

  test('three equal calls in one answer', () => {
    const stage = asked()
    calls(stage, [{ name: 'look' }, { name: 'look' }, { name: 'look' }])
    expect(ran(stage)).toEqual([])
    expect(end(stage)).toMatchObject({ code: 'REPEATS' })
  })
})

describe('A result', () => {
  test('that is long is cut with a marker, between characters', () => {
    const stage = asked()
    calls(stage, [{ name: 'look' }])
    stage.done(ToolSafe, { text: '語'.repeat(100_000), cut: false, failed: false })
    const text = textOf(toolMessages(stage)[0]!)
    expect(text).toMatch(/^語+\n\[cut: 234465 more bytes\]$/)
    expect(Buffer.byteLength(text)).toBeLessThan(66_000)
  })

  test('of which nobody knows is not asked for again by the engine, and the model is told', () => {
    const stage = asked()
    calls(stage, [{ name: 'send' }])
    expect(ran(stage)).toMatchObject([{ type: ToolOnce.name }])
    stage.unknown(ToolOnce)
    expect(stage.core.world.of(Call).state[1]).toBe(CallState.unknown)
    expect(textOf(toolMessages(stage)[0]!)).toMatch(/not known .* must not be repeated/)
    expect(ran(stage)).toHaveLength(1)
  })

  test('is believed by the exact name of its tool, and not by how the name begins', () => {
    expect(['session.subscribe', 'time.now'].map(resultTrust)).toEqual([Trust.operator, Trust.operator])
    expect(['memory.recall', 'notes.read'].map(resultTrust)).toEqual([Trust.person, Trust.person])
    expect(['session.web', 'memory.web', 'notes.', 'time.now2'].map(resultTrust)).toEqual(Array(4).fill(Trust.unknown))
  })

  test('makes the turn as little trusted as it is, for what is asked next', () => {
    const stage = asked()
    const trust = (): number => stage.core.world.of(Turn).trust[1]!
    expect(trust()).toBe(Trust.operator)
    calls(stage, [{ name: 'notes.read' }])
    results(stage)
    expect(trust()).toBe(Trust.person)
    calls(stage, [{ name: 'look' }])
    results(stage)
    expect(trust()).toBe(Trust.unknown)
    calls(stage, [{ name: 'send' }])
    expect(ran(stage).at(-1)!.request['trust']).toBe('unknown')
  })

  test('of a tool that failed is one that the model can read', () => {
    const stage = asked()
    calls(stage, [{ name: 'look' }, { name: 'send' }])
    stage.failed(ToolOnce, 'TOOL_TIMEOUT')
    stage.done(ToolSafe, { text: 'It is not there.', cut: false, failed: true })
    stage.tick()
    expect(stage.of<Returned>('turn.returned').map(({ state }) => state)).toEqual(['failed', 'failed'])
    expect(toolMessages(stage).map(textOf)).toEqual(['It is not there.', 'TOOL_TIMEOUT: it says TOOL_TIMEOUT'])
  })
})

test.each([
  ['reads only by now', { permissions: 'read' as const }, tools, /although the operator said yes/],
  ['may not use the tool any more', {}, tools.filter(({ name }) => name !== 'wipe'), /may not use this tool any more/],
  ['may still do it', {}, tools, /So\./],
])('A yes counts within the policy of its moment: the session %s', (_name, more, offered, told) => {
  const stage = asked({}, { permissions: 'ask' })
  calls(stage, [{ name: 'wipe' }])
  stage.tick()
  const [{ hash } = { hash: '' }] = stage.of<{ hash: string }>('approval.asked')
  const policy = duckPolicy(offered, [sessionOf('chat', { permissions: 'ask', ...more })])
  stage.tick({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(policy)) } })
  const source = { kind: 'operator', channel: '', author: 'operator' }
  stage.tick({ type: 'approval.given', source, payload: { hash, allow: true } })
  results(stage)
  expect(textOf(toolMessages(stage)[0]!)).toMatch(told)
  expect(ran(stage)).toHaveLength(told.source.includes('So') ? 1 : 0)
})

describe('A turn that cannot go on', () => {
  test('waits for a model that is down, longer each time and visibly, and not for ever', () => {
    const stage = asked({ model_retries_max: 8 })
    const pauses: number[] = []
    const sessions = stage.core.world.of(Session)
    while (stage.state() !== 'failed') {
      stage.failed(LlmChat, 'SERVER')
      if (stage.state() !== 'waiting') continue
      expect(sessions.state[1]).toBe(SessionState.blocked)
      pauses.push(Math.round((stage.core.world.of(Turn).retry_at_ms[1]! - stage.core.now_ms) / 1000))
      stage.later(pauses.at(-1)! * 1000)
      expect(sessions.state[1]).toBe(SessionState.running)
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300])
    expect(end(stage)).toMatchObject({ state: 'failed', code: 'SERVER' })
    expect(stage.of('turn.waiting')).toHaveLength(8)
  })

  test('is asked with a smaller context when the first was too long, a few times', () => {
    const stage = asked()
    for (let at = 0; at < 3; at++) stage.failed(LlmChat, 'CONTEXT_TOO_LONG')
    expect(stage.state()).toBe('asking')
    stage.failed(LlmChat, 'CONTEXT_TOO_LONG')
    expect(end(stage)).toMatchObject({ state: 'failed', code: 'CONTEXT_TOO_LONG' })
  })

  test('waits for the next minute when this one is spent, and ends when the day is', () => {
    const minute = asked({}, { tokens_minute_max: 10 })
    calls(minute, [{ name: 'look' }])
    expect(minute.state(), 'the call is refused, and the model is asked when it may be').toBe('waiting')
    expect(ran(minute)).toEqual([])
    minute.later(60_000)
    expect(minute.state()).toBe('asking')
    const day = asked({}, { tokens_day_max: 10 })
    calls(day, [{ name: 'look' }])
    expect(end(day)).toMatchObject({ state: 'failed', code: 'BUDGET' })
    expect(illFormed(day.history(key))).toEqual([])
  })

  test.each([
    ['and no agent either', { agents: [], tools: [] }],
    ['and has another session that may do more', duckPolicy(tools, [sessionOf('other', { permissions: 'auto' })])],
  ])('ends when the policy no longer knows its session, %s', (_name, policy) => {
    const stage = asked()
    stage.tick({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(policy)) } })
    calls(stage, [{ name: 'send' }])
    expect(end(stage)).toMatchObject({ state: 'failed', code: 'SESSION_GONE' })
    expect(ran(stage)).toEqual([])
  })

  test('asks an endpoint that gives no answers a few times and not for an hour', () => {
    const stage = asked()
    for (let at = 0; at < 2; at++) {
      stage.failed(LlmChat, 'BAD_RESPONSE')
      stage.later(600_000)
    }
    stage.failed(LlmChat, 'BAD_RESPONSE')
    expect(end(stage)).toMatchObject({ state: 'failed', code: 'BAD_RESPONSE' })
  })

  test('takes back what it asked of the model when it is cancelled', () => {
    const stage = asked()
    const { effect_id } = stage.open(LlmChat)!
    const source = { kind: 'operator', channel: '', author: 'operator' }
    stage.tick({ type: 'session.cancel', source, payload: { session: key } })
    expect(stage.core.openEffect(effect_id)).toBe(0)
    expect(end(stage)).toMatchObject({ state: 'cancelled' })
  })

  test('has no room for its question: it says so, and asks no model without one', () => {
    const wide = spec('wide', { description: 'It does a great many things, all of which are told here. '.repeat(200) })
    const stage = new Stage(duckPolicy([wide], [sessionOf('chat', { tools: ['wide'] })], { window_tokens: 1_000 }))
    stage.tell(key, 'Where is the heron?')
    stage.done(MemoryRecall, { answered: false, confidence: 0, hits: [] })
    expect(stage.open(LlmChat)).toBeUndefined()
    expect(end(stage)).toMatchObject({ state: 'failed', code: 'CONTEXT_TOO_LONG' })
  })

  test('is counted by an estimate when the far side does not count', () => {
    const stage = asked()
    stage.done(LlmChat, { content: 'x'.repeat(300), model: 'm', finish: 'stop' })
    const { tokens_in, tokens_out } = stage.core.world.of(Turn)
    expect(tokens_out[1]).toBeGreaterThanOrEqual(100)
    expect(tokens_in[1]).toBeGreaterThan(0)
  })
})

describe('What is said', () => {
  test('goes to where the newest of its inputs came from, and is in the conversation as it was said', () => {
    const stage = new Stage(duckPolicy([], [sessionOf('chat', { filters: [{ channel: 'general' }] })]))
    const source = { kind: 'discord', channel: 'general', thread: 't', author: 'ada' }
    stage.tick({ type: 'discord.message.new', source, payload: { text: 'Hello, duck.' } })
    stage.done(MemoryRecall, { answered: false, confidence: 0, hits: [] })
    stage.done(LlmChat, { ...answer, content: 'See ![x](https://evil.example/p.png?d=1)', finish: 'stop' })
    stage.tick()
    const [said] = stage.of<{ text: string; to: object; trust: string }>('session.said')
    expect(said).toMatchObject({ to: { kind: 'discord', channel: 'general', thread: 't' }, trust: 'person' })
    expect(said!.text).not.toContain('![x]')
    expect(stage.history(key)).toEqual([
      {
        role: 'user',
        content: { author: 'ada', channel: 'general', thread: 't', kind: 'discord', text: 'Hello, duck.' },
      },
      { role: 'assistant', content: said!.text },
    ])
  })

  test('may be nothing: then nothing is said, and the turn is done', () => {
    const stage = asked()
    stage.done(LlmChat, { ...answer, content: ' \n', finish: 'stop' })
    expect(end(stage)).toMatchObject({ state: 'done', code: 'EMPTY' })
    expect(stage.of('session.said')).toEqual([])
  })
})
