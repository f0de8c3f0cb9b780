import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flat } from '../../stores/flat.ts'
import { usearch } from '../../stores/usearch.ts'
import type { VectorIndex } from '../../systems/eidolon/vector-index.ts'
import { cosine, plain } from '../support/vectors.ts'

const dimensions = 5
const component = fc.integer({ min: -127, max: 127 })
/** The largest component is 127, so a vector of bytes is kept as it is and a naive search has the same vectors. */
const vector = fc
  .array(component, { minLength: dimensions, maxLength: dimensions })
  .map((given) => Float32Array.from(given.with(given.length - 1, 127)))
const label = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0xffffffff, 0x80000000))
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), label, vector }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), label }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('build' as const), most: fc.integer({ min: 1, max: 9 }) }) },
)

function apply(index: VectorIndex, model: Map<number, Float32Array>, one: Step): void {
  if (one.kind === 'add') {
    index.add(one.label, one.vector)
    model.set(one.label, one.vector)
  } else if (one.kind === 'remove') expect(index.remove(one.label)).toBe(model.delete(one.label))
  else index.build(one.most)
}

type Step =
  | { kind: 'add'; label: number; vector: Float32Array }
  | { kind: 'remove'; label: number }
  | { kind: 'build'; most: number }

/** The k best as the textbook finds them, best first, equal ones by label. */
function naive(model: Map<number, Float32Array>, query: Float32Array, k: number, accept: (label: number) => boolean) {
  return [...model]
    .filter(([each]) => accept(each))
    .map(([each, there]) => [each, cosine(query, there)] as const)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, k)
}

test.each([
  ['flat', async () => flat({ model: 'm', dimensions })],
  ['usearch', async () => usearch({ model: 'm', dimensions, graph_from: 0 })],
])('%s finds what a naive search finds, whatever was added, removed and built before', async (_name, make) => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 80 }),
    vector,
    fc.integer({ min: 1, max: 60 }),
    fc.boolean(),
    async (steps, query, k, filtered) => {
      const index: VectorIndex = await make()
      const model = new Map<number, Float32Array>()
      for (const one of steps) apply(index, model, one)
      expect(index.count).toBe(model.size)
      for (const each of [0, 7, 0xffffffff]) expect(index.has(each)).toBe(model.has(each))
      const accept = (each: number): boolean => !filtered || each % 3 === 0
      const hits = plain(index.search(query, k, filtered ? accept : undefined))
      const expected = naive(model, query, k, accept)
      expect(hits.map(([, score]) => score)).toHaveLength(expected.length)
      for (const [at, [each, score]] of hits.entries()) {
        expect(score).toBeCloseTo(expected[at]![1], 9)
        expect(score).toBeCloseTo(cosine(query, model.get(each!)!), 9)
        const before = hits[at - 1]
        if (before !== undefined) expect(before[1]! > score! || (before[1] === score && before[0]! < each!)).toBe(true)
      }
    },
  )
  await fc.assert(property, { numRuns: 60 })
})
