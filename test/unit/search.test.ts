import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type SearchAdapter, type SearchOptions, search } from '../../adapters/search.ts'
import { createEngine, type Engine, type Log, type Outside, silent } from '../../engine/index.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { segments } from '../../stores/segments.ts'
import { mind } from '../../systems/index.ts'
import { lanesOf } from '../../systems/recall.ts'

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
  return join(folder, 'search')
}

async function opened(store: RamStore, options: SearchOptions = {}): Promise<Opened> {
  const adapter = search(options)
  const said: string[] = []
  const log: Log = { ...silent, warn: (_fields, message) => void said.push(message) }
  const engine = await createEngine({ ...mind(), store, adapters: [adapter], log })
  open.push(engine)
  await engine.start()
  return { engine, adapter, said }
}

async function closed(engine: Engine): Promise<void> {
  open.splice(open.indexOf(engine), 1)
  await engine.stop()
}

const words = ['amber', 'basalt', 'cedar', 'dune', 'ember', 'fjord', 'glacier', 'harbour']

async function remember({ engine }: Opened, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const text = `The ${words[n % 8]} and the ${words[(n * 5 + 3) % 8]} of place ${n * 17}.`
    const event = { type: 'note.written', id: `n${n}`, payload: { text } }
    while (!engine.publish(event)) await engine.room()
  }
  await engine.flushed()
}

async function answers({ adapter }: Opened): Promise<unknown> {
  const recalls = await Promise.all(
    ['amber of place 17', 'glacier dune', 'place 340'].map((each) => adapter.recall(each)),
  )
  return recalls.map(({ hits, confidence }) => [confidence, hits.map(({ id, score }) => [id, score])])
}

test('files that know more than the record are removed, and what they said is not found', async () => {
  const folder = await folderOf()
  const longer = await opened(ram(), { files: segments(folder) })
  await remember(longer, 0, 60)
  await closed(longer.engine)
  const [file] = await readdir(folder)
  const shorter = await opened(ram(), { files: segments(folder) })
  expect(await readdir(folder)).toEqual([])
  expect(shorter.said).toEqual(['an index file is of another record, or of a later state of it, and is made anew'])
  await remember(shorter, 100, 20)
  const expected = await opened(ram())
  await remember(expected, 100, 20)
  expect(await answers(shorter)).toEqual(await answers(expected))
  await closed(shorter.engine)
  expect((await readdir(folder)).length).toBe(1)
  expect(await readdir(folder)).not.toEqual([file])
})

test('a folder that cannot be used is said once, and recall goes on in memory', async () => {
  const folder = await folderOf()
  await writeFile(folder, 'no folder')
  const store = ram()
  const first = await opened(store, { files: segments(folder) })
  await remember(first, 0, 30)
  await first.adapter.complete()
  const expected = await answers(first)
  await closed(first.engine)
  expect(first.said).toEqual(['the index is not saved; it goes on in memory'])
  expect(await readFile(folder, 'utf8')).toBe('no folder')
  const second = await opened(store)
  await second.adapter.complete()
  expect(await answers(second)).toEqual(expected)
})

test('a save that fails is not tried again at once, and the rest goes on', async () => {
  const folder = await folderOf()
  const files = segments(folder)
  let saves = 0
  const failing = {
    ...files,
    save: async () => {
      saves++
      throw new Error('no room')
    },
  }
  const first = await opened(ram(), { files: failing })
  await remember(first, 0, 30)
  lanesOf(first.engine.world).text.seal()
  await remember(first, 30, 30)
  await first.adapter.complete()
  lanesOf(first.engine.world).text.seal()
  await remember(first, 60, 30)
  expect([saves, first.said.length, first.adapter.pending()]).toEqual([1, 1, { lexical: 0, vectors: 0 }])
})

test('a stop in the midst of catching up ends in good order, and the next start goes on', async () => {
  const store = ram()
  const first = await opened(store)
  await remember(first, 0, 3_000)
  const expected = await answers(first)
  await closed(first.engine)
  const folder = await folderOf()
  const second = await opened(store, { files: segments(folder) })
  expect(second.adapter.pending().lexical).toBeGreaterThan(0)
  await closed(second.engine)
  expect(await readdir(folder)).toHaveLength(1)
  const third = await opened(store, { files: segments(folder) })
  await third.adapter.complete()
  expect(await answers(third)).toEqual(expected)
})

test('recalls while it catches up answer from what is there, and from all of it afterwards', async () => {
  const store = ram()
  const first = await opened(store)
  await remember(first, 0, 3_000)
  const expected = await answers(first)
  await closed(first.engine)
  const second = await opened(store)
  const early = answers(second)
  const [, late] = await Promise.all([second.adapter.complete(), second.adapter.complete()])
  expect(late).toBeUndefined()
  expect(await early).toHaveLength(3)
  expect(second.adapter.pending()).toEqual({ lexical: 0, vectors: 0 })
  expect(await answers(second)).toEqual(expected)
})

test('a record that cannot be read is said to whoever waits, and not for ever', async () => {
  const store = ram()
  const first = await opened(store)
  await remember(first, 0, 20)
  await closed(first.engine)
  const engine = await createEngine({ ...mind(), store, drive: 'manual' })
  open.push(engine)
  const adapter = search()
  const read = (): never => {
    throw new Error('the disk is gone')
  }
  const view = { world: engine.world, tick: 1, now_ms: 0, read }
  const refuse = (): never => {
    throw new Error('nothing is to be said')
  }
  const { signal } = new AbortController()
  const rest = { publish: refuse, ingest: refuse, room: refuse, flushed: refuse, log: silent, signal }
  const outside: Outside = { ...rest, view, committed: () => () => undefined }
  await adapter.start?.(outside)
  await expect(adapter.complete()).rejects.toThrow(/^INDEX_DAMAGED: .*the disk is gone/)
  expect(adapter.pending().lexical).toBe(20)
  await adapter.stop?.()
})

test('before its engine is started it says so', async () => {
  await expect(search().recall('anything')).rejects.toThrow(/^ENGINE_STATE/)
})
