import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { vectorStore } from '../../adapters/cli/vector-store.ts'
import { ngramVector } from '../../adapters/offline/embed.ts'
import { offline } from '../../adapters/offline.ts'
import { search } from '../../adapters/search.ts'
import { createEngine } from '../../engine/index.ts'
import { flat } from '../../stores/flat.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { segments } from '../../stores/segments.ts'
import { servingModel, vectorSource } from '../../systems/eidolon/vectors.ts'
import { mind } from '../../systems/index.ts'
import { lanesOf } from '../../systems/recall.ts'
import { programAt } from '../support/command.ts'
import { answers } from '../support/vectors.ts'

const child = programAt('test/e2e/embedding-child.ts')
let folder = ''
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Runs the child until it has begun to save so many times, and kills it a moment later. */
async function killed(data: string, indexes: string, saves: number, after_ms: number): Promise<void> {
  const running = spawn(process.execPath, [child, data, indexes], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(running, 'exit')
  let begun = 0
  for await (const chunk of running.stdout) {
    begun += String(chunk).split('saving').length - 1
    if (begun >= saves) break
  }
  await wait(after_ms)
  running.kill('SIGKILL')
  await ended
  expect(begun).toBeGreaterThanOrEqual(saves)
}

test('killed while they are saved, all indexes are whole again at the next start', async () => {
  folder = await mkdtemp(join(tmpdir(), 'kill-'))
  const [data, indexes] = [join(folder, 'data'), join(folder, 'indexes')]
  for (const [saves, after_ms] of [
    [1, 0],
    [2, 2],
    [3, 5],
  ] as const) {
    await killed(data, indexes, saves, after_ms)
    const adapter = search({ files: segments(`${indexes}/search`), vectors: vectorStore(`${indexes}/vectors`) })
    const engine = await createEngine({ ...mind(), store: lmdb(data), adapters: [adapter, offline()] })
    await engine.start()
    await adapter.complete()
    expect(adapter.pending()).toEqual({ lexical: 0, vectors: 0 })
    const model = servingModel(engine)!
    const expected = flat({ model: model.key, dimensions: model.dimensions })
    const source = vectorSource(engine, model)
    for (const label of source.labels()) expected.add(label, source.vector(label)!)
    const queries = ['Mina saw lighthouse 62', 'Otto'].map(ngramVector)
    const { canonical } = lanesOf(engine.world)
    expect(canonical?.count).toBe(expected.count)
    expect(answers(canonical!, queries, 10)).toEqual(answers(expected, queries, 10))
    const { hits } = await adapter.recall('lighthouse 31')
    expect(hits[0]?.text).toMatch(/^Lighthouse 31 /)
    await engine.stop()
    for (const name of ['search', 'vectors']) {
      const left = await readdir(join(indexes, name))
      expect(left.filter((file) => file.endsWith('.part'))).toEqual([])
    }
  }
}, 60_000)
