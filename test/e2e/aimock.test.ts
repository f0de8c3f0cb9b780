import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LLMock } from '@copilotkit/aimock'
import { afterEach, expect, test } from 'vitest'
import { compileContract, frontmatterV1 } from '../../systems/sentinel/contract.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import { cleanUp, type Line, Place } from '../support/daemon.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
  await cleanUp()
})

const body = '# Tomatoes\n\nWater in the morning,\r\nnever on the leaves. No end'
const original = `---\nmood: calm # mine\n---\n${body}`
const good = { title: 'Tomatoes', slug: 'tomatoes', description: 'How to water them.', tags: ['garden'] }
const proposal = JSON.stringify(good)

/** What must come of a note: repaired after so many questions, or failed with a code and a reason. */
type Expected = { readonly asked?: number; readonly failed?: string; readonly reason?: RegExp }

/**
 * After five failures in a row, or a refused key, an endpoint is left alone for a while: a case that brings that about gets a
 * pass of its own, all others share one.
 */
async function inPasses(
  cases: { readonly [name: string]: Expected },
  one: (names: readonly string[]) => Promise<void>,
): Promise<void> {
  const breaks = (name: string): boolean => /^(?:SERVER|TIMEOUT|NETWORK|AUTH)$/.test(cases[name]?.failed ?? '')
  const names = Object.keys(cases)
  await one(names.filter((name) => !breaks(name)))
  for (const name of names.filter(breaks)) await one([name])
}

/** One pass over a note for each case; deadlines and pauses are short, so that many tries take little time. */
async function pass(names: readonly string[], base_url: string): Promise<{ place: Place; lines: Line[] }> {
  const place = new Place()
  for (const name of names) place.note(`${name}.md`, original)
  const model = `{ adapter: openai, base_url: "${base_url}", model: x, first_byte_ms: 400, idle_ms: 400, total_ms: 800 }`
  // Commands that follow do not know of this limit: the journal itself says by which one its run went.
  const words = place.config(`model: ${model}\nlimits: { backoff_max_ms: 20 }\n`)
  return { place, lines: await place.once(['--write', ...words]) }
}

/** The contract holds or the sentinel failed with its reason; the body is the author's in either case. */
function expectVerdict(place: Place, lines: readonly Line[], name: string, expected: Expected): void {
  const path = `${name}.md`
  const text = place.text(path)
  const line = lines.find(({ type, path: of }) => of === path && type !== 'repairing')
  if (expected.failed !== undefined) {
    expect(line, name).toMatchObject({ type: 'failed', code: expected.failed })
    expect(line?.['reason'], name).toMatch(expected.reason ?? /./)
    expect(text, name).toBe(original)
    return
  }
  expect(line, name).toMatchObject({ type: 'repaired' })
  const note = readNote(text)
  expect(note.ok && compileContract(frontmatterV1).check(note.data), name).toEqual([])
  expect(note.ok && text.slice(note.body_start), name).toBe(body)
  expect(text, name).toContain('mood: calm # mine\n')
  expect(text.endsWith(`\n---\n${body}`), name).toBe(true)
}

type Reply = { content: string } | { error: { message: string; type: string }; status: number }
type MockCase = Expected & { readonly replies: readonly Reply[]; readonly options?: object }

const says = (content: string): Reply => ({ content })
const fails = (status: number): Reply => ({ error: { message: `mock ${status}`, type: 'mock_error' }, status })
const rewritten = `---\ntitle: Mine\nslug: mine\n---\n# Rewritten\n\nThe model knows better.\n`

const mocked: { readonly [name: string]: MockCase } = {
  normal: { replies: [says(proposal)], asked: 1 },
  fenced: { replies: [says(`Sure! Here it is:\n\n\`\`\`json\n${proposal}\n\`\`\`\n\nHope it helps.`)], asked: 1 },
  prose: { replies: [says(`The front matter should be ${proposal} I think.`)], asked: 1 },
  'extra keys': { replies: [says(JSON.stringify({ ...good, body: 'evil', mood: 'grim', __proto__x: 1 }))], asked: 1 },
  'slow down': { replies: [fails(429), says(proposal)], asked: 2 },
  'server error once': { replies: [fails(500), fails(503), says(proposal)], asked: 3 },
  'corrects itself': {
    replies: [says('{}'), says(JSON.stringify({ ...good, slug: 'No Slug' })), says(proposal)],
    asked: 3,
  },
  'rewrites the body': { replies: [says(rewritten)], failed: 'ATTEMPTS_SPENT', reason: /no JSON object/, asked: 5 },
  'wrong slug': {
    replies: [says(JSON.stringify({ ...good, slug: 'Never A Slug' }))],
    failed: 'ATTEMPTS_SPENT',
    reason: /5 proposals were refused; the last: slug /,
    asked: 5,
  },
  'closes the fence': {
    replies: [says(JSON.stringify({ ...good, title: 'a\n---\nevil: true' }))],
    failed: 'ATTEMPTS_SPENT',
    reason: /title /,
    asked: 5,
  },
  'a list': { replies: [says('[1, 2]')], failed: 'ATTEMPTS_SPENT', reason: /not an object/, asked: 5 },
  'server error': { replies: [fails(500)], failed: 'SERVER', asked: 5 },
  'no key': { replies: [fails(401)], failed: 'AUTH', asked: 1 },
  'unknown model': { replies: [fails(404)], failed: 'BAD_REQUEST', asked: 1 },
  hang: { replies: [says(proposal)], options: { latency: 5_000 }, failed: 'TIMEOUT', reason: /ms/, asked: 5 },
  garbage: { replies: [says(proposal)], options: { chaos: { malformedRate: 1 } }, failed: 'BAD_RESPONSE', asked: 2 },
  'cut off': {
    replies: [says(proposal)],
    options: { truncateAfterChunks: 1, chunkSize: 4 },
    failed: 'NETWORK',
    asked: 5,
  },
}

test('through a mock written by others: the contract holds, or the sentinel fails with the reason', async () => {
  const server = new LLMock({ port: 0, host: '127.0.0.1' })
  cleanups.push(() => server.stop())
  const asked = new Map<string, number>()
  for (const [name, { replies, options = {} }] of Object.entries(mocked)) {
    const reply = (): Reply => {
      const count = asked.get(name) ?? 0
      asked.set(name, count + 1)
      return replies[Math.min(count, replies.length - 1)]!
    }
    server.onMessage(new RegExp(`"path":"${name}\\.md"`), reply, options)
  }
  await server.start()
  await inPasses(mocked, async (names) => {
    const { place, lines } = await pass(names, `${server.url}/v1`)
    for (const name of names) {
      const expected = mocked[name]!
      expectVerdict(place, lines, name, expected)
      const bodies = server.getRequests().filter((entry) => JSON.stringify(entry.body).includes(`${name}.md`))
      expect(bodies, name).toHaveLength(expected.asked ?? 0)
    }
    if (names.length > 1) expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
  })
  const corrected = server.getRequests().filter((entry) => JSON.stringify(entry.body).includes('corrects itself.md'))
  expect(JSON.stringify(corrected[1]?.body)).toMatch(/rejected/)
}, 60_000)

type Fault = Expected & { readonly answer: (response: ServerResponse) => void }

const event = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })

const faults: { readonly [name: string]: Fault } = {
  'never answers': { answer: () => undefined, failed: 'TIMEOUT', asked: 5 },
  'stalls after the first word': {
    answer: (response) => void stream(response).write(event({ content: '{"title":' })),
    failed: 'TIMEOUT',
    asked: 5,
  },
  'ends without a reason': {
    answer: (response) => void stream(response).end(event({ content: proposal })),
    failed: 'TRUNCATED',
    asked: 5,
  },
  'runs out of length': {
    answer: (response) =>
      void stream(response).end(`${event({ content: proposal.slice(0, 30) })}${event({}, 'length')}data: [DONE]\n\n`),
    failed: 'ATTEMPTS_SPENT',
    asked: 5,
  },
  'a web page': {
    answer: (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Login</h1>'),
    failed: 'BAD_RESPONSE',
    asked: 2,
  },
  'noise in the stream': {
    answer: (response) => void stream(response).end('data: {"choices": [{{{\n\n'),
    failed: 'BAD_RESPONSE',
    asked: 2,
  },
  'hangs up': { answer: (response) => void response.destroy(), failed: 'NETWORK', asked: 5 },
  'sends elsewhere': {
    answer: (response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/v1' }).end(),
    failed: 'REDIRECT',
    asked: 1,
  },
}

test('faults that no mock makes: raw answers over loopback', async () => {
  const asked = new Map<string, number>()
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    response.on('error', () => response.destroy())
    request.on('end', () => {
      const name = Object.keys(faults).find((of) => text.includes(`${of}.md`)) ?? ''
      asked.set(name, (asked.get(name) ?? 0) + 1)
      faults[name]?.answer(response)
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  await inPasses(faults, async (names) => {
    const { place, lines } = await pass(names, base_url)
    for (const name of names) {
      expectVerdict(place, lines, name, faults[name]!)
      expect(asked.get(name), name).toBe(faults[name]!.asked)
    }
    if (names.length > 1) expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
  })
}, 60_000)
