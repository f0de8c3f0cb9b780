import { describe, expect, test } from 'vitest'
import { hashText } from '../../systems/text/hash.ts'
import { Concealed, reveal } from '../../systems/text/hidden.ts'
import { forgetWords } from '../../systems/text/word-cache.ts'
import { readWords, WordFlag, Words } from '../../systems/text/words.ts'

const words = new Words()

function slices(text: string): string[] {
  readWords(text, words)
  return Array.from({ length: words.count }, (_, at) => words.text.slice(words.start[at], words.end[at]))
}

/** The names of the flags of each word, by the word. */
function flagsIn(text: string): Record<string, string[]> {
  return Object.fromEntries(
    slices(text).map((word, at) => [
      word,
      Object.entries(WordFlag).flatMap(([name, bit]) => ((words.flags[at]! & bit) === 0 ? [] : [name])),
    ]),
  )
}

describe('Words', () => {
  test.each([
    ["Melanie's dog didn't bark.", ['Melanie', 'dog', "didn't", 'bark']],
    ['the students’ well-known O’Brien', ['the', 'students', 'well', 'known', 'O’Brien']],
    ['foo_bar a/b.md', ['foo', 'bar', 'a', 'b', 'md']],
    ['fooBar HTTPServer', ['fooBar', 'foo', 'Bar', 'HTTPServer', 'HTTP', 'Server']],
    ['1,000,000 and 2,5 and 12,3456', ['1,000,000', 'and', '2', '5', 'and', '12', '3456']],
    ['naïve Ünïcode ﬁne', ['naïve', 'Ünïcode', 'fine']],
    ['日本語 and 水', ['日本', '本語', 'and', '水']],
    ['x\0y __proto__ \ud800z', ['x', 'y', 'proto', 'z']],
    ['', []],
    [" '' -- ' ", []],
  ])('of %j', (text, expected) => {
    expect(slices(text)).toEqual(expected)
  })

  test('carry the hash of the word as it is compared, and of its stem', () => {
    readWords("Caroline's CAFÉ ran don’t 1,000", words)
    expect([...words.raw.subarray(0, words.count)]).toEqual(
      ['caroline', 'cafe', 'ran', "don't", '1000'].map((word) => hashText(word)),
    )
    expect([...words.term.subarray(0, words.count)]).toEqual([
      hashText('carolin'),
      hashText('cafe'),
      hashText('run'),
      0,
      hashText('1000'),
    ])
  })

  test('know capitals, numbers, stop words, and parts', () => {
    const flags = flagsIn("She told Bob's NASA team 42 times about B2B in GitHub")
    expect(flags).toMatchObject({
      She: ['capital', 'sentenceStart', 'stop'],
      told: [],
      Bob: ['capital', 'possessive'],
      NASA: ['capital', 'allCaps'],
      42: ['number'],
      B2B: ['capital', 'allCaps', 'digits'],
      GitHub: ['capital', 'identifier'],
      Hub: ['capital', 'identifier', 'joined', 'part'],
    })
  })

  test('know where sentences, paragraphs and items begin, and that a short form ends none', () => {
    const text = 'One is. Two\nthree Dr. Four met J. Five! Six\n\nseven\n- eight foo.nine version 2.ten'
    const begin = Object.entries(flagsIn(text)).filter(([, flags]) => flags.includes('sentenceStart'))
    expect(begin.map(([word]) => word)).toEqual(['One', 'Two', 'Six', 'seven', 'eight'])
  })

  test('longer than the limit are cut, and said to be', () => {
    expect(slices(`${'a'.repeat(100)} b`)).toEqual(['a'.repeat(64), 'b'])
    expect(words.flags[0]! & WordFlag.cut).toBe(WordFlag.cut)
    readWords('one two three', words, { words_max: 2 })
    expect([words.count, words.cut]).toEqual([2, true])
    readWords('one two', words, { words_max: 2 })
    expect([words.count, words.cut]).toEqual([2, false])
  })

  test('are the same with an empty cache and a full one', () => {
    const texts = Array.from(
      { length: 400 },
      (_, seed) => `The ${seed}th word${seed} naïve${seed} runs ${'é'.repeat(seed % 30)}`,
    )
    const read = (text: string): unknown => {
      readWords(text, words)
      const upTo = words.count
      return [words.raw, words.term, words.flags].map((column) => [...column.subarray(0, upTo)])
    }
    const used = texts.map(read)
    const again = texts.map(read)
    const fresh = texts.map((text) => {
      forgetWords()
      return read(text)
    })
    expect(again).toEqual(used)
    expect(fresh).toEqual(used)
  })

  test('of a million letters are one word, cut', () => {
    expect(slices('a'.repeat(1_000_000))).toEqual(['a'.repeat(64)])
    expect(slices('aB'.repeat(500_000))).toEqual(['aB'.repeat(32)])
  })

  test.each([
    ['one letter', 'a'],
    ['camel case', 'aB'],
    ['apostrophes', "a'"],
    ['commas', '1,'],
    ['thousands', '1,000'],
    ['ideographs', '水'],
    ['marks in the wrong order', 'a\u0315\u0327'],
    ['marks alone', '\u0315\u0327\u0300'],
    ['lone surrogates and joiners', '\ud83d\u200b'],
    ['tags', '\u{e0041}'],
    ['look-alikes', 'aа'],
    ['items', '. \n# '],
    ['brackets', '(['],
  ])('of one kind are read in linear time, counted by looks at a character: %s', (_name, unit) => {
    const visits = (size: number): number => {
      const text = unit.repeat(size / unit.length)
      let count = 0
      const original = String.prototype.charCodeAt
      String.prototype.charCodeAt = function charCodeAt(this: string, at: number): number {
        count++
        return original.call(this, at)
      }
      try {
        readWords(text, words)
      } finally {
        String.prototype.charCodeAt = original
      }
      return count
    }
    const few = visits(10_000)
    const many = visits(100_000)
    expect(many).toBeLessThanOrEqual(few * 10 + 1_000)
    expect(words.count).toBeLessThanOrEqual(60_000)
  })
})

describe('What a text hides', () => {
  test.each([
    ['plain', 'plain', 0],
    ['vi\u200bag\u2060ra', 'viagra', Concealed.zeroWidth],
    ['safe\u202egnp.exe', 'safegnp.exe', Concealed.direction],
    ['hi\u{e0041}\u{e0042}', 'hi', Concealed.tags],
    ['a\ufe00\ufe01\ufe02', 'a', Concealed.selectors],
    ['pаypal', 'paypal', Concealed.lookalikes],
    [`a${'\u0301'.repeat(99)}`, `á${'\u0301'.repeat(29)}`, Concealed.marks],
    ['soft\u00adhyphen', 'softhyphen', 0],
    ['\ufefftext', 'text', 0],
    ['ok \u2764\ufe0f \u{1f469}\u200d\u{1f4bb} 1\ufe0f\u20e3', 'ok \u2764 \u{1f469}\u{1f4bb} 1\u20e3', 0],
    ['\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}', '\u{1f3f4}', 0],
    ['می\u200cخواهم', 'میخواهم', 0],
    ['Привет и iPhone', 'Привет и iPhone', 0],
    ['жaba', 'жaba', 0],
    ['Ｆｕｌｌ １２', 'Full 12', 0],
    ['a\u{1d6a8}', 'aA', Concealed.lookalikes],
  ])('%j is read as %j', (text, shown, concealed) => {
    expect(reveal(text)).toEqual({ text: shown, concealed })
    readWords(text, words)
    expect(words.hidden).toBe(concealed !== 0)
  })

  test('is found by the words a reader sees', () => {
    readWords('free vi\u200bagra from pаypal', words)
    expect([words.raw[1], words.raw[3]]).toEqual([hashText('viagra'), hashText('paypal')])
  })
})
