import { afterEach, expect, test, vi } from 'vitest'
import { allTools, type Tool, type ToolContext, ToolProblem, toolSpecs, tools } from '../../adapters/tools.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { bench, cleared } from '../support/tools.ts'

afterEach(cleared)

function toolNamed(name: string, run: Tool['run'], more: Partial<Tool> = {}): Tool {
  const parameters = { type: 'object', properties: { n: { type: 'number' }, any: { type: 'object' } } }
  return { name, description: name, parameters, risk: 'read_only', retry: 'safe', deadline_ms: 1_000, run, ...more }
}

const none = async () => {
  throw new Error('nothing is found here')
}

test('an unknown tool is refused', async () => {
  const at = await bench([])
  expect(await at.call('rm', {})).toMatch(/^TOOL_UNKNOWN/)
  expect(await at.call('__proto__', {})).toMatch(/^TOOL_UNKNOWN/)
})

test('arguments are checked again: members, types, prototypes, giant numbers, depth', async () => {
  const ran = vi.fn(async () => 'ran')
  const at = await bench([toolNamed('t', ran), ...allTools({})])
  const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)
  const wrong = [
    { m: 1 },
    { n: '1' },
    { n: 1e300 },
    { n: 2 ** 53 },
    { n: Number.NaN },
    { any: deep },
    { any: { list: Array.from({ length: 20_000 }, () => 1) } },
    JSON.parse('{"__proto__": {"n": 1}}'),
    JSON.parse('{"any": {"__proto__": {"polluted": true}}}'),
    { any: { constructor: { prototype: { polluted: true } } } },
    { any: { text: '\ud800' } },
  ]
  for (const args of wrong) expect(await at.call('t', args)).toMatch(/^TOOL_ARGUMENTS/)
  expect(ran).not.toHaveBeenCalled()
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  for (const { name } of allTools({})) expect(await at.call(name, { mallory: 1 })).toMatch(/^TOOL_ARGUMENTS/)
  expect(await at.call('t', { n: 1 })).toEqual({ text: 'ran', cut: false, failed: false })
})

test('a result of 10 MB is cut with a word about it; bytes, nothing and circles are refused', async () => {
  const circle: { self?: object } = {}
  circle.self = circle
  const results: Record<string, () => Promise<unknown>> = {
    long: async () => 'ü'.repeat(5_000_000),
    bytes: async () => Buffer.from('text'),
    nul: async () => 'a\0b',
    nothing: async () => undefined,
    circle: async () => circle,
    half: async () => 'half \ud83d',
    object: async () => ({ a: 1 }),
  }
  const at = await bench(Object.entries(results).map(([name, run]) => toolNamed(name, run as Tool['run'])))
  const long = await at.call('long', {})
  if (typeof long === 'string') throw new Error(long)
  expect(long.cut).toBe(true)
  expect(Buffer.byteLength(long.text)).toBeLessThanOrEqual(65_536)
  expect(long.text).toMatch(/ü\n\[cut: 10000000 bytes in all\]$/)
  for (const name of ['bytes', 'nul', 'nothing', 'circle']) expect(await at.call(name, {})).toMatch(/^TOOL_RESULT/)
  expect(await at.call('half', {})).toMatchObject({ text: 'half \ufffd' })
  expect(await at.call('object', {})).toMatchObject({ text: '{"a":1}' })
})

test('a tool that throws, at once or later, is a failure with a code; what it says itself is a failed result', async () => {
  const at = await bench(
    [
      toolNamed('now', () => {
        throw new Error('key sk-live')
      }),
      toolNamed('coded', async () => {
        throw new EffectFailure('GONE', 'away', { transient: true })
      }),
      toolNamed('told', async () => {
        throw new ToolProblem('no such note')
      }),
      toolNamed('nothing', () => Promise.reject(undefined)),
    ],
    { redact: (text) => text.replaceAll('sk-live', '[removed]') },
  )
  expect(await at.call('now', {})).toBe('TOOL_FAILED: key [removed]')
  expect(await at.call('coded', {})).toBe('GONE: away')
  expect(await at.call('told', {})).toEqual({ text: 'no such note', cut: false, failed: true })
  expect(await at.call('nothing', {})).toMatch(/^TOOL_FAILED/)
})

test('a tool that hangs is left at its deadline, and cannot pile up', async () => {
  const let_go = Promise.withResolvers<string>()
  const at = await bench([toolNamed('hang', () => let_go.promise, { deadline_ms: 20 })])
  const first = await Promise.all(Array.from({ length: 8 }, () => at.call('hang', {})))
  for (const each of first) expect(each).toMatch(/^TOOL_TIMEOUT/)
  expect(at.adapter.pending()).toBe(8)
  expect(await at.call('hang', {})).toMatch(/^TOOL_BUSY/)
  let_go.resolve('late')
  await vi.waitFor(() => expect(at.adapter.pending()).toBe(0))
  expect(await at.call('hang', {})).toMatchObject({ text: 'late' })
})

test('the signal of the call ends a tool before its deadline', async () => {
  const heard = vi.fn()
  const wait = (_args: object, { signal }: ToolContext) =>
    new Promise<string>(() => signal.addEventListener('abort', heard))
  const at = await bench([toolNamed('wait', wait, { deadline_ms: 60_000 })])
  expect(await at.call('wait', {}, { signal: AbortSignal.timeout(10) })).toMatch(/^TOOL_TIMEOUT/)
  expect(heard).toHaveBeenCalledOnce()
})

test('a tool that must not run twice runs once for a key, also when it failed, and never as a safe one', async () => {
  const keys: string[] = []
  const run = async (_args: object, { key }: ToolContext) => {
    keys.push(key)
    if (key === 'bad') throw new Error('failed')
    return 'done'
  }
  const at = await bench([toolNamed('send', run, { retry: 'once' })])
  expect(await at.call('send', {})).toMatch(/^TOOL_RETRY/)
  const twice = await Promise.all([1, 2].map(() => at.call('send', {}, { effect: 'tool.once', key: 'a' })))
  expect(twice).toEqual([
    { text: 'done', cut: false, failed: false },
    { text: 'done', cut: false, failed: false },
  ])
  expect(await at.call('send', {}, { effect: 'tool.once', key: 'bad' })).toBe('TOOL_FAILED: failed')
  expect(await at.call('send', {}, { effect: 'tool.once', key: 'bad' })).toBe('TOOL_FAILED: failed')
  expect(keys).toEqual(['a', 'bad'])
})

test('no tool reaches config, orders of the operator, approvals or answers; a source is not its own to choose', async () => {
  const say = async ({ any }: { any?: unknown }, { ingest }: ToolContext) => {
    await ingest(any as { type: string; payload: object & Record<string, never> })
    return 'said'
  }
  const at = await bench([toolNamed('say', say as Tool['run'])])
  const before = at.engine.status().tick
  const forbidden = [
    'config.set',
    'admin.command',
    'session.opened',
    'session.cancel',
    'approval.given',
    'chat.message',
    'note.ready',
    'tool.once.done',
    'llm.chat.done',
    'anything.failed',
  ]
  for (const type of forbidden) {
    expect(await at.call('say', { any: { type, payload: {} } })).toMatch(/^TOOL_FORBIDDEN/)
  }
  expect(at.engine.status().tick).toBe(before)
  const seen: object[] = []
  at.engine.on('note.written', ({ source, payload }) => seen.push({ source, payload }))
  const lie = { type: 'note.written', payload: { text: 'x', trust: 'operator' }, source: { kind: 'operator' } }
  expect(await at.call('say', { any: lie }, { trust: 'bot' })).toMatchObject({ text: 'said' })
  const source = { kind: 'tool', channel: 'duck/chat', author: 'duck' }
  await vi.waitFor(() => expect(seen).toEqual([{ source, payload: { text: 'x', trust: 'bot' } }]))
  const names = allTools({ web_fetch: {} }).map(({ name }) => name)
  expect(names.filter((name) => /config|contract|approv|permission|policy/.test(name))).toEqual([])
})

test('wrong tools are refused when the adapter is made', () => {
  const make =
    (...given: Tool[]) =>
    () =>
      tools({ tools: given, recall: none })
  const run = async () => ''
  expect(make(toolNamed('a b', run))).toThrow(/ADAPTER_OPTION/)
  expect(make(toolNamed('a.b', run), toolNamed('a_b', run))).toThrow(/ADAPTER_OPTION/)
  expect(make(toolNamed('a', run, { deadline_ms: 0 }))).toThrow(/ADAPTER_OPTION/)
  expect(make(toolNamed('a', run, { parameters: { type: 'string' } }))).toThrow(/ADAPTER_OPTION/)
  expect(make(toolNamed('a', run, { parameters: { type: 'object', properties: 1 } }))).toThrow(/SCHEMA_INVALID/)
})

test('the mind is told everything of a tool but how it runs', () => {
  const given = allTools({ web_fetch: {} })
  const told = toolSpecs(given)
  expect(JSON.parse(JSON.stringify(told))).toEqual(told)
  expect(told.map(({ name }) => name)).toEqual(given.map(({ name }) => name))
  expect(allTools({}).map(({ name }) => name)).not.toContain('web.fetch')
  expect(told.find(({ name }) => name === 'memory.forget')?.risk).toBe('destructive')
})
