import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { EngineError } from '../../engine/errors.ts'
import { flat, openFlat } from '../../stores/flat.ts'
import { openUsearch, usearch } from '../../stores/usearch.ts'
import { answers, clustered, cosine, sourceOf } from '../support/vectors.ts'

const dimensions = 32
const model = 'test/32'
const vectors = new Map(clustered(600, dimensions, 7).map((vector, at) => [at + 1, vector] as const))
const queries = clustered(20, dimensions, 8)
const source = sourceOf(vectors)

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})
async function freshPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vectors-'))
  folders.push(folder)
  return join(folder, 'canonical.vectors')
}

type Options = { warn?: (message: string) => void; dimensions?: number; model?: string; source?: typeof source }
const kinds = [
  {
    name: 'flat',
    fresh: async () => flat({ model, dimensions }),
    open: (path: string, more: Options = {}) => openFlat(path, { model, dimensions, source, ...more }),
  },
  {
    name: 'usearch',
    fresh: () => usearch({ model, dimensions, graph_from: 0 }),
    open: async (path: string, more: Options = {}) => {
      const index = await openUsearch(path, { model, dimensions, source, graph_from: 0, ...more })
      while (index.build(100) > 0);
      return index
    },
  },
]

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown.code
    throw thrown
  }
  return 'nothing was thrown'
}

describe.each(kinds)('$name', ({ fresh, open }) => {
  test('refuses what cannot be compared, and stays as it was', async () => {
    const index = await fresh()
    index.add(1, queries[0]!)
    const before = answers(index, queries, 5)
    const with_ = (value: number): Float32Array => queries[1]!.with(3, value)
    const bad = [with_(Number.NaN), with_(Number.POSITIVE_INFINITY), new Float32Array(dimensions)]
    for (const vector of [...bad, new Float32Array(2 * dimensions).fill(1), new Float32Array(8).fill(1)]) {
      expect(codeOf(() => index.add(1, vector))).toBe('VECTOR_INVALID')
      expect(codeOf(() => index.add(2, vector))).toBe('VECTOR_INVALID')
      expect(codeOf(() => index.search(vector, 3))).toBe('VECTOR_INVALID')
    }
    for (const label of [-1, 1.5, Number.NaN, 2 ** 32]) {
      expect(codeOf(() => index.add(label, queries[1]!))).toBe('VECTOR_INVALID')
    }
    for (const k of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 4097]) {
      expect(codeOf(() => index.search(queries[0]!, k))).toBe('VECTOR_INVALID')
    }
    expect(answers(index, queries, 5)).toEqual(before)
    expect(index.count).toBe(1)
  })

  test('takes vectors of any length, tiny and huge, alike', async () => {
    const index = await fresh()
    for (const [at, factor] of [1, 1e-30, 1e30].entries())
      index.add(
        at + 1,
        queries[0]!.map((x) => x * factor),
      )
    index.build(10)
    const { labels, scores } = index.search(
      queries[0]!.map((x) => x * 1e-20),
      3,
    )
    expect([...labels]).toEqual([1, 2, 3])
    expect(new Set(scores).size).toBe(1)
    expect(scores[0]).toBeGreaterThan(0.9999)
  })

  test('is empty without harm', async () => {
    const index = await fresh()
    expect(index.search(queries[0]!, 10)).toEqual({ labels: new Uint32Array(), scores: new Float64Array() })
    expect(index.remove(1)).toBe(false)
    expect(index.build(10)).toBe(0)
  })

  test('scores are close to those of the vectors that were given', async () => {
    const index = await open(await freshPath())
    for (const query of queries) {
      const { labels, scores } = index.search(query, 5)
      for (const [at, label] of labels.entries()) expect(scores[at]).toBeCloseTo(cosine(query, vectors.get(label)!), 2)
    }
  })

  test('a saved index answers as before, and catches up with the record', async () => {
    const path = await freshPath()
    const first = await open(path)
    await first.save(path)
    expect((await stat(path)).mode & 0o077).toBe(0)
    const warnings: string[] = []
    const warn = (message: string): void => void warnings.push(message)
    const again = await open(path, { warn })
    expect(answers(again, queries, 10)).toEqual(answers(first, queries, 10))
    const changed = new Map([...vectors].filter(([label]) => label % 5 !== 0))
    changed.set(9001, queries[0]!)
    const caughtUp = await open(path, { warn, source: sourceOf(changed) })
    expect(caughtUp.count).toBe(changed.size)
    expect(caughtUp.search(queries[0]!, 1).labels[0]).toBe(9001)
    for (const query of queries)
      for (const label of caughtUp.search(query, 50).labels) expect(changed.has(label)).toBe(true)
    expect(warnings).toEqual([])
  })

  test('a file that is missing, cut, flipped or of other vectors is not used: the index is made anew with the same answers', async () => {
    const path = await freshPath()
    const saved = await open(path)
    const expected = answers(saved, queries, 10)
    await saved.save(path)
    const whole = await readFile(path)
    const cut = (length: number) => whole.subarray(0, length)
    const flipped = (at: number) => {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1
      return bytes
    }
    const files = [0, 5, 15, 40, whole.length - 1].map(cut)
    for (let at = 0; at < whole.length; at += 997) files.push(flipped(at))
    files.push(Buffer.alloc(whole.length), Buffer.concat([whole, whole]), Buffer.from('text in place'))
    for (const bytes of files) {
      await writeFile(path, bytes)
      const warnings: string[] = []
      const index = await open(path, { warn: (message) => void warnings.push(message) })
      expect(answers(index, queries, 10)).toEqual(expected)
      expect(warnings).toEqual([expect.stringMatching(/^INDEX_DAMAGED: .*made anew from the record$/)])
    }
    await rm(path)
    expect(answers(await open(path), queries, 10)).toEqual(expected)
  })

  test('vectors of another model or of other dimensions are never taken for these', async () => {
    const path = await freshPath()
    const saved = await open(path)
    await saved.save(path)
    const warnings: string[] = []
    const warn = (message: string): void => void warnings.push(message)
    const other = await open(path, { warn, model: 'other/32', source: sourceOf(new Map()) })
    expect([other.count, other.model]).toEqual([0, 'other/32'])
    const shorter = new Map([[3, new Float32Array(16).fill(1)]])
    const quarter = await open(path, { warn, dimensions: 16, source: sourceOf(shorter) })
    expect([quarter.count, quarter.dimensions]).toEqual([1, 16])
    expect(warnings).toHaveLength(2)
  })
})

describe('usearch', () => {
  const open = kinds[1]!.open

  test('gives the scores of flat to the bit, and the same bytes and answers in every run', async () => {
    const paths = [await freshPath(), await freshPath()]
    const graphs: Buffer[] = []
    const exact = flat({ model, dimensions })
    for (const [label, vector] of vectors) exact.add(label, vector)
    for (const path of paths) {
      const index = await open(path)
      expect(answers(index, queries, 10)).toEqual(answers(exact, queries, 10))
      await index.save(path)
      graphs.push(await readFile(`${path}.graph`))
    }
    expect(graphs[0]!.equals(graphs[1]!)).toBe(true)
  })

  test('a bad graph is never loaded: the column answers until it is built anew', async () => {
    const path = await freshPath()
    const saved = await open(path)
    const expected = answers(saved, queries, 10)
    await saved.save(path)
    const whole = await readFile(`${path}.graph`)
    const flipped = Buffer.from(whole)
    flipped[whole.length >> 1]! ^= 16
    for (const bytes of [
      flipped,
      whole.subarray(0, whole.length - 1),
      Buffer.alloc(0),
      Buffer.from('garbage'),
      undefined,
    ]) {
      if (bytes === undefined) await rm(`${path}.graph`)
      else await writeFile(`${path}.graph`, bytes)
      const warnings: string[] = []
      const empty = sourceOf(new Map([...vectors.keys()].map((label) => [label, undefined as unknown as Float32Array])))
      const options = {
        model,
        dimensions,
        graph_from: 0,
        source: empty,
        warn: (said: string) => void warnings.push(said),
      }
      const index = await openUsearch(path, options)
      expect(warnings).toHaveLength(1)
      expect(answers(index, queries, 10)).toEqual(expected)
      while (index.build(64) > 0);
      expect(answers(index, queries, 10)).toEqual(expected)
    }
  })

  test('a graph and a column of two different saves are told apart', async () => {
    const path = await freshPath()
    const index = await open(path)
    await index.save(path)
    const column = await readFile(path)
    index.remove(17)
    await index.save(path)
    await writeFile(path, column)
    const warnings: string[] = []
    const again = await open(path, { warn: (said) => void warnings.push(said) })
    expect(warnings).toEqual([expect.stringContaining('its hash does not match')])
    expect(again.count).toBe(vectors.size)
  })

  test('what changes while it is saved is not half in the files', async () => {
    const path = await freshPath()
    const index = await open(path)
    const expected = answers(index, queries, 10)
    const saving = index.save(path)
    for (let label = 1; label <= 300; label++) index.remove(label)
    index.add(9_001, queries[0]!)
    await saving
    const warnings: string[] = []
    const again = await open(path, { warn: (said) => void warnings.push(said) })
    expect([again.count, warnings]).toEqual([vectors.size, []])
    expect(answers(again, queries, 10)).toEqual(expected)
  })

  test('few vectors need no graph, and a filter that lets one through still finds it', async () => {
    const small = await usearch({ model, dimensions })
    for (const [label, vector] of vectors) small.add(label, vector)
    expect(small.build(10)).toBe(0)
    const large = await open(await freshPath())
    for (const index of [small, large]) {
      for (const query of queries) expect([...index.search(query, 10, (label) => label === 571).labels]).toEqual([571])
    }
  })
})
