import { afterEach, describe, expect, it } from 'vitest'
import { profileAt, profileNames, profiles } from '../../adapters/openai/profiles.ts'
import type { ChatMessage } from '../../systems/events.ts'
import { adapterAt, asAnswer, askWith, failureOf, refusing, serve, stopServers } from '../support/openai.ts'

afterEach(stopServers)

const schema = { type: 'object', properties: { a: { type: 'string' } } }
const tools = [{ name: 'time.now', description: 'the time', parameters: { type: 'object' } }]

describe('openai: profiles', () => {
  it.each([
    ['https://api.openai.com/v1', 'openai'],
    ['https://openrouter.ai/api/v1', 'openrouter'],
    ['http://127.0.0.1:11434/v1', 'ollama'],
    ['http://gpu.local:1234/v1', 'lmstudio'],
    ['http://localhost:8000/v1', 'vllm'],
    ['http://localhost:8080/v1', 'llamacpp'],
    ['https://api.openai.com.example.org/v1', 'other'],
    ['https://example.org/v1', 'other'],
  ])('%s speaks for %s', (base_url, name) => {
    expect(profileAt(base_url).name).toBe(name)
  })

  it('are found by their own names, and only they', () => {
    for (const name of profileNames) expect(profiles[name].name).toBe(name)
    const wrong: object = { profile: 'llama' }
    expect(() => adapterAt('http://127.0.0.1:1/v1', wrong)).toThrow('ADAPTER_OPTION')
  })

  /** What is sent for a question with all there is to differ in. */
  async function sentBy(profile: (typeof profileNames)[number]): Promise<Record<string, unknown>> {
    const { base_url, sent } = await serve(asAnswer({ content: '{}' }))
    const messages: ChatMessage[] = [
      { role: 'system', content: 'A' },
      { role: 'developer', content: 'B' },
      { role: 'user', content: { note: 1 } },
      { role: 'user', content: 'C' },
    ]
    await askWith(adapterAt(base_url, { profile }), { tools, schema, tokens_max: 9, messages })
    return sent[0]!.body
  }

  it.each([
    [
      'openai',
      { max_completion_tokens: 9, response_format: { type: 'json_schema' }, stream_options: { include_usage: true } },
    ],
    ['ollama', { max_tokens: 9 }],
    ['vllm', { max_tokens: 9, response_format: { type: 'json_schema' } }],
    ['lmstudio', { max_tokens: 9, response_format: { type: 'json_schema' } }],
    ['llamacpp', { max_tokens: 9, parallel_tool_calls: true }],
    ['openrouter', { max_tokens: 9, response_format: { type: 'json_schema' } }],
  ] as const)('%s is asked as it understands', async (name, expected) => {
    const body = await sentBy(name)
    expect(body).toMatchObject({ ...expected, tools: [{ type: 'function' }] })
    const several = ['parallel_tool_calls', 'response_format', 'max_tokens', 'max_completion_tokens']
    for (const field of several) expect(field in body, field).toBe(field in expected)
  })

  it('a chat template that is strict gets one system message and turns that alternate', async () => {
    const { messages } = await sentBy('vllm')
    expect(messages).toEqual([
      { role: 'system', content: 'A\n\nB' },
      { role: 'user', content: '{"note":1}\n\nC' },
    ])
    const [first] = (await sentBy('ollama'))['messages'] as { role: string; content: string }[]
    expect(first!.content).toContain(JSON.stringify(schema))
  })
})

describe('openai: refusals teach', () => {
  const body = (sent: { body: Record<string, unknown> }[], at: number): Record<string, unknown> => sent[at]!.body

  it.each([
    ['max_tokens', 'max_completion_tokens', 'other'],
    ['max_completion_tokens', 'max_tokens', 'openai'],
  ] as const)('%s becomes %s', async (field, other, profile) => {
    const refuse = refusing(400, `Unsupported parameter: '${field}' is not supported with this model.`)
    const { base_url, sent } = await serve(refuse, asAnswer({ content: 'ok' }))
    const adapter = adapterAt(base_url, { profile })
    await askWith(adapter, { tokens_max: 9 })
    await askWith(adapter, { tokens_max: 9 })
    expect(body(sent, 1)).toMatchObject({ [other]: 9 })
    expect(body(sent, 1)).not.toHaveProperty(field)
    expect(sent).toHaveLength(3)
  })

  it('temperature, stream_options and parallel_tool_calls are left out', async () => {
    const { base_url, sent } = await serve(
      refusing(400, "Unsupported value: 'temperature' does not support 0"),
      refusing(422, 'stream_options: extra inputs are not permitted'),
      refusing(400, 'unknown field parallel_tool_calls'),
      asAnswer({ content: 'ok' }),
    )
    await askWith(adapterAt(base_url, { temperature: 0, profile: 'llamacpp' }), { tools })
    expect(Object.keys(body(sent, 3))).toEqual(['model', 'messages', 'stream', 'tools'])
  })

  it.each([
    [400, 'Conversation roles must alternate user/assistant/user/assistant/...'],
    [400, 'System message must be at the beginning.'],
  ])('%i %s', async (status, message) => {
    const { base_url, sent } = await serve(refusing(status, message), asAnswer({ content: 'ok' }))
    const messages: ChatMessage[] = [
      { role: 'user', content: 'A' },
      { role: 'user', content: 'B' },
      { role: 'system', content: 'C' },
    ]
    await askWith(adapterAt(base_url), { messages })
    expect(body(sent, 1)['messages']).toEqual([
      { role: 'system', content: 'C' },
      { role: 'user', content: 'A\n\nB' },
    ])
  })

  it.each([
    [400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'],
    [500, 'tools param requires --jinja flag'],
    [404, 'No endpoints found that support tool use.'],
    [400, 'tiny does not support tools'],
    [400, 'Function calling is not enabled for this model: functions are not supported'],
  ])('%i %s: it is asked without tools', async (status, message) => {
    const { base_url, sent } = await serve(refusing(status, message), asAnswer({ content: 'ok' }))
    expect(await askWith(adapterAt(base_url), { tools })).toMatchObject({ content: 'ok' })
    expect(body(sent, 1)).not.toHaveProperty('tools')
  })

  it('a server that has no grammar beside tools gets the shape in words', async () => {
    const { base_url, sent } = await serve(
      refusing(400, 'Cannot use custom grammar constraints with tools.'),
      asAnswer({ content: '{}' }),
    )
    await askWith(adapterAt(base_url), { tools, schema })
    expect(body(sent, 1)).toHaveProperty('tools')
    expect(body(sent, 1)).not.toHaveProperty('response_format')
  })

  it('a server that refuses everything is asked a bounded number of times', async () => {
    const all =
      'temperature max_tokens max_completion_tokens stream_options parallel_tool_calls does not support tools, roles must alternate'
    const { base_url, sent } = await serve(refusing(400, all))
    const adapter = adapterAt(base_url, { temperature: 0 })
    expect(await failureOf(askWith(adapter, { tools, schema, tokens_max: 9 }))).toMatchObject({ code: 'BAD_REQUEST' })
    expect(sent.length).toBeLessThan(12)
  })

  it('a context that is too long is no refusal of a field', async () => {
    const { base_url, sent } = await serve(
      refusing(400, "This model's maximum context length is 4096 tokens; max_tokens is 9"),
    )
    expect(await failureOf(askWith(adapterAt(base_url), { tokens_max: 9 }))).toMatchObject({ code: 'CONTEXT_TOO_LONG' })
    expect(sent).toHaveLength(1)
  })
})
