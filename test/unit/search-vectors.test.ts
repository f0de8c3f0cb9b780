import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { vectorStore } from '../../adapters/cli/vector-store.ts'
import { offlineEmbedder, offlineModel } from '../../adapters/offline.ts'
import { type SearchAdapter, type SearchOptions, search, type VectorStore } from '../../adapters/search.ts'
import { type Adapter, createEngine, EffectFailure, type Engine, type Log, silent } from '../../engine/index.ts'
import { openFlat } from '../../stores/flat.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { Embedding, Vector } from '../../systems/eidolon/columns.ts'
import { LlmEmbed, type LlmEmbedRequest, MemoryOrder } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { lanesOf } from '../../systems/recall.ts'
import { dimensions, encoded, policy, vectorFor } from '../support/embedding.ts'
import { answers } from '../support/vectors.ts'

type Opened = { engine: Engine; adapter: SearchAdapter; said: string[] }
const open: Engine[] = []
const folders: string[] = []

afterEach(async () => {
  for (const engine of open.splice(0)) await engine.stop()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'search-'))
  folders.push(folder)
  return join(folder, 'vectors')
}

/** An embedder for any model; `away` makes it fail. */
function embedder(state: { away: boolean } = { away: false }): Adapter {
  const handler = async (payload: unknown) => {
    if (state.away) throw new EffectFailure('AUTH', 'the key is wrong')
    const { model, texts } = payload as LlmEmbedRequest
    return { model, dimensions, vectors: texts.map((text) => encoded(vectorFor(model, text))) }
  }
  return { name: 'embedder', effects: { [LlmEmbed.name]: handler } }
}

async function opened(store: RamStore, options: SearchOptions, models: Adapter = embedder()): Promise<Opened> {
  const adapter = search(options)
  const said: string[] = []
  const log: Log = { ...silent, warn: (_fields, message) => void said.push(message) }
  const engine = await createEngine({ ...mind(), store, adapters: [adapter, models], log, limits: { stop_ms: 20 } })
  open.push(engine)
  await engine.start()
  return { engine, adapter, said }
}

async function closed(engine: Engine): Promise<void> {
  open.splice(open.indexOf(engine), 1)
  await engine.stop()
}

const sayings = Array.from({ length: 40 }, (_, at) => `${'abcdefghij'[at % 10]} saying ${at * 37} of the ${at}th day`)
const queries = ['saying 37', 'the 12th day', 'j of 9'].map((text) => Float32Array.from(vectorFor('m/one', text)))

/** The usual indexes, and how many vectors each file that was opened held. */
function watched(folder: string): { vectors: VectorStore; read: string[] } {
  const read: string[] = []
  const kept = vectorStore(folder)
  const vectors = {
    ...kept,
    open: async (path: string, options: Parameters<typeof kept.open>[1]) => {
      const index = await openFlat(path, options)
      read.push(`${index.count} of ${options.model}`)
      return index
    },
  }
  return { vectors, read }
}

async function indexesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.vectors'))
}

async function remember(engine: Engine, texts: readonly string[]): Promise<void> {
  for (const text of texts) engine.publish({ type: 'note.written', payload: { text } })
  await engine.flushed()
}

function found({ engine }: Opened): number[][][] {
  const { canonical } = lanesOf(engine.world)
  return canonical === undefined ? [] : answers(canonical, queries, 8)
}

async function filled(folder: string): Promise<{ store: RamStore; expected: number[][][]; file: string }> {
  const store = ram()
  const first = await opened(store, { vectors: vectorStore(folder) })
  first.engine.publish(policy('m/one'))
  await remember(first.engine, sayings)
  await first.adapter.complete()
  expect(first.adapter.pending()).toEqual({ lexical: 0, vectors: 0 })
  const expected = found(first)
  await closed(first.engine)
  const [file] = await indexesIn(folder)
  return { store, expected, file: join(folder, file!) }
}

describe('the lanes of vectors', () => {
  test('hold every vector of the record, and do so again after a restart, from their file', async () => {
    const folder = await folderOf()
    const { store, expected } = await filled(folder)
    expect(expected[0]).toHaveLength(8)
    const { vectors, read } = watched(folder)
    const second = await opened(store, { vectors })
    await second.adapter.complete()
    expect(read).toEqual(['40 of m/one'])
    expect(found(second)).toEqual(expected)
  })

  test.each([
    ['missing', (file: string) => rm(file)],
    ['truncated', (file: string) => truncate(file, 200)],
    ['empty', (file: string) => truncate(file, 0)],
    ['bit-flipped', (file: string) => flipped(file, -9)],
    ['flipped in its head', (file: string) => flipped(file, 20)],
    [
      'of other dimensions',
      async (file: string) => {
        const other = await openFlat(`${file}.other`, {
          model: 'm/one',
          dimensions: 4,
          source: { labels: () => [1], vector: () => Float32Array.of(1, 2, 3, 4) },
        })
        await other.save(file)
        await rm(`${file}.other`, { force: true })
      },
    ],
  ] as const)('are made anew when their file is %s, and find the same', async (_name, spoil) => {
    const { store, expected, file } = await filled(await folderOf())
    await spoil(file)
    const second = await opened(store, { vectors: vectorStore(join(file, '..')) })
    await second.adapter.complete()
    expect(found(second)).toEqual(expected)
    await closed(second.engine)
    expect((await readFile(file)).length).toBeGreaterThan(40 * dimensions)
  })

  test('catch up with what came after a crash', async () => {
    const folder = await folderOf()
    const { store } = await filled(folder)
    const second = await opened(store, { vectors: vectorStore(folder) })
    await remember(second.engine, ['one more saying 9999', 'and the last of them'])
    await second.adapter.complete()
    const expected = found(second)
    store.crash()
    open.splice(open.indexOf(second.engine), 1)
    const third = await opened(store, { vectors: vectorStore(folder) })
    await third.adapter.complete()
    expect(lanesOf(third.engine.world).canonical?.count).toBe(42)
    expect(found(third)).toEqual(expected)
  })

  test('another model gets a file of its own, while the one before is searched until the other is whole', async () => {
    const folder = await folderOf()
    const { store, file } = await filled(folder)
    const state = { away: true }
    const { engine, adapter } = await opened(store, { vectors: vectorStore(folder) }, embedder(state))
    await adapter.complete()
    await engine.ingest(policy('m/two'))
    await engine.flushed()
    await adapter.complete()
    const { vectors } = lanesOf(engine.world)
    expect([vectors.canonical.model?.name, adapter.pending().vectors > 0]).toEqual(['m/one', true])
    expect(await readdir(folder)).toContain(file.slice(folder.length + 1))
    state.away = false
    await engine.ingest(policy('m/two'))
    await adapter.complete()
    await until(() => vectors.canonical.model?.name === 'm/two' && vectors.canonical.index?.count === 40)
    await closed(engine)
    const files = await indexesIn(folder)
    expect(files).toHaveLength(1)
    expect(files[0]).not.toBe(file.slice(folder.length + 1))
  })

  test('are made anew when the record is another one than that of their file', async () => {
    const folder = await folderOf()
    await filled(folder)
    const others = sayings.map((text) => `${text}, or not`)
    const other = await opened(ram(), { vectors: vectorStore(folder) })
    other.engine.publish(policy('m/one'))
    await remember(other.engine, others)
    await other.adapter.complete()
    const expected = await opened(ram(), { vectors: vectorStore(await folderOf()) })
    expected.engine.publish(policy('m/one'))
    await remember(expected.engine, others)
    await expected.adapter.complete()
    expect(found(other)).toEqual(found(expected))
  })

  test('let go of what is forgotten, also in their file', async () => {
    const folder = await folderOf()
    const { store, file } = await filled(folder)
    const before = (await readFile(file)).length
    const { engine, adapter } = await opened(store, { vectors: vectorStore(folder) })
    await engine.ingest({ type: MemoryOrder.name, payload: { order: 'forget', memory_id: 7 } })
    await adapter.complete()
    await closed(engine)
    expect((await readFile(file)).length).toBe(before - dimensions - 4)
    const third = await opened(store, { vectors: vectorStore(folder) })
    await third.adapter.complete()
    expect(lanesOf(third.engine.world).canonical?.has(7)).toBe(false)
  })

  test('are silent when embedding is turned off, and leave no files', async () => {
    const folder = await folderOf()
    const { store } = await filled(folder)
    const { engine, adapter } = await opened(store, { vectors: vectorStore(folder) })
    await adapter.complete()
    await engine.ingest(policy(null))
    await adapter.complete()
    await until(() => lanesOf(engine.world).canonical === undefined)
    expect(adapter.pending().vectors).toBe(0)
    await closed(engine)
    expect(await readdir(folder)).toEqual([])
  })

  test('of both kinds are kept when asked for', async () => {
    const folder = await folderOf()
    const store = ram()
    const { engine, adapter } = await opened(store, { vectors: vectorStore(folder) })
    await engine.ingest(policy('m/one', { eidolon: true }))
    await remember(engine, sayings)
    await adapter.complete()
    const { canonical, eidolon } = lanesOf(engine.world)
    expect([canonical?.count, eidolon?.count, engine.world.rows(Vector)]).toEqual([40, 40, 80])
    await closed(engine)
    expect((await indexesIn(folder)).map((name) => name.split('-')[0]).sort()).toEqual(['canonical', 'eidolon'])
    const { vectors, read } = watched(folder)
    const second = await opened(store, { vectors })
    await second.adapter.complete()
    expect(read).toEqual(['40 of m/one', '40 of m/one'])
  })

  test('a folder that cannot be made is said once, and all goes on in memory', async () => {
    const folder = await folderOf()
    await writeFile(folder, 'no folder')
    const first = await opened(ram(), { vectors: vectorStore(folder) })
    first.engine.publish(policy('m/one'))
    await remember(first.engine, sayings)
    await first.adapter.complete()
    expect(found(first)[0]).toHaveLength(8)
    await closed(first.engine)
    expect(first.said.filter((message) => message.includes('not saved'))).toHaveLength(1)
    expect(await readFile(folder, 'utf8')).toBe('no folder')
  })
})

describe('while a model is away', () => {
  test('complete gives up and says what is pending', async () => {
    const { engine, adapter, said } = await opened(
      ram(),
      { vectors: vectorStore(await folderOf()) },
      embedder({ away: true }),
    )
    engine.publish(policy('m/one'))
    await remember(engine, sayings.slice(0, 5))
    await adapter.complete()
    expect(adapter.pending()).toEqual({ lexical: 0, vectors: 5 })
    expect(said.filter((message) => message.includes('pending'))).toHaveLength(1)
  })

  test('complete gives up when nothing ever answers', async () => {
    const mute: Adapter = { name: 'mute', effects: { [LlmEmbed.name]: () => new Promise(() => undefined) } }
    const { engine, adapter } = await opened(ram(), { vectors: vectorStore(await folderOf()), patience_ms: 150 }, mute)
    engine.publish(policy('m/one'))
    await remember(engine, sayings.slice(0, 5))
    await adapter.complete()
    expect(adapter.pending().vectors).toBe(5)
    expect(engine.world.of(Embedding).running[1]).toBe(5)
  })

  test('recall goes on by words, and says so once', async () => {
    const asked: string[] = []
    const embed = async ({ texts }: LlmEmbedRequest) => {
      asked.push(...texts)
      throw new Error('nobody there')
    }
    const folder = await folderOf()
    const { engine, adapter, said } = await opened(ram(), { vectors: vectorStore(folder), embed })
    engine.publish(policy('m/one'))
    await remember(engine, sayings)
    await adapter.complete()
    for (const query of ['saying 74', 'saying 111'])
      expect((await adapter.recall(query)).hits.length).toBeGreaterThan(0)
    expect(asked).toEqual(['saying 74'])
    expect(said.filter((message) => message.includes('by words'))).toHaveLength(1)
  })

  test('a query waits for its vector no longer than it is told to', async () => {
    const signals: AbortSignal[] = []
    const embed = (_request: LlmEmbedRequest, signal: AbortSignal): Promise<never> => {
      signals.push(signal)
      return new Promise(() => undefined)
    }
    const { engine, adapter } = await opened(ram(), { vectors: vectorStore(await folderOf()), embed, embed_ms: 20 })
    engine.publish(policy('m/one'))
    await remember(engine, sayings)
    await adapter.complete()
    expect((await adapter.recall('saying 74')).hits.length).toBeGreaterThan(0)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})

test('a query gets its vector from the embedder of the model in service', async () => {
  const offline = offlineEmbedder()
  const asked: LlmEmbedRequest[] = []
  const embed = async (request: LlmEmbedRequest, signal: AbortSignal) => {
    asked.push(request)
    const answer = await offline.effects![LlmEmbed.name]!(request, { effect_id: 0, attempt: 1, signal })
    return answer as { model: string; dimensions: number; vectors: string[] }
  }
  const { engine, adapter } = await opened(ram(), { vectors: vectorStore(await folderOf()), embed }, offline)
  expect((await adapter.recall('anything')).hits).toEqual([])
  engine.publish(policy(offlineModel))
  await remember(engine, ['The gearbox was oiled on Sunday.', 'Bread needs time.'])
  await adapter.complete()
  await adapter.recall('')
  const { hits } = await adapter.recall('gearboxes')
  expect(asked).toEqual([{ model: offlineModel, texts: ['gearboxes'] }])
  expect(hits[0]?.lanes).toContain('canonical')
})

async function flipped(file: string, at: number): Promise<void> {
  const bytes = await readFile(file)
  const place = at < 0 ? bytes.length + at : at
  bytes[place]! ^= 4
  await writeFile(file, bytes)
}

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !holds(); n++) await wait(10)
  expect(holds()).toBe(true)
}

test('a query is also seen under the field in force, where memories are', async () => {
  const asked: string[][] = []
  const embed = async ({ model, texts }: LlmEmbedRequest) => {
    asked.push(texts)
    return { model, dimensions, vectors: texts.map((text) => encoded(vectorFor(model, text))) }
  }
  const { engine, adapter } = await opened(ram(), { vectors: vectorStore(await folderOf()), embed })
  await engine.ingest(policy('m/one', { eidolon: true }))
  await remember(engine, sayings)
  await adapter.complete()
  const { hits } = await adapter.recall('saying 74', { explain: true })
  expect(asked).toEqual([['saying 74', expect.stringMatching(/^health ok, .*\nsaying 74$/)]])
  expect(hits.some(({ lanes }) => lanes.includes('canonical'))).toBe(true)
})
