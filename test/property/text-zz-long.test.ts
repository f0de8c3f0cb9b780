import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSpans, type Span } from '../../systems/text/chunks.ts'
import { hashText } from '../../systems/text/hash.ts'
import { reveal } from '../../systems/text/hidden.ts'
import { normalForm } from '../../systems/text/normal.ts'
import { likeness, readSketch, resemblance, Sketch } from '../../systems/text/shingles.ts'
import { foldWord, forgetWords } from '../../systems/text/word-cache.ts'
import { readWords, WordFlag, Words } from '../../systems/text/words.ts'

const piece = fc.constantFrom(
  ...[
    '12:34',
    '2023-05-07',
    'T10:00:00Z',
    '12345678',
    'deadbeef01',
    '0x7ffe12345678',
    '35ms',
    '1,000',
    '3.14',
    '<@1>',
    '<#2>',
    '<@&3>',
  ],
  ...[
    '550e8400-e29b-41d4-a716-446655440000',
    'http://A.b:80/c?utm_a=1&b=2#d',
    'https://x/(y)?#',
    'HTTP://Q:443',
    '?utm_x=(&b=)',
    '#',
  ],
  ...[
    'fooBar',
    'foo_bar',
    "don't",
    'Ann’s',
    'Dr.',
    'HTTPServer',
    '日本語',
    '水',
    'é',
    'e\u0301',
    'ﬁ',
    'пaypal',
    'pаypal',
    'ß',
    'İ',
    'Σας',
  ],
  ...[
    '\u200b',
    '\u202e',
    '\ufe0f',
    '\u{e0041}',
    '\u{1f600}',
    '\ud800',
    '\udc00',
    '\0',
    '__proto__',
    '\u115f',
    '\u3164',
    '\u1100\u1161',
  ],
  ...[
    ' ',
    '  ',
    '\n',
    '\r\n\r\n',
    '\t',
    '.',
    '. ',
    '-',
    '/',
    ':',
    ',',
    '(',
    ')',
    '<',
    '>',
    '"',
    "'",
    '_',
    '```\n',
    '# ',
    '1',
    'a',
    'x9',
  ],
)
const mixed = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))
const anyText = fc.oneof(mixed, fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }))

const words = new Words()

function read(text: string): number[][] {
  readWords(text, words)
  const { count, start, end, raw, term, flags } = words
  return [start, end, raw, term, flags].map((column) => [...column.subarray(0, count)])
}

describe('Words', () => {
  test('ascend, slice back to what was hashed, and have the flags they should', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const [start, end, raw, term, flags] = read(text)
        for (let at = 0; at < words.count; at++) {
          expect(end![at]).toBeGreaterThan(start![at]!)
          expect(end![at]).toBeLessThanOrEqual(words.text.length)
          const part = WordFlag.part | WordFlag.cjk
          if (at > 0 && (flags![at]! & part) === 0) expect(start![at]).toBeGreaterThanOrEqual(end![at - 1]!)
          if (at > 0) expect(start![at]).toBeGreaterThanOrEqual(start![at - 1]!)
          const word = words.text.slice(start![at], end![at])
          expect(raw![at]).toBe(hashText(foldWord(word.replaceAll(',', '').replaceAll('’', "'"))))
          expect(term![at] === 0).toBe((flags![at]! & WordFlag.stop) !== 0)
        }
        expect(words.cut).toBe(false)
      }),
      { numRuns: 10000 },
    )
  })

  test('are the same whatever was read before', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 2, maxLength: 6 }), (texts) => {
        const used = texts.map(read)
        const fresh = texts.map((text) => {
          forgetWords()
          return read(text)
        })
        expect(used).toEqual(fresh)
      }),
      { numRuns: 10000 },
    )
  })

  test('with few allowed are the first of all', () => {
    fc.assert(
      fc.property(mixed, fc.integer({ min: 0, max: 9 }), (text, words_max) => {
        const all = read(text)[2]!
        readWords(text, words, { words_max })
        expect([...words.raw.subarray(0, words.count)]).toEqual(all.slice(0, words_max))
      }),
      { numRuns: 10000 },
    )
  })
})

describe('Forms of a text', () => {
  test('what is revealed is revealed already, and hides nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { text: shown } = reveal(text)
        expect(reveal(shown)).toEqual({ text: shown, concealed: 0 })
      }),
      { numRuns: 10000 },
    )
  })

  test('the normal form of a normal form is itself', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const form = normalForm(text)
        expect(normalForm(form)).toBe(form)
      }),
      { numRuns: 10000 },
    )
  })

  test('chunks cover a text in order, none too long, none empty, no pair parted', () => {
    const spans: Span[] = []
    const long = fc.array(piece, { minLength: 50, maxLength: 400 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(long, fc.integer({ min: 40, max: 400 }), (text, usual) => {
        readSpans(text, spans, { usual, most: usual * 2 })
        let at = 0
        for (const { start, units } of spans) {
          expect(start).toBe(at)
          expect(units).toBeGreaterThan(0)
          expect(units).toBeLessThanOrEqual(usual * 2)
          at += units
          if (at < text.length) expect(/^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1))).toBe(false)
        }
        expect(at).toBe(text.length)
      }),
      { numRuns: 10000 },
    )
  })

  test('resemblance is the same both ways, from 0 to 1, and 1 to itself; so is likeness', () => {
    const sentence = fc.array(fc.constantFrom(...'ash oak elm fir yew box bay fig'.split(' ')), {
      minLength: 60,
      maxLength: 150,
    })
    fc.assert(
      fc.property(sentence, sentence, (one, two) => {
        const texts = [one.join(' '), two.join(' ')] as const
        const value = resemblance(...texts)
        expect(resemblance(texts[1], texts[0])).toBe(value)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
        expect(resemblance(texts[0], texts[0])).toBe(1)
        const [first, second] = texts.map((text) => {
          const sketch = new Sketch()
          readWords(text, words)
          readSketch(words, '', sketch)
          return sketch
        })
        expect(likeness(first!.bins, 0, second!.bins, 0)).toBe(likeness(second!.bins, 0, first!.bins, 0))
        expect(likeness(first!.bins, 0, first!.bins, 0)).toBe(1)
      }),
      { numRuns: 10000 },
    )
  })
})
