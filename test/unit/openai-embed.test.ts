import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LLMock } from '@copilotkit/aimock'
import { afterEach, describe, expect, it } from 'vitest'
import { type OpenaiOptions, openai } from '../../adapters/openai.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { LlmEmbed, type LlmEmbedDone } from '../../systems/events.ts'

const key = 'secret-0123456789'
const texts = ['one', 'two', 'three']

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

type Sent = { url: string; body: Record<string, unknown> }
type Reply = (response: ServerResponse) => void

/** A server on loopback that answers every request alike. */
async function serve(reply: Reply): Promise<{ base_url: string; sent: Sent[] }> {
  const sent: Sent[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      sent.push({ url: request.url ?? '', body: JSON.parse(Buffer.concat(parts).toString()) as Sent['body'] })
      response.on('error', () => undefined)
      reply(response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, sent }
}

async function ask(base_url: string, more: Partial<OpenaiOptions> & { attempt?: number } = {}): Promise<LlmEmbedDone> {
  const limits = { first_byte_ms: 5_000, idle_ms: 5_000, total_ms: 10_000 }
  const { attempt = 1, ...options } = more
  const adapter = openai({ base_url, model: 'tiny', embed_model: 'vec', api_key: key, ...limits, ...options })
  const call = { effect_id: 1, attempt, signal: new AbortController().signal }
  return (await adapter.effects![LlmEmbed.name]!({ model: 'vec', texts }, call)) as LlmEmbedDone
}

async function failureOf(asked: Promise<unknown>): Promise<EffectFailure> {
  const thrown: unknown = await asked.then(
    (done) => new Error(`answered: ${JSON.stringify(done)}`),
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(EffectFailure)
  expect((thrown as EffectFailure).message).not.toContain(key)
  return thrown as EffectFailure
}

const asJson =
  (value: unknown, status = 200): Reply =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
const item = (index: number, embedding: unknown) => ({ object: 'embedding', index, embedding })
const answer = (...data: unknown[]) => ({ object: 'list', model: 'vec-1', data })
const floats = (vector: string): number[] => {
  const bytes = Buffer.from(vector, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at))
}

describe('openai: embeddings', () => {
  it('asks for floats and puts them into the order of the texts', async () => {
    const { base_url, sent } = await serve(asJson(answer(item(2, [0, 3]), item(0, [1, 0.5]), item(1, [-2, 2]))))
    const done = await ask(base_url)
    expect(done).toMatchObject({ model: 'vec-1', dimensions: 2 })
    expect(done.vectors.map(floats)).toEqual([
      [1, 0.5],
      [-2, 2],
      [0, 3],
    ])
    expect(sent).toEqual([{ url: '/v1/embeddings', body: { model: 'vec', input: texts, encoding_format: 'float' } }])
  })

  it('takes an answer whose embeddings are not numbered in the order in which it comes', async () => {
    const data = [[1], [2], [3]].map((embedding) => ({ embedding }))
    const { base_url } = await serve(asJson({ data }))
    const done = await ask(base_url)
    expect(done.vectors.map(floats)).toEqual([[1], [2], [3]])
    expect(done.model).toBe('vec')
  })

  it('asks for the dimensions of the config and insists on them', async () => {
    const { base_url, sent } = await serve(asJson(answer(item(0, [1, 2]), item(1, [1, 2]), item(2, [1, 2]))))
    expect((await ask(base_url, { embed_dimensions: 2 })).dimensions).toBe(2)
    expect(sent[0]!.body['dimensions']).toBe(2)
    const failure = await failureOf(ask(base_url, { embed_dimensions: 8 }))
    expect(failure).toMatchObject({ code: 'BAD_RESPONSE', transient: true })
    expect(failure.message).toContain('2 dimensions, not 8')
  })

  const good = [item(0, [1, 2, 3, 4]), item(1, [1, 2, 3, 4])]
  it.each<[string, unknown]>([
    ['fewer embeddings than texts', answer(...good)],
    ['more embeddings than texts', answer(...good, item(2, [1, 2, 3, 4]), item(3, [1, 2, 3, 4]))],
    ['a number twice', answer(...good, item(1, [1, 2, 3, 4]))],
    ['a number out of range', answer(...good, item(3, [1, 2, 3, 4]))],
    ['a number that is none', answer(...good, { index: '2', embedding: [1, 2, 3, 4] })],
    ['a quarter of the dimensions', answer(...good, item(2, [1]))],
    ['twice the dimensions', answer(...good, item(2, [1, 2, 3, 4, 5, 6, 7, 8]))],
    ['no dimensions', answer(item(0, []), item(1, []), item(2, []))],
    ['a component that is not there', answer(...good, item(2, [1, 2, null, 4]))],
    ['a component in words', answer(...good, item(2, [1, 2, 'NaN', 4]))],
    ['a component too large for a float', answer(...good, item(2, [1, 2, 1e39, 4]))],
    ['nothing but zeros', answer(...good, item(2, [0, 0, 0, 0]))],
    ['nothing but zeros once they are floats', answer(...good, item(2, [1e-60, 0, 0, 0]))],
    ['base64', answer(...good, item(2, Buffer.from(new Float32Array([1, 2, 3, 4]).buffer).toString('base64')))],
    ['an embedding that is no list', answer(...good, item(2, { 0: 1 }))],
    ['a list in place of an object', answer(...good, [1, 2, 3, 4])],
    ['an object without data', {}],
    ['a list', [1, 2]],
    ['an error', { error: { message: 'overloaded' } }],
  ])('refuses %s, so that it is asked again', async (_what, body) => {
    const { base_url } = await serve(asJson(body))
    expect(await failureOf(ask(base_url, { attempt: 3 }))).toMatchObject({ code: 'BAD_RESPONSE', transient: true })
  })

  it('refuses NaN written as such, HTML, a stream, and an answer beyond all measure', async () => {
    const text =
      (type: string, body: string): Reply =>
      (response) =>
        void response.writeHead(200, { 'content-type': type }).end(body)
    const replies = [
      text('application/json', '{"data":[{"index":0,"embedding":[NaN]}]}'),
      text('text/html', '<p>hello</p>'),
      text('text/event-stream', 'data: {}\n\n'),
      text('application/json', `{"data":[${'0,'.repeat(1_000_000)}0]}`),
    ]
    for (const reply of replies) {
      const { base_url } = await serve(reply)
      expect(await failureOf(ask(base_url, { answer_bytes_max: 1_000 }))).toMatchObject({ code: 'BAD_RESPONSE' })
    }
  })

  it('fails as a chat does', async () => {
    const cases = [
      [401, 'AUTH', false],
      [404, 'BAD_REQUEST', false],
      [429, 'RATE_LIMITED', true],
      [503, 'SERVER', true],
    ] as const
    for (const [status, code, transient] of cases) {
      const { base_url } = await serve(asJson({ error: { message: 'no' } }, status))
      expect(await failureOf(ask(base_url))).toMatchObject({ code, transient })
    }
    const long = await serve(asJson({ error: { message: 'maximum context length is 512 tokens' } }, 400))
    expect(await failureOf(ask(long.base_url))).toMatchObject({ code: 'CONTEXT_TOO_LONG', transient: false })
    expect(await failureOf(ask('http://127.0.0.1:1/v1'))).toMatchObject({ code: 'NETWORK', transient: true })
  })

  it('is done for the mock server as for the real one', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' })
    await mock.start()
    cleanups.push(() => mock.stop())
    const done = await ask(`${mock.url}/v1`, { embed_dimensions: 64 })
    expect(done.dimensions).toBe(64)
    expect(done.vectors).toHaveLength(3)
    expect(done.vectors.map(floats).every((vector) => vector.length === 64 && vector.some((x) => x !== 0))).toBe(true)
  })

  it('answers only when a model is named for it', () => {
    expect(openai({ base_url: 'http://127.0.0.1:1/v1', model: 'tiny' }).effects).not.toHaveProperty(LlmEmbed.name)
    const wrong = [{ embed_model: '' }, { embed_dimensions: 0 }, { embed_dimensions: 1.5 }, { embed_dimensions: 9000 }]
    for (const more of wrong) {
      expect(() => openai({ base_url: 'http://127.0.0.1:1/v1', model: 'tiny', ...more })).toThrow('ADAPTER_OPTION')
    }
  })
})
