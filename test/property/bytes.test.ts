import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena, copyLines, type Span } from '../../engine/flow/arena.ts'
import { plainCopy } from '../../engine/flow/plain.ts'
import { EntryWriter } from '../../engine/record/entry.ts'
import { frameText, recordName, recordSeed } from '../../engine/record/frame.ts'
import { chain, encodeEntry } from '../../engine/record/journal.ts'
import { Slab } from '../../engine/record/slab.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 30 })

describe('A plain copy', () => {
  const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

  test('is what JSON gives back, or there is none', () => {
    const values = fc.anything({
      withDate: true,
      withNullPrototype: true,
      withSparseArray: true,
      withBoxedValues: true,
    })
    fc.assert(
      fc.property(values, (value) => {
        const copy = plainCopy(value)
        if (copy === undefined) return
        expect(copy).toStrictEqual(through(value))
        expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
      }),
      { numRuns: 2000 },
    )
  })

  test('is made of all that is plain, and shares nothing with it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const copy = plainCopy(value)
        if (JSON.stringify(value).includes('__proto__')) return
        expect(copy).toStrictEqual(through(value))
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value)
      }),
    )
  })

  test.each([
    ['members that are undefined fall away', { a: undefined, b: 1 }, { b: 1 }],
    ['minus nought is nought', [-0, 1], [0, 1]],
    ['lone surrogates stay', { a: '\ud800' }, { a: '\ud800' }],
  ])('%s', (_name, value, expected) => {
    expect(plainCopy(value)).toStrictEqual(expected)
  })

  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  test.each([
    ['NaN', { a: Number.NaN }],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['a hole', new Array(2)],
    ['undefined in a list', [undefined]],
    ['a function', { a: () => 1 }],
    ['a symbol', { a: Symbol('a') }],
    ['a big integer', { a: 1n }],
    ['a date', { a: new Date(0) }],
    ['toJSON', { toJSON: () => 1 }],
    ['an inherited toJSON', Object.create({ toJSON: () => 1 })],
    ['an instance', new (class Thing {})()],
    ['a boxed text', { a: Object('x') }],
    ['a key that sets the prototype', JSON.parse('{"__proto__":{"a":1}}')],
    ['a value that holds itself', cycle],
    ['undefined itself', undefined],
  ])('there is none of %s', (_name, value) => {
    expect(plainCopy(value)).toBeUndefined()
  })
})

describe('Texts in an arena', () => {
  test('come out as they went in, whatever is taken and released between', () => {
    const lengths = fc.array(fc.tuple(fc.nat(40_000), fc.constantFrom('a', 'ä', '€', '😀'), fc.boolean()), {
      maxLength: 80,
    })
    fc.assert(
      fc.property(lengths, (given) => {
        const arena = new Arena()
        let waiting: { span: Span; text: string }[] = []
        for (const [length, letter, takes] of given) {
          const text = letter.repeat(length)
          waiting.push({ span: arena.write(text), text })
          if (!takes) continue
          expect(taken(waiting)).toBe(true)
          waiting = []
        }
        expect(taken(waiting)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  function taken(waiting: readonly { span: Span; text: string }[]): boolean {
    const lines = Buffer.from(waiting.map(({ text }) => text).join('\n'))
    const into = Buffer.alloc(lines.byteLength + 7)
    const end = copyLines(
      waiting.map(({ span }) => span),
      into,
      7,
    )
    return end === into.byteLength && into.subarray(7).equals(lines)
  }

  test('use the memory of those that were released', () => {
    const arena = new Arena()
    const chunks = new Set<unknown>()
    const into = Buffer.alloc(1 << 20)
    for (let round = 0; round < 200; round++) {
      const span = arena.write('x'.repeat(300_000))
      chunks.add(span.chunk)
      copyLines([span], into, 0)
    }
    expect(chunks.size).toBe(1)
  })
})

describe('Frames in a slab', () => {
  test('are those of their records, over many ticks and sizes', () => {
    const slab = new Slab()
    const records = fc.array(fc.tuple(fc.constantFrom('text', 'meta'), fc.nat(), anyText, fc.nat(4)), { maxLength: 20 })
    fc.assert(
      fc.property(records, (given) => {
        slab.reset()
        const frames = given.map(([table, key, text, times]) => {
          const whole = text.repeat(times ** 8)
          const bytes = slab.frame(whole, recordSeed(table, key))
          const sum = slab.crc
          expect(slab.sum('between', 1)).toBe(crc32('between', 1))
          return { bytes, sum, expected: frameText(whole, recordName(table, key)) }
        })
        for (const { bytes, sum, expected } of frames) {
          expect(expected.equals(bytes)).toBe(true)
          expect(sum).toBe(expected.readUInt32LE(0))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('the seed of a record is the sum of its name', () => {
    const keys = fc.oneof(
      fc.nat(),
      fc.maxSafeNat(),
      fc.double(),
      fc.constantFrom(0, 1, 9, 10, 2 ** 32, 2 ** 53 - 1, -1),
    )
    fc.assert(
      fc.property(anyText, keys, (table, key) => {
        expect(recordSeed(table, key)).toBe(crc32(recordName(table, key)))
      }),
    )
  })
})

test('an entry written in place is the entry that its text makes, and the chain takes both alike', () => {
  const writer = new EntryWriter()
  const arena = new Arena()
  const heads = fc.record({ digest: anyText, wide: fc.boolean(), tick: fc.maxSafeNat() })
  fc.assert(
    fc.property(heads, fc.array(anyText, { maxLength: 8 }), ({ digest, wide, tick }, texts) => {
      const head = { tick, digest: wide ? digest.padEnd(70_000, '€') : digest, outputs: { a: 1 } }
      const lines = texts.map((text) => JSON.stringify(text))
      const batch = writer.batch(lines.map((line) => arena.write(line)))
      const text = lines.join('\n')
      expect(Buffer.from(text).equals(batch)).toBe(true)
      expect(chain('before', tick, batch, head.outputs)).toBe(chain('before', tick, text, head.outputs))
      expect(encodeEntry(head, text).equals(writer.entry(head))).toBe(true)
    }),
  )
})
