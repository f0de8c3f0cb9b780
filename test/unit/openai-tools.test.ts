import { LLMock } from '@copilotkit/aimock'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { WireNames } from '../../adapters/openai/names.ts'
import type { ChatMessage, LlmChatRequest, ToolCallAsked, ToolOffered } from '../../systems/events.ts'
import {
  adapterAt,
  asAnswer,
  askWith,
  asStream,
  failureOf,
  later,
  type Reply,
  refusing,
  serve,
  stopServers,
} from '../support/openai.ts'

afterEach(stopServers)

const parameters = { type: 'object', properties: { query: { type: 'string' } } }
const tool = (name: string): ToolOffered => ({ name, description: `does ${name}`, parameters })
const tools = [tool('memory.recall'), tool('time.now')]
const called = (index: number | undefined, id: string | undefined, name?: string, text?: string): object => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  type: 'function',
  function: { ...(name === undefined ? {} : { name }), ...(text === undefined ? {} : { arguments: text }) },
})
const pieces = (...calls: object[]): object => ({ tool_calls: calls })

async function callsOf(reply: Reply, request: Partial<LlmChatRequest> = {}): Promise<ToolCallAsked[]> {
  const { base_url } = await serve(reply)
  const done = await askWith(adapterAt(base_url), { tools, ...request })
  expect(done.finish).toBe('tool_calls')
  return done.tool_calls ?? []
}

describe('openai: tools that are sent', () => {
  const messages: ChatMessage[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What time is it?' },
    { role: 'assistant', content: '', tool_calls: [{ id: 'a', name: 'time.now', arguments: '{"zone":"UTC"}' }] },
    { role: 'tool', content: '12:00', tool_call_id: 'a' },
  ]

  it('have names that the API takes, and calls and results go back as they came', async () => {
    const { base_url, sent } = await serve(asAnswer({ content: 'Noon.' }))
    const done = await askWith(adapterAt(base_url, { stream: false }), { tools, messages, tokens_max: 99 })
    expect(done).toEqual({ content: 'Noon.', model: 'tiny-1', finish: 'stop' })
    const call = { id: 'a', type: 'function', function: { name: 'time_now', arguments: '{"zone":"UTC"}' } }
    expect(sent[0]!.body).toEqual({
      model: 'tiny',
      stream: false,
      max_tokens: 99,
      messages: [messages[0], messages[1], { role: 'assistant', content: '', tool_calls: [call] }, messages[3]],
      tools: [
        { type: 'function', function: { name: 'memory_recall', description: 'does memory.recall', parameters } },
        { type: 'function', function: { name: 'time_now', description: 'does time.now', parameters } },
      ],
    })
  })

  it.each(['', '{"a":', '[1]', '"text"', 'null'])('arguments that are no object (%s) go back as one', async (given) => {
    const asked = [{ id: 'a', name: 'time.now', arguments: given }]
    const { base_url, sent } = await serve(asAnswer({ content: 'ok' }))
    await askWith(adapterAt(base_url), {
      messages: [...messages.slice(0, 2), { role: 'assistant', content: '', tool_calls: asked }],
    })
    const [, , message] = sent[0]!.body['messages'] as { tool_calls: { function: { arguments: string } }[] }[]
    expect(JSON.parse(message!.tool_calls[0]!.function.arguments)).toEqual({ unreadable: given })
  })

  it('names come back as they went, whatever they are', () => {
    const name = fc.oneof(
      fc.stringMatching(/^[a-c][._-]?[a-c]?$/),
      fc.string({ maxLength: 80 }),
      fc.constantFrom('a.b', 'a_b', 'a-b', 'a b', 'ü', '', '.', `${'x'.repeat(70)}a`, `${'x'.repeat(70)}b`),
    )
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (all) => {
        const names = new WireNames({ tools: all.map(tool), messages: [] })
        const sent = all.map((each) => names.sent(each))
        expect(new Set(sent).size).toBe(all.length)
        for (const each of sent) expect(each).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
        expect(sent.map((each) => names.own(each))).toEqual(all)
      }),
    )
  })

  it('are told in words to a model that has none, and that is remembered', async () => {
    const refuse = refusing(400, 'registry.ollama.ai/library/tiny:latest does not support tools')
    const { base_url, sent } = await serve(refuse, asAnswer({ content: 'Noon.' }))
    const adapter = adapterAt(base_url)
    for (let count = 0; count < 2; count++) {
      expect(await askWith(adapter, { tools, messages })).toMatchObject({ content: 'Noon.', finish: 'stop' })
    }
    expect(sent).toHaveLength(3)
    expect(sent[2]!.body).not.toHaveProperty('tools')
    expect(sent[2]!.body['messages']).toEqual([
      ...messages.slice(0, 2),
      { role: 'assistant', content: 'I asked time.now with {"zone":"UTC"}.' },
      { role: 'user', content: 'Result of time.now:\n12:00' },
    ])
    expect(adapter.status().without_tools).toEqual(['tiny'])
  })
})

describe('openai: tool calls that come', () => {
  it('in one piece, with the names that they have here', async () => {
    const list = [called(undefined, 'x', 'memory_recall', '{"query":"a"}'), called(undefined, 'y', 'time_now', '{}')]
    for (const finish of ['tool_calls', 'stop']) {
      expect(await callsOf(asAnswer({ content: null, tool_calls: list }, finish))).toEqual([
        { id: 'x', name: 'memory.recall', arguments: '{"query":"a"}' },
        { id: 'y', name: 'time.now', arguments: '{}' },
      ])
    }
  })

  it.each<[string, object[]]>([
    [
      'by number, ids in the first piece',
      [
        { role: 'assistant', content: null },
        pieces(called(0, 'x', 'memory_recall', '')),
        pieces(called(0, undefined, undefined, '{"query"')),
        pieces(called(1, 'y', 'time_now', '')),
        pieces(called(1, undefined, undefined, '{')),
        pieces(called(0, undefined, undefined, ':"a"}'), called(1, undefined, undefined, '}')),
      ],
    ],
    [
      'numbered backwards',
      [pieces(called(1, 'y', 'time_now', '{}')), pieces(called(0, 'x', 'memory_recall', '{"query":"a"}'))],
    ],
    [
      'all with the number 0',
      [pieces(called(0, 'x', 'memory_recall', '{"query":"a"}')), pieces(called(0, 'y', 'time_now', '{}'))],
    ],
    [
      'without numbers',
      [
        pieces(called(undefined, 'x', 'memory_recall', '{"query":')),
        pieces(called(undefined, undefined, undefined, '"a"}')),
        pieces(called(undefined, 'y', 'time_now', '{}')),
      ],
    ],
    [
      'with the name in every piece',
      [
        pieces(called(0, 'x', 'memory_recall', '{"query":')),
        pieces(called(0, 'x', 'memory_recall', '"a"}')),
        pieces(called(1, 'y', 'time_now')),
      ],
    ],
    [
      'with another id in every piece',
      [
        pieces(called(0, 'x', 'memory_recall', '{"query":')),
        pieces(called(0, 'z', undefined, '"a"}')),
        pieces(called(1, 'y', 'time_now')),
        pieces(called(1, 'w', undefined, '{}')),
      ],
    ],
    [
      'with an object for arguments',
      [
        {
          tool_calls: [
            { index: 0, id: 'x', function: { name: 'memory_recall', arguments: { query: 'a' } } },
            { index: 1, id: 'y', function: { name: 'time_now', arguments: null } },
          ],
        },
      ],
    ],
  ])('streamed: %s', async (_name, deltas) => {
    expect(await callsOf(asStream(deltas, 'tool_calls'))).toEqual([
      { id: 'x', name: 'memory.recall', arguments: '{"query":"a"}' },
      { id: 'y', name: 'time.now', arguments: '{}' },
    ])
  })

  it('get ids that no other call has, the same each time', async () => {
    const messages: ChatMessage[] = [
      { role: 'user', content: 'go' },
      { role: 'assistant', content: '', tool_calls: [{ id: 'call_0', name: 'time.now', arguments: '{}' }] },
      { role: 'tool', content: 'x', tool_call_id: 'call_0' },
    ]
    const long = 'i'.repeat(100)
    const list = ['call_0', 'call_0', undefined, '', 'same', 'same', long, long].map((id) =>
      called(undefined, id, 'time_now', '{}'),
    )
    const first = await callsOf(asAnswer({ tool_calls: list }), { messages })
    expect(first).toEqual(await callsOf(asAnswer({ tool_calls: list }), { messages }))
    const ids = first.map(({ id }) => id)
    expect(ids.slice(0, 6)).toEqual(['call_0_2', 'call_0_3', 'call_3_3', 'call_3_4', 'same', 'same_2'])
    expect(new Set([...ids, 'call_0']).size).toBe(9)
    expect(Math.max(...ids.map((id) => id.length))).toBe(40)
  })

  it('are sixty-four at most', async () => {
    const many = Array.from({ length: 500 }, (_, at) => called(at, `c${at}`, 'time_now', `{"n":${at}}`))
    for (const reply of [
      asAnswer({ tool_calls: many }),
      asStream(
        many.map((one) => pieces(one)),
        'tool_calls',
      ),
    ]) {
      const calls = await callsOf(reply)
      expect(calls.map(({ arguments: given }) => given)).toEqual(Array.from({ length: 64 }, (_, at) => `{"n":${at}}`))
    }
    const unnumbered = many.map((_, at) => pieces(called(undefined, undefined, 'time_now', `{"n":${at}}`)))
    const calls = await callsOf(
      asStream([...unnumbered, pieces(called(undefined, undefined, undefined, 'junk'))], 'stop'),
    )
    expect(calls).toHaveLength(64)
    expect(calls.at(-1)?.arguments).toBe('{"n":63}')
  })

  it('keep unknown names and arguments that are no JSON, for whoever judges them', async () => {
    const list = [
      called(0, 'x', 'rm_rf', 'not json'),
      called(1, 'y', '', '{}'),
      called(2, 'z', 'memory.recall', '{}'),
      called(3, 'w', 'functions.time_now', '{}'),
    ]
    expect(await callsOf(asAnswer({ tool_calls: list }))).toEqual([
      { id: 'x', name: 'rm_rf', arguments: 'not json' },
      { id: 'y', name: 'unnamed', arguments: '{}' },
      { id: 'z', name: 'memory.recall', arguments: '{}' },
      { id: 'w', name: 'time.now', arguments: '{}' },
    ])
  })

  it('come beside text', async () => {
    const { base_url } = await serve(
      asAnswer({ content: 'Let me look.', tool_calls: [called(0, 'x', 'time_now', '{}')] }),
    )
    expect(await askWith(adapterAt(base_url), { tools })).toMatchObject({
      content: 'Let me look.',
      finish: 'tool_calls',
    })
  })

  it('that were cut say so, and stay', async () => {
    const half = [pieces(called(0, 'x', 'memory_recall', '{"query":"ha'))]
    const { base_url } = await serve(asStream(half, 'length'))
    const done = await askWith(adapterAt(base_url), { tools })
    expect(done).toMatchObject({ finish: 'length', tool_calls: [{ name: 'memory.recall', arguments: '{"query":"ha' }] })
  })

  it('of a stream without an end are never an answer', async () => {
    const { base_url } = await serve(asStream([pieces(called(0, 'x', 'time_now', '{}'))]))
    expect(await failureOf(askWith(adapterAt(base_url), { tools }))).toMatchObject({
      code: 'TRUNCATED',
      transient: true,
    })
  })

  it('that nobody offered are left out', async () => {
    const list = [called(0, 'x', 'time_now', '{}')]
    const spoken = await serve(asAnswer({ content: 'Noon.', tool_calls: list }, 'tool_calls'))
    expect(await askWith(adapterAt(spoken.base_url))).toEqual({ content: 'Noon.', model: 'tiny-1', finish: 'stop' })
    const silent = await serve(asAnswer({ content: null, tool_calls: list }, 'tool_calls'))
    expect(await failureOf(askWith(adapterAt(silent.base_url)))).toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it.each<[string, object, string]>([
    ['the old function call', { content: null, function_call: { name: 'time_now', arguments: '{}' } }, 'function_call'],
    ['the old function call, ended well', { content: null, function_call: { name: 'time_now' } }, 'stop'],
    ['an end by calls without calls', { content: 'Well.' }, 'tool_calls'],
    ['calls that are no list', { content: null, tool_calls: { 0: {} } }, 'tool_calls'],
    ['a call that is no object', { content: null, tool_calls: ['time_now'] }, 'tool_calls'],
    ['a call of no function', { content: null, tool_calls: [{ id: 'x', function: 'time_now' }] }, 'tool_calls'],
    ['nothing', { content: '', tool_calls: [] }, 'stop'],
  ])('refuses %s', async (_name, message, finish) => {
    const { base_url } = await serve(asAnswer(message, finish))
    expect(await failureOf(askWith(adapterAt(base_url), { tools }))).toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it('are bounded in size', async () => {
    const piece = pieces(called(0, 'x', 'time_now', 'a'.repeat(1_000)))
    const { base_url } = await serve(
      asStream(
        Array.from({ length: 200 }, () => piece),
        'tool_calls',
      ),
    )
    const failure = await failureOf(askWith(adapterAt(base_url, { answer_bytes_max: 50_000 }), { tools }))
    expect(failure).toMatchObject({ code: 'BAD_RESPONSE' })
    expect(failure.message).toContain('larger than 50000 bytes')
  })

  it('of any shape end in calls or in a failure', async () => {
    const scalar = fc.constantFrom<unknown>(0, 1, -1, 1.5, '', 'x', 'time_now', '{"a":', null, undefined, true, [], {})
    const piece = fc.record({
      index: scalar,
      id: scalar,
      function: fc.oneof(scalar, fc.record({ name: scalar, arguments: scalar })),
    })
    const deltas = fc.array(
      fc.record({ content: scalar, tool_calls: fc.oneof(scalar, fc.array(piece, { maxLength: 4 })) }),
      { maxLength: 6 },
    )
    let current: object[] = []
    const { base_url } = await serve((response, sent) => asStream(current, 'tool_calls')(response, sent))
    await fc.assert(
      fc.asyncProperty(deltas, async (given) => {
        current = given
        const outcome = await askWith(adapterAt(base_url), { tools }).catch((thrown: unknown) =>
          failureOf(Promise.reject(thrown)),
        )
        if ('code' in outcome) expect(outcome.code).toBe('BAD_RESPONSE')
        else {
          const ids = (outcome.tool_calls ?? []).map(({ id }) => id)
          expect(ids.length).toBeGreaterThan(0)
          expect(new Set(ids).size).toBe(ids.length)
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('openai: text while it comes', () => {
  const deltas = [
    { reasoning: 'hm', content: null },
    { content: 'Hel' },
    { reasoning_content: 'hm' },
    { content: 'lo' },
  ]

  it('is heard with the id of its effect, without what the model only thinks', async () => {
    const { base_url } = await serve(asStream(deltas, 'stop'), asAnswer({ content: 'Whole' }))
    const heard: [number, string][] = []
    const adapter = adapterAt(base_url, { onDelta: (effect_id, text) => heard.push([effect_id, text]) })
    expect(await askWith(adapter)).toMatchObject({ content: 'Hello' })
    expect(await askWith(adapter)).toMatchObject({ content: 'Whole' })
    expect(heard).toEqual([
      [7, 'Hel'],
      [7, 'lo'],
      [7, 'Whole'],
    ])
  })

  it.each([
    ['<think>\nShe wants a\nhello.\n</think>\n\nHello', 'Hello'],
    ['\n <think></think> Hello', 'Hello'],
    ['Hello <think>x</think>', 'Hello <think>x</think>'],
    ['<thinking>Hello', '<thinking>Hello'],
    ['  Hello', '  Hello'],
    ['<thi', '<thi'],
  ])('%j is said as %j, in whatever pieces it comes', async (text, said) => {
    let cuts: readonly number[] = []
    const { base_url } = await serve((response, sent) => {
      const ends = [...cuts.map((cut) => cut % text.length), text.length].sort((a, b) => a - b)
      const parts = ends.map((end, at) => ({ content: text.slice(at === 0 ? 0 : ends[at - 1], end) }))
      return asStream(parts, 'stop')(response, sent)
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(99), { maxLength: 8 }), async (given) => {
        cuts = given
        let heard = ''
        const onDelta = (_id: number, piece: string): void => {
          heard += piece
        }
        expect(await askWith(adapterAt(base_url, { onDelta }))).toMatchObject({ content: said, finish: 'stop' })
        expect(heard).toBe(said)
      }),
      { numRuns: 15 },
    )
  })

  it('an answer that is nothing but thoughts is none', async () => {
    const { base_url } = await serve(
      asAnswer({ content: '<think>hm</think>' }),
      asAnswer({ content: '<think>hm' }, 'length'),
    )
    const adapter = adapterAt(base_url)
    expect(await failureOf(askWith(adapter))).toMatchObject({ code: 'BAD_RESPONSE' })
    expect(await askWith(adapter)).toMatchObject({ content: '', finish: 'length' })
  })

  it('a listener that throws breaks nothing and is heard of once', async () => {
    const { base_url } = await serve(asStream(deltas, 'stop'))
    let times = 0
    const adapter = adapterAt(base_url, {
      onDelta: () => {
        times++
        throw new Error('broken pipe')
      },
    })
    expect(await askWith(adapter)).toMatchObject({ content: 'Hello', finish: 'stop' })
    expect(times).toBe(1)
  })
})

it.each([true, false])('the mock server calls tools as a real one does (stream: %s)', async (stream) => {
  const mock = new LLMock({ port: 0, host: '127.0.0.1' })
  await mock.start()
  later(() => mock.stop())
  mock.onMessage('both', {
    toolCalls: [
      { name: 'memory_recall', arguments: '{"query":"a"}' },
      { name: 'time_now', arguments: '{}' },
    ],
  })
  const messages: ChatMessage[] = [{ role: 'user', content: 'both' }]
  const done = await askWith(adapterAt(`${mock.url}/v1`, { stream }), { tools, messages })
  expect(done).toMatchObject({ content: '', finish: 'tool_calls' })
  expect(done.tool_calls?.map(({ name, arguments: given }) => [name, given])).toEqual([
    ['memory.recall', '{"query":"a"}'],
    ['time.now', '{}'],
  ])
})
