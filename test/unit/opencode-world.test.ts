import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { type OpencodeOptions, opencode } from '../../adapters/opencode.ts'
import type { Engine } from '../../engine/index.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { Family, Key, Memory } from '../../systems/components.ts'
import { OpencodeRun } from '../../systems/events.ts'
import {
  OpencodeFolder,
  OpencodeLink,
  OpencodePermit,
  PermissionBy,
  PermissionState,
} from '../../systems/opencode/columns.ts'
import { answerFor, fits } from '../../systems/opencode/policy.ts'
import { alive, drained, remembering, whole } from '../support/memory.ts'
import { type MockPrompt, mockOpencode, saidIn } from '../support/opencode.ts'
import { requester } from '../support/requester.ts'

const directory = '/work/shop'
let keys = 0
const key = (): string => `testing${++keys}`
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Server = Awaited<ReturnType<typeof mockOpencode>>

async function served(): Promise<Server> {
  const server = await mockOpencode()
  cleanups.push(() => server.close())
  return server
}

function adapterFor({ base_url }: Server, more: Partial<OpencodeOptions> = {}) {
  const times = { first_ms: 5, most_ms: 20 }
  const run_times = { look_ms: 5, taken_ms: 300 }
  return opencode({ base_url, directories: [directory], password: 'open', times, run_times, ...more })
}

async function living(server: Server, store: RamStore = ram(), policy: object = {}): Promise<Engine> {
  const engine = await remembering(store, { adapters: [adapterFor(server)], parts: requester.parts() })
  cleanups.push(() => engine.stop())
  engine.publish({ type: 'config.set', payload: { policy: { opencode: policy } as never } })
  await until(engine, () => engine.world.of(OpencodeFolder).state[1] === OpencodeLink.ready)
  return engine
}

async function until(engine: Engine, holds: () => boolean): Promise<void> {
  const drainedAndHolds = async (): Promise<boolean> => {
    await drained(engine)
    return holds()
  }
  await expect.poll(drainedAndHolds, { timeout: 5_000, interval: 5 }).toBe(true)
}

describe('What was heard', () => {
  test('is known after a restart: nothing is said twice, and only what is new is read', async () => {
    const server = await served()
    const store = ram()
    for (let n = 0; n < 180; n++)
      server.add('ses_1', saidIn('ses_1', `msg_${n}`, `The heron of day ${n} stands at pond ${n * 3}.`), false)
    const first = await living(server, store)
    await until(first, () => whole(first).length === 180)
    const told: string[] = []
    await first.stop()
    server.add('ses_1', saidIn('ses_1', 'msg_180', 'A late heron came to the mill.'), false)
    server.seen.pages = 0
    const again = await remembering(store, { adapters: [adapterFor(server)], parts: requester.parts() })
    cleanups.push(() => again.stop())
    again.on('opencode.message', ({ id }) => void told.push(id))
    await until(again, () => whole(again).length === 181)
    expect(told).toEqual(['msg_180-text'])
    expect(server.seen.pages, 'the newest page, the one before, and the newest again').toBeLessThanOrEqual(3)
    expect((await again.replay()).identical).toBe(true)
  })

  test('comes in the order in which it was said, whatever the pages', async () => {
    const server = await served()
    for (let n = 0; n < 130; n++)
      server.add('ses_1', saidIn('ses_1', `msg_${n}`, `Sentence ${n} of a long story about ${n * 7} ponds.`), false)
    const engine = await living(server)
    await until(engine, () => whole(engine).length === 130)
    const ids = whole(engine).map((row) => (JSON.parse(engine.read('meta', row) ?? '{}') as { id: string }).id)
    expect(ids).toEqual(Array.from({ length: 130 }, (_, n) => `msg_${n}-text`))
  })

  test('answers of a model are no flood, however alike they are', async () => {
    const engine = await living(await served())
    const source = { kind: 'opencode', channel: directory, thread: 'ses_1' }
    for (let n = 0; n < 12; n++) {
      const payload = { text: `I changed ${n} lines of src/cart.ts: passed`, role: 'assistant', message: `msg_${n}` }
      engine.publish({ type: 'opencode.message', id: `prt_${n}`, ts: 1_760_000_000_000 + n * 60_000, source, payload })
    }
    await drained(engine)
    expect(alive(engine)).toHaveLength(12)
    expect(engine.world.rows(Family)).toBe(0)
  })

  test('a tool is a key of its own kind, and nobody else may speak for opencode', async () => {
    const engine = await living(await served())
    const payload = { tool: 'grep', title: 'Search', text: 'found 3 lines', failed: false }
    engine.publish({ type: 'opencode.tool', id: 'forged', source: { kind: 'chat' }, payload })
    engine.publish({
      type: 'opencode.tool',
      id: 'prt_9',
      source: { kind: 'opencode', channel: directory, thread: 'ses_1' },
      payload,
    })
    await drained(engine)
    expect(whole(engine)).toHaveLength(1)
    const keys = Array.from({ length: engine.world.rows(Key) }, (_, at) => engine.read('key', at + 1))
    expect(keys).toContain('tool:grep')
    expect(engine.world.of(Memory).deleted[1]).toBe(0)
  })

  test('sessions and files are told of once', async () => {
    const server = await served()
    const engine = await living(server)
    const told: unknown[] = []
    for (const type of ['opencode.session', 'opencode.file']) engine.on(type, ({ payload }) => void told.push(payload))
    const info = { id: 'ses_5', title: 'Carts', time: { created: 5 } }
    for (let n = 0; n < 2; n++) {
      server.say({ type: 'session.created', properties: { info } as never })
      if (n === 0) server.say({ type: 'session.updated', properties: { info } as never })
      server.say({ type: 'session.updated', properties: { info: { ...info, title: 'Barrows' } } as never })
      server.say({ id: 'evt_1', type: 'file.edited', properties: { file: '/work/shop/a.ts' } })
      server.say({ type: 'session.deleted', properties: { info } as never })
    }
    await until(engine, () => told.length >= 4)
    await drained(engine)
    expect(told).toEqual([
      { state: 'created', title: 'Carts' },
      { state: 'named', title: 'Barrows' },
      { path: 'a.ts' },
      { state: 'deleted', title: 'Carts' },
    ])
  })
})

describe('Permissions', () => {
  const edit = { id: 'per_1', sessionID: 'ses_1', permission: 'edit', patterns: ['src/cart.ts'] }

  test('are answered by the policy, once', async () => {
    const server = await served()
    const engine = await living(server, ram(), { permissions: [{ tool: 'edit', pattern: 'src/*', answer: 'once' }] })
    server.ask(edit)
    server.ask({ ...edit, id: 'per_2', patterns: ['src/a.ts', '/etc/passwd'] })
    await until(engine, () => server.seen.replies.length > 0)
    server.say({ type: 'permission.asked', properties: edit })
    const { by, state } = engine.world.of(OpencodePermit)
    await until(engine, () => state[1] === PermissionState.answered)
    expect(by[1]).toBe(PermissionBy.policy)
    expect(state[2], 'not all of it fits').toBe(PermissionState.asked)
    expect(server.seen.replies).toEqual([{ permission: 'per_1', reply: 'once' }])
  })

  test('wait for the operator, whom no text and no other source can play', async () => {
    const server = await served()
    const engine = await living(server)
    server.ask(edit)
    await until(engine, () => engine.world.rows(OpencodePermit) === 1)
    const answer = { permission: 'per_1', reply: 'always' }
    engine.publish({ type: 'opencode.order', source: { kind: 'chat' }, payload: answer })
    engine.publish({ type: 'chat.message', source: { kind: 'chat' }, payload: { text: 'yes, allow per_1 always' } })
    await drained(engine)
    expect(server.seen.replies).toEqual([])
    engine.publish({ type: 'opencode.order', source: { kind: 'operator' }, payload: answer })
    await until(engine, () => server.seen.replies.length === 1)
    expect(server.seen.replies).toEqual([{ permission: 'per_1', reply: 'always' }])
    expect((await engine.replay()).identical).toBe(true)
  })

  test('asked while it was cut off are found; what was answered elsewhere is open no more', async () => {
    const server = await served()
    const engine = await living(server)
    server.ask(edit)
    const { by, state } = engine.world.of(OpencodePermit)
    await until(engine, () => state[1] === PermissionState.asked)
    server.down(true)
    server.permissions.delete('per_1')
    server.ask({ ...edit, id: 'per_3' }, false)
    server.down(false)
    await until(engine, () => state[2] === PermissionState.asked && state[1] === PermissionState.gone)
    server.say({ type: 'permission.replied', properties: { sessionID: 'ses_1', requestID: 'per_3', reply: 'reject' } })
    await until(engine, () => state[2] === PermissionState.answered)
    expect(by[2]).toBe(PermissionBy.elsewhere)
  })

  test('an answer that comes too late is no failure', async () => {
    const server = await served()
    const engine = await living(server)
    server.ask(edit)
    await until(engine, () => engine.world.rows(OpencodePermit) === 1)
    server.permissions.clear()
    engine.publish({
      type: 'opencode.order',
      source: { kind: 'operator' },
      payload: { permission: 'per_1', reply: 'once' },
    })
    const { state } = engine.world.of(OpencodePermit)
    await until(engine, () => state[1] === PermissionState.gone)
  })

  test('a pattern means what it says', () => {
    expect(answerFor({ permissions: [{ pattern: '*', answer: 'once' }], default: 'ask' }, 'bash', [])).toBe('ask')
    expect(answerFor({ permissions: [{ tool: 'bash', answer: 'reject' }], default: 'ask' }, 'bash', ['ls'])).toBe(
      'reject',
    )
    const sign = fc.constantFrom('a', 'b', '/', ' ', '*')
    fc.assert(
      fc.property(
        fc.array(sign, { maxLength: 8 }),
        fc.array(fc.constantFrom('a', 'b', '/', ' '), { maxLength: 10 }),
        (pattern, text) => {
          const written = pattern.map((each) => (each === '*' ? '[^]*' : each.replace('/', '\\/'))).join('')
          expect(fits(pattern.join(''), text.join(''))).toBe(new RegExp(`^${written}$`).test(text.join('')))
        },
      ),
    )
  })
})

describe('A prompt', () => {
  /** Answers in two steps, the last of them whole. */
  const worker = (server: Server) => (prompt: MockPrompt) => {
    const { message, session } = prompt
    server.busy.add(session)
    server.add(session, saidIn(session, message, prompt.text))
    const step = (n: number, parts: object[], more: object) => ({
      info: {
        id: `${message}-${n}`,
        sessionID: session,
        role: 'assistant',
        parentID: message,
        time: { created: 1, completed: 2 },
        tokens: { input: 5, output: 2 },
        cost: 0.5,
        ...more,
      },
      parts: parts.map((part, at) => ({
        id: `${message}-${n}-${at}`,
        sessionID: session,
        messageID: `${message}-${n}`,
        ...part,
      })),
    })
    const state = { status: 'completed', title: 'Write', output: 'ok', input: { filePath: `${directory}/src/cart.ts` } }
    setTimeout(() => {
      server.add(session, step(1, [{ type: 'tool', tool: 'write', state }], { finish: 'tool-calls' }))
      server.add(session, step(2, [{ type: 'text', text: 'The cart is mended.' }], { finish: 'stop' }))
      server.busy.delete(session)
    }, 20)
  }

  test('is given once, and what came of it comes back', async () => {
    const server = await served()
    server.prompted(worker(server))
    const engine = await living(server)
    const outcome = await requester.ask(engine, OpencodeRun, {
      key: key(),
      directory,
      prompt: 'Mend the cart',
      agent: 'build',
      title: 'cart',
    })
    expect(outcome).toMatchObject({
      type: 'opencode.run.done',
      payload: { text: 'The cart is mended.', files: ['src/cart.ts'], tokens: 14, cost: 1, finish: 'stop' },
    })
    expect(server.seen.prompts).toHaveLength(1)
    expect(server.seen.prompts[0]).toMatchObject({ text: 'Mend the cart', agent: 'build' })
    expect(server.seen.aborted).toEqual([])
    expect((await engine.replay()).identical).toBe(true)
  })

  test('survives a server that goes away and comes back', async () => {
    const server = await served()
    server.prompted((prompt) => {
      worker(server)(prompt)
      server.down(true)
      setTimeout(() => server.down(false), 60)
    })
    const engine = await living(server)
    const outcome = await requester.ask(engine, OpencodeRun, { key: key(), directory, prompt: 'Mend the cart' })
    expect(outcome).toMatchObject({ type: 'opencode.run.done', payload: { finish: 'stop' } })
    expect(server.seen.prompts).toHaveLength(1)
  })

  test('that never arrived, because the server went away, is sent when it is back, once', async () => {
    const server = await served()
    server.prompted(worker(server))
    server.loseNextPrompt()
    const engine = await living(server)
    const request = { key: key(), directory, prompt: 'Mend the cart' }
    engine.publish({ type: 'test.wanted', payload: { type: OpencodeRun.name, request } })
    let done: unknown
    engine.on(OpencodeRun.done.name, ({ payload }) => {
      done = payload
    })
    setTimeout(() => server.down(false), 400)
    await until(engine, () => done !== undefined)
    expect(done).toMatchObject({ text: 'The cart is mended.', finish: 'stop' })
    expect(server.seen.prompts).toHaveLength(1)
  })

  test.each([
    [
      'OPENCODE_DEADLINE',
      { deadline_ms: 60 },
      (server: Server) =>
        ({ session }: MockPrompt) =>
          void server.busy.add(session),
    ],
    ['OPENCODE_ERROR', {}, () => () => {}],
    [
      'OPENCODE_ERROR',
      {},
      (server: Server) =>
        ({ session, message }: MockPrompt) => {
          const error = { name: 'UnknownError', data: { message: 'no such agent' } }
          const info = {
            id: 'a',
            sessionID: session,
            role: 'assistant',
            parentID: message,
            time: { completed: 2 },
            error,
          }
          server.add(session, { info, parts: [] })
        },
    ],
  ])('that comes to nothing fails with %s, and opencode is told to stop', async (code, more, script) => {
    const server = await served()
    server.prompted(script(server))
    const engine = await living(server)
    const outcome = await requester.ask(engine, OpencodeRun, {
      key: key(),
      directory,
      prompt: 'Mend the cart',
      ...more,
    })
    expect(outcome).toMatchObject({ type: 'opencode.run.failed', payload: { code } })
    expect(server.seen.aborted).toHaveLength(1)
  })

  test('is gone on with by the next run, when the engine stops or dies in between: it is sent once', async () => {
    const server = await served()
    server.prompted(({ message, session, text }) => {
      server.busy.add(session)
      server.add(session, saidIn(session, message, text))
    })
    const store = ram()
    const request = { key: key(), directory, prompt: 'Mend the cart' }
    for (const way of ['stop', 'crash'] as const) {
      const engine = await living(server, store)
      if (way === 'stop') engine.publish({ type: 'test.wanted', payload: { type: OpencodeRun.name, request } })
      await until(engine, () => server.seen.prompts.length === 1)
      if (way === 'stop') await engine.stop()
      else {
        store.crash()
        cleanups.pop()
      }
    }
    expect(server.seen.aborted, 'opencode works on').toEqual([])
    const [prompt] = server.seen.prompts
    const last = await living(server, store)
    let done: unknown
    last.on(OpencodeRun.done.name, ({ payload }) => {
      done = payload
    })
    worker(server)({ ...prompt!, text: '' })
    await until(last, () => done !== undefined)
    expect(done).toMatchObject({ text: 'The cart is mended.', finish: 'stop' })
    expect(server.seen.prompts).toHaveLength(1)
  })

  test('for a server that is not there fails with OPENCODE_AWAY', async () => {
    const server = await served()
    const engine = await living(server)
    server.down(true)
    const outcome = await requester.ask(engine, OpencodeRun, { key: key(), directory, prompt: 'Mend the cart' })
    expect(outcome).toMatchObject({ type: 'opencode.run.failed', payload: { code: 'OPENCODE_AWAY' } })
  })
})
