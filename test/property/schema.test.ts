import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EngineError } from '../../engine/errors.ts'
import { eventType, objectOf } from '../../engine/flow/event.ts'
import { Inbox } from '../../engine/flow/inbox.ts'
import { defaultLimits } from '../../engine/limits.ts'
import { compileSchema } from '../../engine/schema.ts'

function thrownBy(work: () => unknown): EngineError | undefined {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown
    throw thrown
  }
  return undefined
}

describe('Schema', () => {
  const check = compileSchema(
    objectOf({
      text: { type: 'string', pattern: '^[a-z]+$' },
      'count?': { type: 'integer', minimum: 0 },
      tags: { type: 'array', items: { enum: ['a', 'b'] } },
    }),
    'sample',
  )

  test('names every problem by where it is', () => {
    expect(check({ text: 'a', tags: [] })).toEqual([])
    expect(check({ text: 'a', tags: ['a', 'c'], count: 1 })).toEqual([
      { path: 'tags.1', message: 'must be one of ["a","b"]' },
    ])
    expect(
      check({ tags: [], more: 1 })
        .map((problem) => problem.path)
        .sort(),
    ).toEqual(['more', 'text'])
    for (const wrong of [null, 1, 'x', [], undefined]) expect(check(wrong)[0]?.path).toBe('')
    expect(check({ text: 'a', tags: [], count: Number.NaN })).not.toEqual([])
  })

  test('refuses inherited keys and prototype names', () => {
    expect(check(Object.create({ text: 'a', tags: [] }))).not.toEqual([])
    expect(check(JSON.parse('{"text":"a","tags":[],"__proto__":1}'))).not.toEqual([])
  })

  test('is pure: the same value gives the same answer, and is not changed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = JSON.stringify(value)
        const first = check(value)
        expect(check(value)).toEqual(first)
        expect(JSON.stringify(value)).toBe(before)
      }),
    )
  })

  test.each([
    ['a pattern', { type: 'string', pattern: '^(a+)+$' }],
    ['a property pattern', { type: 'object', patternProperties: { '^(a+)+$': {} } }],
    ['a pattern far down', { type: 'array', items: { anyOf: [{ type: 'string', pattern: '(x+x+)+y' }] } }],
    ['an unknown word', { type: 'string', patern: 'x' }],
    ['a wrong type', { type: 'text' }],
  ])('refuses %s that is not safe to use', (_name, schema) => {
    expect(thrownBy(() => compileSchema(schema, 'bad'))?.code).toBe('SCHEMA_INVALID')
  })
})

describe('The edge', () => {
  const Any = eventType('any', { type: 'object' })
  const Strict = eventType('strict', objectOf({ n: { type: 'number' }, 'text?': { type: 'string' } }))
  const inbox = new Inbox([Any, Strict], { ...defaultLimits, event_bytes_max: 200 })
  const payload = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<string>, {
    maxKeys: 3,
  })

  test('what is heard is what the journal holds, in the order of keys it was given', () => {
    const wide = new Inbox([Any], defaultLimits)
    fc.assert(
      fc.property(payload, (given) => {
        const { event, chunk, start, end } = wide.parcel({ type: 'any', payload: given, id: 'i', ts: 1 }, 'test')
        const text = chunk.bytes.toString('utf8', start, end)
        expect(JSON.parse(text)).toEqual(event)
        expect(JSON.stringify(event)).toBe(text)
        expect(Object.keys(event.payload)).toEqual(Object.keys(given))
      }),
    )
  })

  test('the publisher keeps nothing of it', () => {
    const given = { deep: { list: [1, 2] } }
    const { event } = inbox.parcel({ type: 'any', payload: given }, 'test')
    given.deep.list.push(3)
    expect(event.payload).toEqual({ deep: { list: [1, 2] } })
  })

  test.each([
    ['a number that is none', { type: 'strict', payload: { n: Number.NaN } }],
    ['a payload that is missing', { type: 'strict' }],
    ['a cycle', { type: 'any', payload: cycle() }],
    ['a bigint', { type: 'any', payload: { n: 1n } }],
    ['an object that JSON turns into a text', { type: 'any', payload: new Date(0) }],
    ['a part that JSON turns into another type', { type: 'strict', payload: { n: 1, text: { toJSON: () => 5 } } }],
    ['a time that is none', { type: 'any', payload: {}, ts: Number.NaN }],
    ['an id that is no text', { type: 'any', payload: {}, id: 7 }],
    ['a source without a kind', { type: 'any', payload: {}, source: { channel: 'c' } }],
    ['a source that is a text', { type: 'any', payload: {}, source: 'discord' }],
  ])('refuses %s', (_name, input) => {
    expect(thrownBy(() => inbox.parcel(input as never, 'test'))?.code).toBe('EVENT_INVALID')
  })

  test('leaves out what JSON leaves out', () => {
    const { event } = inbox.parcel({ type: 'strict', payload: { n: 1, text: undefined, other: undefined } }, 'test')
    expect(event.payload).toEqual({ n: 1 })
  })

  test('counts bytes, not characters', () => {
    const of = (text: string) => inbox.parcel({ type: 'any', payload: { text }, id: 'i', ts: 1 }, 'test')
    expect(of('x'.repeat(100)).event.payload).toEqual({ text: 'x'.repeat(100) })
    expect(thrownBy(() => of('x'.repeat(200)))?.code).toBe('EVENT_TOO_LARGE')
    expect(thrownBy(() => of('語'.repeat(100)))?.code).toBe('EVENT_TOO_LARGE')
  })

  test('a type nobody declared is refused, prototype names too', () => {
    for (const type of ['nothing', '__proto__', 'constructor']) {
      expect(thrownBy(() => inbox.parcel({ type, payload: {} }, 'test'))?.code).toBe('EVENT_TYPE_UNKNOWN')
    }
  })
})

function cycle(): object {
  const round: { self?: object } = {}
  round.self = round
  return round
}
