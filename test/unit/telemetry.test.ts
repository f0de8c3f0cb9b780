import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterEach, describe, expect, test } from 'vitest'
import { traced } from '../../adapters/telemetry.ts'
import { type Adapter, EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'

const { signal } = new AbortController()
const call = { effect_id: 1, attempt: 1, signal }
const answers: { readonly [type: string]: (request: Payload) => Payload } = {
  'llm.chat': () => ({
    content: 'a secret answer',
    model: 'heron-2-large',
    finish: 'tool_calls',
    tokens_in: 12,
    tokens_out: 3,
  }),
  'llm.embed': (request) => {
    throw new EffectFailure('RATE_LIMITED', `refused ${JSON.stringify(request)}`, { transient: true })
  },
  'tool.safe': () => ({ text: 'a secret result', cut: false, failed: false }),
  'tool.once': ({ tool }) => {
    if (tool === 'throws') throw new TypeError('a secret mistake')
    return { text: 'a secret result', cut: false, failed: true }
  },
  'fs.read': () => ({ text: 'a secret file' }),
}
const adapter: Adapter = {
  name: 'openai',
  effects: Object.fromEntries(
    Object.entries(answers).map(([type, answer]) => [type, async (request: Payload) => answer(request)]),
  ),
}

function registered(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  return exporter
}

async function handlerOf(type: string): Promise<(request: Payload) => Promise<Payload>> {
  const [wrapped] = await traced([adapter])
  const handler = wrapped!.effects![type]!
  return (request) => handler(request, call)
}

describe('Spans', () => {
  afterEach(() => {
    trace.disable()
    context.disable()
  })

  test('are off where no SDK has registered itself: the same adapters come back', async () => {
    const adapters = [adapter]
    expect(await traced(adapters)).toBe(adapters)
  })

  test('tell who was asked, what it cost and why it ended', async () => {
    const exporter = registered()
    const chat = await handlerOf('llm.chat')
    const request = { task: 'turn', model: 'heron-2', messages: [{ role: 'user', content: 'a secret question' }] }
    expect(await chat(request)).toEqual(answers['llm.chat']!({}))
    const [span] = exporter.getFinishedSpans()
    expect(span).toMatchObject({ name: 'chat heron-2', kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } })
    expect(span!.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'heron-2',
      'gen_ai.response.model': 'heron-2-large',
      'gen_ai.usage.input_tokens': 12,
      'gen_ai.usage.output_tokens': 3,
      'gen_ai.response.finish_reasons': ['tool_calls'],
    })
  })

  test('tell a failure by its code, and the failure goes on unchanged', async () => {
    const exporter = registered()
    const embed = await handlerOf('llm.embed')
    await expect(embed({ model: 'wader', texts: ['a secret text'] })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      transient: true,
    })
    const [span] = exporter.getFinishedSpans()
    expect(span).toMatchObject({ name: 'embeddings wader', status: { code: SpanStatusCode.ERROR } })
    expect(span!.attributes['error.type']).toBe('RATE_LIMITED')
  })

  test('tell the runs of tools, and those that failed', async () => {
    const exporter = registered()
    await (await handlerOf('tool.safe'))({ tool: 'recall', arguments: { query: 'a secret query' } })
    const once = await handlerOf('tool.once')
    await once({ tool: 'write', arguments: {} })
    await expect(once({ tool: 'throws', arguments: {} })).rejects.toThrow(TypeError)
    const spans = exporter.getFinishedSpans()
    expect(spans.map(({ name, kind, attributes }) => [name, kind, attributes['error.type']])).toEqual([
      ['execute_tool recall', SpanKind.INTERNAL, undefined],
      ['execute_tool write', SpanKind.INTERNAL, 'TOOL_FAILED'],
      ['execute_tool throws', SpanKind.INTERNAL, 'ADAPTER_THREW'],
    ])
  })

  test('hold no contents, and other effects have none', async () => {
    const exporter = registered()
    const request = { model: 'heron', tool: 'recall', text: 'a secret', messages: ['a secret'], arguments: 'a secret' }
    for (const type of Object.keys(answers)) await (await handlerOf(type))(request).catch(() => undefined)
    const spans = exporter.getFinishedSpans()
    expect(spans).toHaveLength(4)
    for (const { name, attributes, events, status } of spans) {
      expect(JSON.stringify({ name, attributes, events, status })).not.toContain('secret')
    }
  })

  test('an adapter whose effects are of another kind is left as it is', async () => {
    registered()
    const files: Adapter = { name: 'fs', effects: { 'fs.read': async () => ({}) } }
    const [same] = await traced([files])
    expect(same).toBe(files)
  })
})
