import { afterEach, expect, test } from 'vitest'
import { connectClient } from '../../adapters/opencode/client.ts'
import { partEventOf, permissionEventOf } from '../../adapters/opencode/events.ts'
import { Intake } from '../../adapters/opencode/intake.ts'
import { opencode } from '../../adapters/opencode.ts'
import type { View } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'
import type { Engine } from '../../engine/index.ts'
import { Core } from '../../engine/tick.ts'
import { ram } from '../../stores/ram.ts'
import { Memory, Trust } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { drained, found, remembering, textAt, whole } from '../support/memory.ts'
import { mockOpencode, saidIn } from '../support/opencode.ts'

const directory = '/work/shop'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp(password = 'open') {
  const server = await mockOpencode()
  cleanups.push(() => server.close())
  const { base_url } = server
  const adapter = opencode({ base_url, directories: [directory], password, times: { first_ms: 5, most_ms: 20 } })
  const engine = await remembering(ram(), { adapters: [adapter] })
  cleanups.push(() => engine.stop())
  return { server, adapter, engine }
}

async function until(engine: Engine, holds: () => boolean): Promise<void> {
  const drainedAndHolds = async (): Promise<boolean> => {
    await drained(engine)
    return holds()
  }
  await expect.poll(drainedAndHolds, { timeout: 5_000, interval: 5 }).toBe(true)
}

const tool = {
  id: 'prt_1',
  sessionID: 'ses_1',
  messageID: 'msg_1',
  type: 'tool',
  tool: 'edit',
  state: { status: 'completed', title: 'Edit', output: 'wrote 3 lines', input: { filePath: '/work/shop/src/cart.ts' } },
}
const assistant = { role: 'assistant', created_ms: 1, completed: false } as const

test('a part is told once it is whole, with a stable id and a path relative to its folder', () => {
  const event = partEventOf(tool, assistant, directory)
  expect(event).toMatchObject({ type: 'opencode.tool', id: 'prt_1', payload: { failed: false, path: 'src/cart.ts' } })
  expect(partEventOf({ ...tool, state: { status: 'running' } }, assistant, directory)).toBeUndefined()
  const growing = { id: 'p', sessionID: 's', messageID: 'm', type: 'text', text: 'I wil' }
  expect(partEventOf(growing, assistant, directory)).toBeUndefined()
  expect(partEventOf({ ...growing, time: { start: 1, end: 2 } }, assistant, directory)?.ts).toBe(2)
})

test('a long output keeps its beginning and its end', () => {
  const output = `first${'x'.repeat(100_000)}last`
  const text = partEventOf({ ...tool, state: { ...tool.state, output } }, assistant, directory)?.payload['text']
  expect(String(text).length).toBeLessThan(4_010)
  expect(text).toMatch(/^first[\s\S]*last$/)
})

test('a request for permission is told in both of its shapes', () => {
  const asked = permissionEventOf({ id: 'per_1', sessionID: 's', permission: 'bash', patterns: ['rm *'] }, directory)
  const before = permissionEventOf({ id: 'per_1', sessionID: 's', type: 'bash', pattern: 'rm *' }, directory)
  expect(asked?.payload).toEqual({ permission: 'per_1', tool: 'bash', patterns: ['rm *'] })
  expect(before).toEqual(asked)
})

test('what finds no room puts its session behind, and is published once there is', async () => {
  const taken: EventInput[] = []
  const behind = new Set<string>()
  let room = false
  const outside = {
    publish: (event: EventInput) => room && taken.push(event) > 0,
    room: async () => {
      room = true
    },
  }
  const { world } = new Core(mind(), { read: () => undefined, backoff_max_ms: 1 })
  const view = { world, read: () => undefined } as unknown as View
  const intake = new Intake({ ...outside, view }, directory, (session) => behind.add(session))
  const entry = saidIn('ses_1', 'msg_1', 'Hello')
  intake.hear({ type: 'message.part.updated', properties: { part: entry.parts[0]! } })
  expect([...behind]).toEqual(['ses_1'])
  intake.hear({ type: 'message.updated', properties: { info: entry.info } })
  intake.hear({ type: 'message.part.updated', properties: { part: entry.parts[0]! } })
  expect(taken).toHaveLength(0)
  await intake.read(entry)
  await intake.read(entry)
  expect(taken.map(({ id }) => id)).toEqual(['msg_1-text'])
})

test('what was said before and during a connection is remembered and found again', async () => {
  const { server, engine } = await setUp()
  server.add('ses_1', saidIn('ses_1', 'msg_0', 'The cart must never hold negative amounts.'))
  await until(engine, () => whole(engine).length === 1)
  const info = { id: 'msg_1', sessionID: 'ses_1', role: 'assistant', time: { created: 1 } }
  server.add('ses_1', { info, parts: [tool] })
  await until(engine, () => whole(engine).length === 2)
  const [first, second] = whole(engine)
  const { trust } = engine.world.of(Memory)
  expect(textAt(engine, first!)).toContain('negative amounts')
  expect([trust[first!], trust[second!]]).toEqual([Trust.person, Trust.unknown])
  expect(found(engine, 'src/cart.ts')[0]).toBe('prt_1')
  expect(textAt(engine, second!)).toContain('wrote 3 lines')
})

test('a stream cut ten times brings everything, and nothing twice', async () => {
  const { server, adapter, engine } = await setUp()
  await until(engine, () => adapter.status()[0]?.state === 'ready')
  for (let round = 0; round < 10; round++) {
    const before = server.seen.connections
    server.add('ses_1', saidIn('ses_1', `msg_${round}a`, `Live words of round ${round}, number ${round * 7}`))
    server.cut()
    server.add('ses_1', saidIn('ses_1', `msg_${round}b`, `Missed words of round ${round}, number ${round * 9}`), false)
    await until(engine, () => server.seen.connections > before && adapter.status()[0]?.state === 'ready')
  }
  // The session itself is told of, too.
  await until(engine, () => adapter.status()[0]!.events >= 21)
  expect(adapter.status()[0]!.events).toBe(21)
  expect(whole(engine)).toHaveLength(20)
})

test('a wrong password is said without being shown, and is tried again', async () => {
  const { server, adapter, engine } = await setUp('geheim')
  await until(engine, () => server.seen.refused > 2)
  expect(adapter.status()[0]?.last_error).toContain('does not accept the password')
  expect(adapter.status()[0]?.last_error).not.toContain('geheim')
})

test('an address to which a password must not go is refused', async () => {
  for (const base_url of ['http://example.org:4096', 'ftp://127.0.0.1', 'http://a:b@127.0.0.1:4096']) {
    await expect(connectClient({ base_url })).rejects.toMatchObject({ code: 'ADAPTER_OPTION' })
  }
})
