import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type About,
  kindPrefix,
  MentionField,
  Mentions,
  noWord,
  readMentions,
  signatureBit,
} from '../../systems/memory/mentions.ts'
import { tagsMax, tagsOf } from '../../systems/memory/tags.ts'
import { hash64 } from '../../systems/text/hash.ts'
import { readWords, Words } from '../../systems/text/words.ts'

const piece = fc.constantFrom(
  ...[
    'Ada',
    'Lovelace',
    'of',
    'the',
    'The',
    "'s",
    '. ',
    ', ',
    '"',
    '`',
    '/',
    '\\',
    '_',
    '@',
    '#',
    '://',
    'http',
    ':',
    '\n',
  ],
  ...[
    'docs',
    '.md',
    '2023',
    '-05-',
    '07',
    'May',
    ' 7',
    'HTTP 503',
    'exit code 1',
    'TypeError',
    'ECONNRESET',
    'aB',
    '(',
    ')',
  ],
  ...[
    '\u0000',
    '\ud800',
    '\udc00',
    '😀',
    'é',
    'e\u0301',
    '\u200b',
    'Ωmega',
    '北京',
    '__proto__',
    'constructor',
    '“',
    '”',
    '«',
  ],
)
const spaced = fc.array(fc.oneof(piece, fc.constant(' '), fc.string({ unit: 'binary', maxLength: 6 })), {
  maxLength: 60,
})
const text = fc.oneof(
  spaced.map((pieces) => pieces.join('')),
  spaced.map((pieces) => pieces.join(' ')),
)
const short = fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 30 }), piece)
const about = fc.record({
  title: fc.option(text, { nil: undefined }),
  source: short,
  author: short,
  channel: short,
  thread: short,
  tool: short,
  tags: fc.array(short, { maxLength: 50 }),
  paths: fc.array(short, { maxLength: 5 }),
  ts: fc.oneof(fc.double(), fc.integer({ min: 0, max: 4_000_000_000_000 })),
})
type Asked = Omit<About, 'title'> & { readonly title: string | undefined }

const words = new Words()
const title = new Words()
const used = new Mentions()

function read(from: string, asked: Asked, into: Mentions): About {
  readWords(from, words)
  if (asked.title !== undefined) readWords(asked.title, title)
  const whole = { ...asked, title: asked.title === undefined ? undefined : title }
  readMentions(words, whole, into)
  return whole
}

function shown(mentions: Mentions): unknown[] {
  return Array.from({ length: mentions.count }, (_, index) => [
    mentions.keyText(index),
    mentions.kind[index],
    mentions.word[index],
    mentions.words[index],
    mentions.field[index],
    mentions.times[index],
    mentions.signature[index],
  ])
}

describe('Mentions of any text', () => {
  test('are few, short, well-formed, different, sorted, and hashed by their text', () => {
    const hash = new Uint32Array(2)
    fc.assert(
      fc.property(text, about, (from, asked) => {
        read(from, asked, used)
        expect(used.count).toBeLessThanOrEqual(32)
        const seen = new Set<string>()
        let before = [-1, 0, 0, 0]
        for (let index = 0; index < used.count; index++) {
          const key = used.keyText(index)
          expect(key.length).toBeLessThanOrEqual(200)
          expect(key.isWellFormed()).toBe(true)
          expect(key.length).toBeGreaterThan(kindPrefix[used.kind[index]!]!.length)
          expect(key).toBe(key.trim())
          seen.add(key)
          hash64(key, hash)
          expect([used.high[index], used.low[index]]).toEqual([...hash])
          const place = [used.word[index]!, used.kind[index]!, used.high[index]!, used.low[index]!]
          expect(isBefore(before, place)).toBe(true)
          before = place
        }
        expect(seen.size).toBe(used.count)
      }),
    )
  })

  test('stand where they say', () => {
    fc.assert(
      fc.property(text, about, (from, asked) => {
        read(from, asked, used)
        for (let index = 0; index < used.count; index++) {
          const word = used.word[index]!
          const field = used.field[index]!
          expect(used.times[index]).toBeGreaterThan(0)
          expect([1, 2, 3, 4]).toContain(field)
          if (field === MentionField.title) expect(word).toBe(noWord)
          else if (word !== noWord) {
            expect(used.words[index]).toBeGreaterThan(0)
            expect(word + used.words[index]!).toBeLessThanOrEqual(words.count)
          } else expect(field).toBe(MentionField.metadata)
        }
      }),
    )
  })

  test('are the same whatever was read before, and whatever the order of the tags', () => {
    fc.assert(
      fc.property(text, about, fc.integer(), (from, asked, seed) => {
        read(from, asked, used)
        const first = shown(used)
        const turned =
          asked.tags.length === 0 ? [] : asked.tags.map((_, index, all) => all.at((index + seed) % all.length)!)
        const fresh = new Mentions()
        const tagsFirst = tagsOf(words, read(from, asked, used), used)
        const tagsTurned = tagsOf(words, read(from, { ...asked, tags: [...turned].reverse() }, fresh), fresh)
        expect(shown(fresh)).toEqual(first)
        expect(fresh.dropped).toBe(used.dropped)
        expect(tagsTurned).toEqual(tagsFirst)
      }),
    )
  })

  test('know the words next to them', () => {
    fc.assert(
      fc.property(text, (from) => {
        read(
          from,
          { title: undefined, source: '', author: '', channel: '', thread: '', tool: '', tags: [], paths: [], ts: 0 },
          used,
        )
        for (let index = 0; index < used.count; index++) {
          const first = used.word[index]!
          if (used.times[index] !== 1 || first === noWord) continue
          for (const near of [first - 1, first + used.words[index]!]) {
            const term = near < 0 || near >= words.count ? 0 : words.term[near]!
            if (term !== 0) expect(used.signature[index]! & signatureBit(term)).not.toBe(0)
          }
        }
      }),
    )
  })
})

describe('Tags of any text', () => {
  test('are few, short, well-formed and different, the given ones first', () => {
    fc.assert(
      fc.property(text, about, (from, asked) => {
        const tags = tagsOf(words, read(from, asked, used), used)
        expect(tags.length).toBeLessThanOrEqual(tagsMax)
        expect(new Set(tags).size).toBe(tags.length)
        for (const tag of tags) {
          expect(tag.length).toBeLessThanOrEqual(200)
          expect(tag.isWellFormed()).toBe(true)
          expect(tag).toBe(tag.trim())
        }
      }),
    )
  })
})

function isBefore(first: readonly number[], second: readonly number[]): boolean {
  for (let index = 0; index < first.length; index++) {
    if (first[index] !== second[index]) return first[index]! < second[index]!
  }
  return false
}
