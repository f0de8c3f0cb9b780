import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fs } from '../../adapters/fs.ts'
import { offline, offlineModel } from '../../adapters/offline.ts'
import { adapterConformance, vectorIndexConformance } from '../../adapters/testing.ts'
import { type Adapter, EffectFailure, effectType, eventType, type Outside, type Parts } from '../../engine/index.ts'
import { flat } from '../../stores/flat.ts'
import { ram } from '../../stores/ram.ts'
import { usearch } from '../../stores/usearch.ts'
import { events, FsRead, FsWrite, LlmChat, LlmEmbed } from '../../systems/events.ts'

const api = { describe, test: (name: string, body: () => Promise<void>) => test(name, body), expect }
const all = [...events] as Parts['events']
const effects = (...types: unknown[]): Parts['effects'] => types as Parts['effects']

/** Of no content: such a write is refused, which is an answer too. */
const zero = '0'.repeat(64)

adapterConformance(
  'offline',
  async () => ({
    adapter: offline(),
    events: all,
    effects: effects(LlmChat, LlmEmbed),
    calls: [
      {
        type: LlmChat.name,
        request: { task: 'nobody', messages: [{ role: 'user', content: 'hello' }] },
        fails: 'NO_MODEL',
      },
      { type: LlmEmbed.name, request: { model: 'nobody', texts: ['hello'] }, fails: 'NO_MODEL' },
      { type: LlmEmbed.name, request: { model: offlineModel, texts: ['hello'] } },
    ],
    store: ram(),
  }),
  api,
)

adapterConformance(
  'fs',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'conformance-'))
    writeFileSync(join(root, 'note.md'), 'Hello\n')
    return {
      adapter: fs({ root, watch: false }),
      events: all,
      effects: effects(FsRead, FsWrite),
      calls: [
        { type: FsRead.name, request: { path: 'note.md' } },
        { type: FsRead.name, request: { path: 'nobody.md' }, fails: 'GONE' },
        {
          type: FsWrite.name,
          request: { path: 'nobody.md', before_hash: zero, after_hash: zero, cut_bytes: 0, head: '' },
          fails: 'GONE',
        },
      ],
      store: ram(),
      destroy: async () => rmSync(root, { recursive: true }),
    }
  },
  api,
)

const Ping = effectType('ping', { retry: 'safe', deadline_ms: 1000, request: {}, done: {} })
adapterConformance(
  'an adapter of one line',
  async () => ({
    adapter: { name: 'pong', effects: { ping: async () => ({}) } },
    events: [],
    effects: effects(Ping),
    calls: [{ type: 'ping', request: {} }],
    store: ram(),
  }),
  api,
)

vectorIndexConformance('flat', async (dimensions) => flat({ model: 'm', dimensions }), api)
vectorIndexConformance('usearch', async (dimensions) => usearch({ model: 'm', dimensions, graph_from: 0 }), api)

describe('the suites find what is wrong', () => {
  /** Runs a suite and gives the names of the tests that fail. */
  async function failures(run: (with_: typeof api) => void): Promise<string[]> {
    const tests: [string, () => Promise<void>][] = []
    run({
      ...api,
      describe: ((_name: string, body: () => void) => body()) as typeof describe,
      test: ((name: string, body: () => Promise<void>) => tests.push([name, body])) as never,
    })
    const failed: string[] = []
    for (const [name, body] of tests) {
      try {
        await body()
      } catch {
        failed.push(name)
      }
    }
    return failed
  }

  test('an adapter that answers what nobody declared', async () => {
    const wrong = await failures((with_) =>
      adapterConformance(
        'wrong',
        async () => ({
          adapter: { name: ' ', effects: { ping: async () => ({}), more: async () => ({}) } },
          events: [],
          effects: effects(Ping),
          calls: [{ type: 'ping', request: {} }],
          store: ram(),
        }),
        with_,
      ),
    )
    expect(wrong).toContain('it has a name, and carries out what it says')
  })

  const Pong = effectType('ping', {
    retry: 'safe',
    deadline_ms: 1000,
    request: {},
    done: { pong: { type: 'string' } },
  })
  const answering = 'it answers each effect once, as its type declares'
  test.each<[string, Adapter, string[]]>([
    ['nothing wrong', { name: 'a', effects: { ping: async () => ({ pong: 'x' }) } }, []],
    ['an answer that is not as declared', { name: 'a', effects: { ping: async () => ({ pong: 1 }) } }, [answering]],
    [
      'an error without a code',
      {
        name: 'a',
        effects: {
          ping: async () => {
            throw new Error('broken')
          },
        },
      },
      [answering],
    ],
    [
      'a failure of its own for everything',
      {
        name: 'a',
        effects: {
          ping: async () => {
            throw new EffectFailure('NEVER', 'it does nothing')
          },
        },
      },
      [answering],
    ],
  ])('an adapter with %s', async (_, adapter, expected) => {
    const subject = async () => ({
      adapter,
      events: [],
      effects: effects(Pong),
      calls: [{ type: 'ping', request: {} }],
      store: ram(),
    })
    expect(await failures((with_) => adapterConformance('wrong', subject, with_))).toEqual(expected)
  })

  test('an adapter that goes on talking when it was stopped', async () => {
    const timers: NodeJS.Timeout[] = []
    const subject = async () => ({
      adapter: {
        name: 'a',
        effects: { ping: async () => ({ pong: 'x' }) },
        start: (outside: Outside) => {
          timers.push(setInterval(() => outside.publish({ type: 'said', payload: {} }), 1))
        },
      },
      events: [eventType('said', {})] as Parts['events'],
      effects: effects(Pong),
      calls: [{ type: 'ping', request: {} }],
      store: ram(),
    })
    const wrong = await failures((with_) => adapterConformance('wrong', subject, with_))
    for (const timer of timers) clearInterval(timer)
    expect(wrong).toEqual(['it can be stopped while its effects are out, and says nothing afterwards'])
  })

  test('an index that forgets to remove', async () => {
    const wrong = await failures((with_) =>
      vectorIndexConformance(
        'wrong',
        async (dimensions) => Object.assign(flat({ model: 'm', dimensions }), { remove: () => true }),
        with_,
      ),
    )
    expect(wrong).toEqual([
      'an empty index finds nothing, without harm',
      'a label has one vector: the last that it was given; removed, it is found no more',
    ])
  })
})
