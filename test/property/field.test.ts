import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Circumstances,
  classesOf,
  digestOf,
  embeddingBucket_ms,
  fieldAt,
  phraseOf,
  queryBucket_ms,
} from '../../systems/eidolon/field.ts'

const name = fc.constantFrom('a', 'b', 'src/discord', 'err:timeout', 'topic/build', 'ä', '__proto__', 'Z')
const amount = fc.double({ min: 0, max: 100_000, noNaN: true })
const counts = fc.dictionary(name, amount)
const circumstances: fc.Arbitrary<Circumstances> = fc.record({
  health: fc.constantFrom('ok', 'store_full'),
  focus: fc.constantFrom('', 'build', 'garden'),
  rates: counts,
  backlog: amount,
  memory_age_ms: fc.double({ min: 0, max: 1e9, noNaN: true }),
  outbox_oldest_ms: fc.double({ min: 0, max: 1e7, noNaN: true }),
  errors: fc.array(name, { maxLength: 12 }),
  tags: counts,
  keys: counts,
})
const calm: Circumstances = {
  ...{ health: 'ok', focus: '', rates: { discord: 3 }, backlog: 0, memory_age_ms: 0, outbox_oldest_ms: 0 },
  ...{ errors: ['timeout'], tags: { 'topic/build': 4 }, keys: {} },
}

const turned = <T>(from: { readonly [key: string]: T }): { [key: string]: T } =>
  Object.fromEntries(Object.entries(from).toReversed())
const hashOf = (now: Circumstances): number[] => {
  const { hash_high, hash_low } = digestOf(classesOf(now))
  return [hash_high, hash_low]
}

describe('The field digest', () => {
  test('is blind to the order in which things are named', () => {
    fc.assert(
      fc.property(circumstances, (now) => {
        const other = {
          ...turned(now as never),
          rates: turned(now.rates),
          tags: turned(now.tags),
          keys: turned(now.keys),
        }
        const shuffled = { ...other, errors: [...now.errors, ...now.errors].toReversed() } as unknown as Circumstances
        expect(hashOf(shuffled)).toEqual(hashOf(now))
      }),
    )
  })

  test('same classes, same hash; other classes, other hash', () => {
    fc.assert(
      fc.property(circumstances, circumstances, (one, other) => {
        const same = JSON.stringify(classesOf(one)) === JSON.stringify(classesOf(other))
        expect(digestOf(classesOf(one)).text === digestOf(classesOf(other)).text).toBe(same)
        expect(JSON.stringify(hashOf(one)) === JSON.stringify(hashOf(other))).toBe(same)
      }),
    )
    const within = { ...calm, rates: { discord: 9 }, backlog: 99, memory_age_ms: 59_000, outbox_oldest_ms: 9_000 }
    expect(hashOf(within)).toEqual(hashOf(calm))
    expect(hashOf({ ...calm, backlog: 100 })).not.toEqual(hashOf(calm))
  })

  test('every boundary belongs to the class above; what is no number is of the lowest', () => {
    const backlogs = [0, 99, 100, 999, 1_000, 9_999, 10_000, Number.POSITIVE_INFINITY, Number.NaN, -1]
    const classes = backlogs.map((backlog) => classesOf({ ...calm, backlog }).backlog)
    expect(classes).toEqual(['low', 'low', 'med', 'med', 'high', 'high', 'flood', 'flood', 'low', 'low'])
    const waits = [0, 10_000, 60_000, 600_000].map(
      (outbox_oldest_ms) => classesOf({ ...calm, outbox_oldest_ms }).outbox,
    )
    expect(waits).toEqual(['fresh', 'stale', 'old', 'critical'])
  })

  test('names only the most seen', () => {
    const tags = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`t${at}`, at]))
    expect(classesOf({ ...calm, tags }).tags).toEqual(['t32', 't33', 't34', 't35', 't36', 't37', 't38', 't39'])
  })

  test('stays through its stretch of time, and is made anew in the next', () => {
    fc.assert(
      fc.property(circumstances, fc.constantFrom(embeddingBucket_ms, queryBucket_ms), (now, bucket_ms) => {
        const first = fieldAt(undefined, now, bucket_ms * 7, bucket_ms)
        expect(fieldAt(first, now, bucket_ms * 8 - 1, bucket_ms)).toBe(first)
        const tagged = { ...now, tags: { other: 1 }, keys: {}, memory_age_ms: 1e12 }
        expect(fieldAt(first, tagged, bucket_ms * 8 - 1, bucket_ms)).toBe(first)
        const next = fieldAt(first, tagged, bucket_ms * 8, bucket_ms)
        expect([next.bucket, next.classes]).toEqual([8, classesOf(tagged)])
      }),
    )
  })

  test.each<[string, Partial<Circumstances>, boolean]>([
    ['health', { health: 'store_full' }, true],
    ['focus', { focus: 'garden' }, true],
    ['a new family of errors', { errors: ['timeout', 'disk'] }, true],
    ['a backlog that becomes high', { backlog: 1_000 }, true],
    ['a rate that becomes a flood', { rates: { discord: 5_000 } }, true],
    ['a critical outbox', { outbox_oldest_ms: 600_000 }, true],
    ['an outbox that is only old', { outbox_oldest_ms: 599_999 }, false],
    ['a backlog that stays below high', { backlog: 999 }, false],
    ['a family of errors that is gone', { errors: [] }, false],
    ['other tags', { tags: { other: 9 } }, false],
  ])('%s: within the stretch it changes the field, or does not', (_what, change, expected) => {
    const first = fieldAt(undefined, calm, 1_000, queryBucket_ms)
    const then = fieldAt(first, { ...calm, ...change }, 2_000, queryBucket_ms)
    expect(then !== first).toBe(expected)
    expect(then.bucket).toBe(first.bucket)
    if (expected) expect(fieldAt(then, calm, 3_000, queryBucket_ms) === then).toBe(_what.includes('family'))
  })

  test('reads as a line', () => {
    const said = phraseOf(classesOf({ ...calm, focus: 'build' }))
    expect(said).toBe('health ok, focus build, backlog low, outbox fresh, discord low, timeout, topic/build')
  })
})
