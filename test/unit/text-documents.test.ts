import { describe, expect, test } from 'vitest'
import { readSpans, type Span } from '../../systems/text/chunks.ts'
import {
  containment,
  familyLikeness,
  isOneFamily,
  likeness,
  readSketch,
  resemblance,
  Sketch,
  titleKey,
  titleOf,
} from '../../systems/text/shingles.ts'
import { readWords, Words } from '../../systems/text/words.ts'

/** Sentences nobody wrote: `seed` chooses them, the same every time. */
function prose(seed: number, sentences: number): string {
  const subjects = [
    'The keeper',
    'A sailor',
    'My neighbour',
    'The engine',
    'Our teacher',
    'A clerk',
    'The river',
    'That village',
  ]
  const verbs = [
    'repairs',
    'remembers',
    'counts',
    'paints',
    'follows',
    'measures',
    'forgets',
    'describes',
    'carries',
    'lends',
  ]
  const objects = [
    'old lamps',
    'the northern road',
    'seven boxes',
    'a broken clock',
    'quiet songs',
    'the last map',
    'wet ropes',
  ]
  const times = [
    'in spring',
    'before noon',
    'every year',
    'without haste',
    'at the harbour',
    'after the storm',
    'by hand',
  ]
  let state = seed * 2_654_435_761
  const one = (list: string[]): string => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return list[(state >>> 16) % list.length]!
  }
  return Array.from({ length: sentences }, () => `${one(subjects)} ${one(verbs)} ${one(objects)} ${one(times)}.`).join(
    ' ',
  )
}

const words = new Words()

function sketchOf(text: string, title = titleOf(text)): Sketch {
  const sketch = new Sketch()
  readWords(text, words)
  expect(readSketch(words, title, sketch)).toBe(true)
  return sketch
}

const alike = (one: Sketch, two: Sketch): number => likeness(one.bins, 0, two.bins, 0)
const oneFamily = (one: Sketch, two: Sketch): boolean =>
  isOneFamily(alike(one, two), one.size, two.size, one.title, two.title)
const sharesBand = (one: Sketch, two: Sketch): boolean => one.bands.some((key, band) => two.bands[band] === key)

describe('Versions of a document', () => {
  const page = `# Lamps\n\nVersion 7.4, 2024-01-04.\n\n${prose(1, 40)}`
  const edited = page.replace('7.4, 2024-01-04', '7.5, 2025-11-30').replace('before noon', 'long before noon')
  const grown = `${page}\n\n## News\n\n${prose(2, 30)}`
  const other = `# Ropes\n\n${prose(3, 40)}`

  test('are near by sketch as they are by text', () => {
    for (const [one, two] of [
      [page, edited],
      [page, grown],
      [page, other],
      [edited, grown],
    ] as const) {
      expect(Math.abs(alike(sketchOf(one), sketchOf(two)) - resemblance(one, two))).toBeLessThan(0.2)
    }
    expect(resemblance(page, edited)).toBeGreaterThan(0.9)
    expect(resemblance(page, other)).toBeLessThan(0.25)
  })

  test('are found by a band and are one family; another page is not', () => {
    expect(sharesBand(sketchOf(page), sketchOf(edited))).toBe(true)
    expect(oneFamily(sketchOf(page), sketchOf(edited))).toBe(true)
    expect(oneFamily(sketchOf(page), sketchOf(grown))).toBe(true)
    expect(oneFamily(sketchOf(page), sketchOf(other))).toBe(false)
    expect(oneFamily(sketchOf(page), sketchOf(other, 'Lamps'))).toBe(false)
  })

  test('need more likeness when the titles differ, less when they agree', () => {
    const { noTitle, otherTitle, sameTitleContained, sameTitleLeast } = familyLikeness
    const cases = [
      [0, 1, noTitle],
      [0, 0, noTitle],
      [1, 2, otherTitle],
      [1, 1, 0.43],
    ] as const
    for (const [one, two, bound] of cases) {
      expect(isOneFamily(bound, 100, 100, one, two)).toBe(true)
      expect(isOneFamily(bound - 0.01, 100, 100, one, two)).toBe(false)
    }
    expect(isOneFamily(sameTitleLeast - 0.01, 10, 1_000, 1, 1)).toBe(false)
    expect(containment(0.2, 100, 500)).toBeGreaterThan(sameTitleContained)
    expect(isOneFamily(0.2, 100, 500, 1, 1)).toBe(true)
    expect(isOneFamily(0.2, 100, 500, 0, 1)).toBe(false)
  })

  test('a short text is no document', () => {
    readWords('only a few words', words)
    const sketch = new Sketch()
    expect(readSketch(words, 'Title', sketch)).toBe(false)
    expect([sketch.size, sketch.title]).toEqual([0, titleKey('Title')])
    expect(sketchOf('one word '.repeat(30)).bands.includes(0)).toBe(false)
  })

  test('title keys agree where people would', () => {
    const key = titleKey('Get a Lamp')
    for (const title of [
      'get a lamp',
      ' Get  a “Lamp” ',
      'Get a Lamp (Household)',
      'Get a Lamp | The Handbook',
      'GÉT A LAMP',
    ])
      expect(titleKey(title)).toBe(key)
    expect(titleKey('Set a Lamp')).not.toBe(key)
    expect([titleKey(''), titleKey('--')]).toEqual([0, 0])
    expect(titleKey('(draft)')).not.toBe(0)
  })

  test.each([
    ['---\ntitle: "A lamp"\ntags: []\n---\n# Other', 'A lamp'],
    ['---\r\ntags: []\r\ntitle: A lamp \r\n---\r\nText', 'A lamp'],
    ['Intro\n\n## A lamp ##\n', 'A lamp'],
    ['---\n# a comment\ntitle: >-\n  A lamp\n---\n', 'A lamp'],
    ['---\n# a comment\ntags: []\n---\n# A lamp\n', 'A lamp'],
    ['no heading', ''],
    ['', ''],
  ])('the title of %j is %j', (text, title) => {
    expect(titleOf(text)).toBe(title)
  })
})

describe('Chunks', () => {
  const spans: Span[] = []
  const cut = (text: string): string[] => {
    readSpans(text, spans)
    return spans.map(({ start, units }) => text.slice(start, start + units))
  }

  test('a text of up to 2,000 units is one, an empty one none', () => {
    expect(cut('a'.repeat(2_000))).toHaveLength(1)
    expect(cut('a'.repeat(2_001))).toHaveLength(2)
    expect(cut('')).toEqual([])
  })

  test('begin at headings where they can', () => {
    const sections = Array.from({ length: 6 }, (_, at) => `## Part ${at}\n\n${prose(at + 1, 20)}\n\n`)
    const chunks = cut(sections.join(''))
    expect(chunks.slice(0, 4)).toEqual(sections.slice(0, 4))
    for (const chunk of chunks) expect(chunk).toMatch(/^## Part \d\n/)
  })

  test('end after a sentence when there is no line to end', () => {
    const chunks = cut(prose(9, 120))
    expect(chunks.length).toBeGreaterThan(2)
    for (const chunk of chunks.slice(0, -1)) expect(chunk).toMatch(/\.\s$/)
  })

  test('keep a fence whole where it fits', () => {
    const fence = `\`\`\`\n${'code = code + 1\n\n'.repeat(60)}\`\`\`\n`
    const text = `${prose(4, 14)}\n\n${fence}\n${prose(5, 14)}\n\n${prose(6, 30)}\n`
    expect(cut(text).filter((chunk) => chunk.includes(fence))).toHaveLength(1)
  })

  test('never part a pair of surrogates', () => {
    for (const chunk of cut(`a${'\u{1f600}'.repeat(3_000)}`)) expect(chunk.isWellFormed()).toBe(true)
  })
})
