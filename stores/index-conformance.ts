import type { TestApi } from './conformance.ts'

/** What is asked of an index of vectors here; `VectorIndex` of the mind has this shape. */
export type TestedIndex = {
  readonly dimensions: number
  readonly count: number
  has(label: number): boolean
  add(label: number, vector: Float32Array): void
  remove(label: number): boolean
  search(
    vector: Float32Array,
    k: number,
    accept?: (label: number) => boolean,
  ): { readonly labels: Uint32Array; readonly scores: Float64Array }
  build(vectors_max: number): number
}

const dimensions = 16
const many = 300

/**
 * What every index of vectors must pass, for any test runner.
 * @param make a new, empty index of these dimensions for each test
 */
export function vectorIndexConformance(
  name: string,
  make: (dimensions: number) => Promise<TestedIndex>,
  api: TestApi,
): void {
  const { describe, test, expect } = api
  const filled = async (): Promise<TestedIndex> => {
    const index = await make(dimensions)
    for (let label = 1; label <= many; label++) index.add(label, vectorOf(label))
    return index
  }

  describe(`${name} conforms to VectorIndex`, () => {
    test('an empty index finds nothing, without harm', async () => {
      const index = await make(dimensions)
      expect([index.dimensions, index.count, index.build(10), index.remove(1)]).toEqual([dimensions, 0, 0, false])
      expect([...index.search(vectorOf(1), 10).labels]).toEqual([])
    })

    test('a vector is nearest to itself, before and after it is built in', async () => {
      const index = await filled()
      for (const round of ['before', 'after']) {
        const found = Array.from({ length: many }, (_, at) => index.search(vectorOf(at + 1), 1).labels[0])
        expect(found.filter((label, at) => label === at + 1).length).toBe(many)
        if (round === 'before') while (index.build(64) > 0);
      }
    })

    test('the best come first, with their cosine, and only those that may', async () => {
      const index = await filled()
      while (index.build(64) > 0);
      const { labels, scores } = index.search(vectorOf(7), 20, (label) => label % 2 === 1)
      expect(labels.length).toBe(20)
      expect([...labels].every((label) => label % 2 === 1)).toBe(true)
      expect([...scores]).toEqual([...scores].sort((a, b) => b - a))
      const wrong = [...labels].filter(
        (label, at) => Math.abs(scores[at]! - cosine(vectorOf(7), vectorOf(label))) > 0.02,
      )
      expect(wrong).toEqual([])
    })

    test('a label has one vector: the last that it was given; removed, it is found no more', async () => {
      const index = await filled()
      while (index.build(64) > 0);
      index.add(5, vectorOf(9_999))
      expect([index.count, index.search(vectorOf(9_999), 1).labels[0]]).toEqual([many, 5])
      expect([index.remove(5), index.remove(5), index.has(5), index.count]).toEqual([true, false, false, many - 1])
      expect([...index.search(vectorOf(9_999), many).labels].includes(5)).toBe(false)
    })

    test('what cannot be compared is refused, and nothing changes', async () => {
      const index = await filled()
      const nan = vectorOf(1)
      nan[3] = Number.NaN
      const bad = [nan, new Float32Array(dimensions), new Float32Array(dimensions * 2).fill(1)]
      const refused = bad.filter(
        (vector) => throws(() => index.add(1, vector)) && throws(() => index.search(vector, 1)),
      )
      const labels = [-1, 0.5, 2 * 2_147_483_648].filter((label) => throws(() => index.add(label, vectorOf(1))))
      const counts = [0, -1, 0.5, Number.NaN, 4_097].filter((k) => throws(() => index.search(vectorOf(1), k)))
      expect([refused.length, labels.length, counts.length]).toEqual([3, 3, 5])
      expect([index.count, index.search(vectorOf(1), 1).labels[0]]).toEqual([many, 1])
    })
  })
}

/** The same vector for the same label, everywhere. */
function vectorOf(label: number): Float32Array {
  let state = label * 2_654_435_761
  return Float32Array.from({ length: dimensions }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0
    return state / 2_147_483_648 - 1
  })
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, each, at) => sum + each * y[at]!, 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/** Whether it was refused with an error that has a code. */
function throws(work: () => unknown): boolean {
  try {
    work()
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown
  }
  return false
}
