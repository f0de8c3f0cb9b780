import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Config, ModelConfig } from '../../adapters/cli/config.ts'
import { doctorLlm } from '../../adapters/cli/doctor-llm.ts'
import {
  asAnswer,
  asJson,
  asStream,
  key,
  later,
  type Reply,
  refusing,
  type Sent,
  serve,
  stopServers,
} from '../support/openai.ts'

afterEach(stopServers)

type Told = { text: string; exit: number }

/** What the doctor says of an endpoint, for people or for machines. */
async function doctor(model: Partial<ModelConfig>, json = false): Promise<Told> {
  const limits = { first_byte_ms: 2_000, idle_ms: 2_000, total_ms: 3_000 }
  const configured: ModelConfig = { adapter: 'openai', model: 'tiny', api_key: key, ...limits, ...model }
  const config: Pick<Config, 'model' | 'keyName'> = { model: configured, keyName: 'env:TINY_KEY' }
  let text = ''
  const exit = await doctorLlm(config, {
    json,
    print: (more) => {
      text += more
    },
  })
  expect(text).not.toContain(key)
  return { text, exit }
}

const has = (sent: Sent, field: string): boolean => field in sent.body
const models = (owned_by: string, more: object = {}): object => ({
  object: 'list',
  data: [
    { id: 'tiny', owned_by, ...more },
    { id: 'vec', owned_by },
  ],
})
const call = { id: 'c1', type: 'function', function: { name: 'probe_echo', arguments: '{"word":"ready"}' } }

/** A server that can do everything, but for what is told otherwise. */
function able(list: object, otherwise: (sent: Sent) => Reply | undefined = () => undefined): Reply {
  return (response, sent) => {
    const other = otherwise(sent)
    if (other !== undefined) return other(response, sent)
    if (sent.url === '/v1/models') return asJson(list)(response, sent)
    if (sent.url === '/v1/embeddings') {
      const data = [0, 1].map((index) => ({ index, embedding: [1, 2, 3] }))
      return asJson({ data })(response, sent)
    }
    if (sent.url !== '/v1/chat/completions') return refusing(404, 'not found')(response, sent)
    const messages = sent.body['messages'] as { role: string }[]
    if (has(sent, 'tools') && messages.length === 1)
      return asAnswer({ content: null, tool_calls: [call] }, 'tool_calls')(response, sent)
    if (sent.body['stream'] === true) {
      const usage = has(sent, 'stream_options') ? { usage: { prompt_tokens: 4, completion_tokens: 5 } } : {}
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: '1 2 3 4 5' }, finish_reason: 'stop' }] })}\n\n`,
      )
      return response.end(`data: ${JSON.stringify({ choices: [], ...usage })}\n\ndata: [DONE]\n\n`)
    }
    return asAnswer({ content: has(sent, 'response_format') ? '{"sum":4}' : 'ready' })(response, sent)
  }
}

function portOf(server: Server): number {
  const at = server.address()
  return typeof at === 'object' && at !== null ? at.port : 0
}

describe('doctor llm', () => {
  it('says what an endpoint can do and what to write down', async () => {
    const { base_url } = await serve(able(models('vllm', { max_model_len: 32_768 })))
    const { text, exit } = await doctor({ base_url, embed_model: 'vec' })
    expect(text.replace(/in \d+ ms/, 'in 1 ms').split('\n')).toEqual([
      `ok   reach: ${base_url} answers`,
      'ok   models: tiny is one of 2: tiny, vec',
      'warn profile: vllm, not other as it is asked now',
      'ok   chat: the key is taken; tiny-1 answered in 1 ms: “ready”',
      "ok   stream: ends with 'stop' and counts tokens: 4 in, 5 out",
      'ok   tools: tiny calls tools and reads what they return',
      'ok   schema: asked by json_schema, tiny keeps to a JSON Schema',
      'ok   context: 32768 tokens',
      'ok   embeddings: vec makes vectors of 3 dimensions',
      '',
      'In promethean.yaml:',
      'model:',
      `  base_url: ${base_url}`,
      '  model: tiny',
      '  api_key: env:TINY_KEY',
      '  profile: vllm',
      '  embed_model: vec',
      "An agent's window_tokens should be 32768 at most.",
      '',
    ])
    expect(exit).toBe(0)
  })

  it('says it to machines', async () => {
    const { base_url } = await serve(able(models('x')))
    const { text, exit } = await doctor({ base_url }, true)
    expect(JSON.parse(text)).toMatchObject({ ok: true, base_url, model: 'tiny', profile: 'other', context: null })
    expect(JSON.parse(text)).toMatchObject({ suggested: { base_url, model: 'tiny', api_key: 'env:TINY_KEY' } })
    expect(exit).toBe(0)
  })

  it('asks each kind of server for its context in its own way', async () => {
    const told: [string, string, object, number][] = [
      ['library', '/api/ps', { models: [{ name: 'tiny:latest', context_length: 4_096 }] }, 4_096],
      [
        'organization_owner',
        '/api/v0/models',
        { data: [{ id: 'tiny', max_context_length: 9, loaded_context_length: 8_192 }] },
        8_192,
      ],
      ['llamacpp', '/props', { default_generation_settings: { n_ctx: 16_384 } }, 16_384],
    ]
    for (const [owner, path, answer, tokens] of told) {
      const { base_url } = await serve(able(models(owner), ({ url }) => (url === path ? asJson(answer) : undefined)))
      const { text } = await doctor({ base_url })
      expect(text).toContain(`context: ${tokens} tokens`)
      if (tokens < 8_192) expect(text).toContain('OLLAMA_CONTEXT_LENGTH')
    }
  })

  it('says what is missing, and that the rest can be used', async () => {
    const { base_url } = await serve(
      able({ data: [{ id: 'large' }] }, (sent) => {
        if (has(sent, 'tools')) return refusing(400, 'tools param requires --jinja flag')
        if (has(sent, 'response_format')) return refusing(400, 'unknown response_format')
        if (has(sent, 'stream_options')) return refusing(400, 'stream_options is not known')
        return undefined
      }),
    )
    const { text, exit } = await doctor({ base_url, profile: 'llamacpp' })
    expect(text).toContain('warn models: tiny is not among the 1 listed: large')
    expect(text).toContain('but counts no tokens')
    expect(text).toContain('warn tools: tiny takes no tools: start llama-server with --jinja')
    expect(text).toContain('asked in words only, tiny does not keep to a JSON Schema')
    expect(exit).toBe(0)
  })

  it('a model that talks about a tool does not call it', async () => {
    const { base_url } = await serve(
      able(models('x'), (sent) => (has(sent, 'tools') ? asAnswer({ content: 'probe_echo(ready)' }) : undefined)),
    )
    expect((await doctor({ base_url })).text).toContain('warn tools: tools may be offered, but tiny did not call')
  })

  it('a stream without its end is told of', async () => {
    const { base_url } = await serve(
      able(models('x'), (sent) => (sent.body['stream'] === true ? asStream([{ content: 'a' }]) : undefined)),
    )
    expect((await doctor({ base_url })).text).toContain('warn stream: TRUNCATED')
  })

  it.each<[string, Reply, number, RegExp]>([
    [
      'a wrong key',
      refusing(401, `wrong key ${key}`),
      77,
      /BAD {2}reach: .* refused the key \(401\): check env:TINY_KEY\n/,
    ],
    [
      'a web page',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hi</h1>'),
      78,
      /BAD {2}reach: .* content type is 'text\/html'\n/,
    ],
    ['a server that fails', refusing(503, 'down'), 69, /BAD {2}reach: .* failed \(503\): down\n/],
    ['a server that hangs up', (response) => response.destroy(), 69, /BAD {2}reach: .* cannot be reached/],
    [
      'a redirect',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/v1' }).end(),
      78,
      /BAD {2}reach: .* redirects to http:\/\/127\.0\.0\.1:9/,
    ],
    [
      'an unknown model',
      able(models('x'), ({ url }) => (url === '/v1/models' ? undefined : refusing(404, 'no such model'))),
      78,
      /BAD {2}chat: BAD_REQUEST: .* does not know the model tiny/,
    ],
    ['no list and no chat', refusing(404, 'not found'), 78, /warn reach: .* lists no models\n.*\nBAD {2}chat: /],
  ])('%s ends it with one sentence', async (_name, reply, exit, sentence) => {
    const { base_url } = await serve(reply)
    const told = await doctor({ base_url })
    expect(told.exit).toBe(exit)
    expect(told.text).toMatch(sentence)
    expect(told.text.match(/^BAD/gm)).toHaveLength(1)
    expect(told.text).not.toContain('promethean.yaml')
  })

  it('a port where nobody listens, and one that never answers', async () => {
    const gone = createServer()
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
    const closed = portOf(gone)
    await new Promise((resolve) => gone.close(resolve))
    const dead = await doctor({ base_url: `http://127.0.0.1:${closed}/v1` })
    expect(dead).toMatchObject({ exit: 69 })
    expect(dead.text).toMatch(
      /^BAD {2}reach: .* cannot be reached: connect ECONNREFUSED .*; is the server running, .*\n$/,
    )
    const mute = createServer(() => undefined)
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    later(() => mute.close())
    const told = await doctor({ base_url: `http://127.0.0.1:${portOf(mute)}/v1`, first_byte_ms: 50 })
    expect(told).toMatchObject({ exit: 69 })
    expect(told.text).toContain('did not send the first byte within 50 ms')
  })

  it('finds the API a level deeper', async () => {
    const page: Reply = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Ollama</h1>')
    const { base_url } = await serve(able(models('library'), ({ url }) => (url.startsWith('/v1/') ? undefined : page)))
    const { text, exit } = await doctor({ base_url: base_url.replace('/v1', '') })
    expect(text).toContain(`it begins at ${base_url}; correct base_url`)
    expect(exit).toBe(78)
  })

  it('embeddings that cannot be had are a failure', async () => {
    const { base_url } = await serve(
      able(models('x'), ({ url }) => (url === '/v1/embeddings' ? refusing(404, 'no') : undefined)),
    )
    const { text, exit } = await doctor({ base_url, embed_model: 'vec' })
    expect(text).toMatch(/BAD {2}embeddings: BAD_REQUEST/)
    expect(exit).toBe(78)
  })

  it('without an endpoint says what to write down', async () => {
    for (const json of [false, true]) {
      const { text, exit } = await doctor({ adapter: 'offline' }, json)
      expect(text).toContain('no endpoint is configured')
      expect(exit).toBe(78)
    }
  })
})
