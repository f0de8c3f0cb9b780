import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CallRun, Seen } from '../../adapters/cli/olympia/seen.ts'
import { percentile, wilson } from '../../adapters/cli/olympia/statistics.ts'
import { callsJudge } from '../../adapters/cli/olympia/validate-calls.ts'

const counts = fc
  .integer({ min: 1, max: 5_000 })
  .chain((runs) => fc.tuple(fc.integer({ min: 0, max: runs }), fc.constant(runs)))

test('Wilson’s interval holds its share, stays within 0 and 1, and is the same seen from failures', () => {
  fc.assert(
    fc.property(counts, ([passed, runs]) => {
      const { rate, low, high } = wilson(passed, runs)
      expect(low).toBeGreaterThanOrEqual(0)
      expect(low).toBeLessThanOrEqual(rate)
      expect(high).toBeGreaterThanOrEqual(rate)
      expect(high).toBeLessThanOrEqual(1)
      const turned = wilson(runs - passed, runs)
      expect(turned.low).toBeCloseTo(1 - high, 9)
      expect(turned.high).toBeCloseTo(1 - low, 9)
    }),
  )
})

test('one pass more raises both bounds, and ten times as many runs narrow the interval', () => {
  fc.assert(
    fc.property(counts, ([passed, runs]) => {
      const one = wilson(passed, runs)
      const ten = wilson(passed * 10, runs * 10)
      expect(ten.high - ten.low).toBeLessThan(one.high - one.low)
      if (passed === runs) return
      const more = wilson(passed + 1, runs)
      expect(more.low).toBeGreaterThan(one.low)
      expect(more.high).toBeGreaterThan(one.high)
    }),
  )
})

test('known intervals', () => {
  // Computed from the formula by hand with z = 1.96: 8 of 10, 0 of 10, 10 of 10.
  expect(wilson(8, 10).low).toBeCloseTo(0.4902, 3)
  expect(wilson(8, 10).high).toBeCloseTo(0.9433, 3)
  expect(wilson(0, 10)).toMatchObject({ low: 0, high: expect.closeTo(0.2775, 3) })
  expect(wilson(10, 10)).toMatchObject({ low: expect.closeTo(0.7225, 3), high: 1 })
  expect(wilson(0, 0)).toMatchObject({ low: 0, high: 1 })
})

test('a percentile is one of the values, with its share of them at or under it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, share) => {
        const found = percentile(values, share)
        expect(values).toContain(found)
        const under = values.filter((value) => value <= found).length
        expect(under).toBeGreaterThanOrEqual(Math.floor(share * values.length))
        expect(values.filter((value) => value < found).length).toBeLessThan(share * values.length + 1e-9)
      },
    ),
  )
  expect(percentile([], 0.5)).toBe(0)
  expect(percentile([3, 1, 2], 0.5)).toBe(2)
})

/** Whether some order of the calls meets the expectations one by one: tried out, all of them. */
function canBePaired(expected: readonly number[][], calls: readonly number[]): boolean {
  const [first, ...rest] = expected
  if (first === undefined) return calls.length === 0
  return calls.some((call, at) => first.includes(call) && canBePaired(rest, calls.toSpliced(at, 1)))
}

test('calls in any order pass exactly when they can be paired with what is expected', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1 })
  fc.assert(
    fc.property(
      fc.array(numbers, { maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }),
      (expected, given) => {
        const judge = callsJudge({
          expect: expected.map((allowed) => ({
            tool: 'a',
            arguments: { type: 'object', properties: { n: { enum: allowed } } },
          })),
        })
        const ran = given.map((n): CallRun => ({ tool: 'a', arguments: { n }, result: '' }))
        const seen: Seen = { answer: '', asked: [], ran, ending: { state: 'done', code: '', reason: '' } }
        expect(judge(seen).length === 0).toBe(canBePaired(expected, given))
      },
    ),
    { numRuns: 60 },
  )
})
