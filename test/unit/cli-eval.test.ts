import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ndcgAt10, pairScore, pointAt, qualityOf, quantile, recallAt } from '../../adapters/cli/eval/metrics.ts'

test('recall is the share of the gold ids among the first k', () => {
  expect(recallAt(1, ['a', 'b'], ['a', 'c'])).toBe(0.5)
  expect(recallAt(2, ['a', 'b', 'c'], ['b', 'b', 'c'])).toBe(0.5)
  expect(recallAt(5, [], ['a'])).toBe(0)
})

test('ndcg is one for the gold ids on top and falls with their place', () => {
  expect(ndcgAt10(['a', 'b', 'c'], ['b', 'a'])).toBe(1)
  expect(ndcgAt10(['x', 'a'], ['a'])).toBeCloseTo(1 / Math.log2(3), 12)
  expect(ndcgAt10([...'0123456789', 'a'], ['a'])).toBe(0)
})

test('quality is between none and all, and deeper never finds less', () => {
  const ids = fc.array(fc.constantFrom(...'abcdefghij'), { maxLength: 25 })
  const ranked = fc.array(fc.record({ found: ids, gold: fc.array(fc.constantFrom(...'abcxyz'), { minLength: 1 }) }))
  fc.assert(
    fc.property(ranked, (questions) => {
      const { recall, ndcg_10 } = qualityOf(questions)
      const values = [0, recall[1], recall[2], recall[5], recall[10], recall[20], 1]
      expect(values.every((value, at) => at === 0 || value >= values[at - 1]! - 1e-12)).toBe(true)
      expect(ndcg_10 >= 0 && ndcg_10 <= 1 + 1e-12).toBe(true)
    }),
  )
})

test('a quantile is one of the values', () => {
  expect(quantile([5, 1, 4, 2, 3], 0.5)).toBe(3)
  expect(quantile([5, 1, 4, 2, 3], 0.99)).toBe(5)
  expect(quantile([], 0.5)).toBe(0)
})

test('at the threshold the wanted share of the right ones is answered, and no higher threshold would do', () => {
  expect(pointAt(0.75, [0.9, 0.8, 0.7, 0.1], [0.95, 0.6, 0.7, 0.2])).toEqual({
    threshold: 0.7,
    right: 0.75,
    wrong: 0.5,
  })
  const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(values, values, fc.double({ min: 0.1, max: 1, noNaN: true }), (right, wrong, share) => {
      const point = pointAt(share, right, wrong)
      expect(point.right).toBeGreaterThanOrEqual(share - 1e-9)
      expect(right.filter((value) => value > point.threshold).length).toBeLessThan(share * right.length + 1e-9)
    }),
  )
})

test('pairs of one family are compared with the pairs that were said', () => {
  expect(pairScore(['a', 'a', 'b', 'b'], ['1', '1', '2', '3'])).toEqual({
    precision: 1,
    recall: 0.5,
    pairs: 2,
    said: 1,
  })
  expect(pairScore(['a', 'a', 'b'], ['1', '1', '1'])).toMatchObject({ precision: 1 / 3, recall: 1 })
  expect(pairScore(['a', 'b'], ['1', '2'])).toEqual({ precision: 1, recall: 1, pairs: 0, said: 0 })
})
