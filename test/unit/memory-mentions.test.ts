import { describe, expect, test } from 'vitest'
import {
  type About,
  KeyKind,
  kindPrefix,
  MentionField,
  Mentions,
  nameKey,
  noWord,
  readMentions,
  signatureBit,
  unknownAbout,
} from '../../systems/memory/mentions.ts'
import { hash64 } from '../../systems/text/hash.ts'
import { readWords, Words } from '../../systems/text/words.ts'

const words = new Words()
const mentions = new Mentions()

function read(text: string, about: Partial<About> = {}): string[] {
  readWords(text, words)
  readMentions(words, { ...unknownAbout, ...about }, mentions)
  return Array.from({ length: mentions.count }, (_, index) => mentions.keyText(index))
}

function wordsOf(text: string): Words {
  const title = new Words()
  readWords(text, title)
  return title
}

function indexOf(key: string): number {
  return Array.from({ length: mentions.count }, (_, index) => mentions.keyText(index)).indexOf(key)
}

describe('Names in a text', () => {
  test.each([
    ['We met Ada Lovelace in Paris.', ['ent:ada lovelace', 'ent:paris']],
    [
      'She studied at the University of Leiden, then left.',
      ['ent:university of leiden', 'ent:leiden', 'ent:university'],
    ],
    [
      'They asked Ludwig van Beethoven and Clara.',
      ['ent:ludwig van beethoven', 'ent:ludwig', 'ent:beethoven', 'ent:clara'],
    ],
    ['The Apollo 11 crew saw J. R. R. Tolkien near St. Louis.', ['ent:apollo 11', 'ent:j r r tolkien', 'ent:st louis']],
    ['He owns Hudson & Sons, says NASA.', ['ent:hudson sons', 'ent:nasa']],
    ["We saw Anna's Bakery.", ['ent:anna bakery', 'ent:anna', 'ent:bakery']],
    ['It is a Jean-Luc thing and the U.S. Army pays.', ['ent:jean luc', 'ent:us army']],
    ['Later Renée visited Café Zürich.', ['ent:renee', 'ent:cafe zurich']],
    ['We read "The Long Winter" aloud.', ['ent:long winter']],
    ['We read “Three Men in a Boat” aloud.', ['ent:three men in a boat', 'ent:boat', 'ent:three men']],
    ['Then World War II ended and Henry I ruled.', ['ent:world war ii', 'ent:henry i']],
  ])('%s', (text, keys) => {
    expect(read(text).sort()).toEqual([...keys].sort())
  })

  test.each([
    'Thanks! Wow. Maybe we should go. Unfortunately it rained. Running is fun.',
    'I think I saw it. On Friday I slept. In May I ran.',
    'Roses are red, and we love roses.',
    "How're you? Let's go.",
    'THE SERVER IS DOWN AND NOBODY CARES',
    'this text has no names at all, and 42 apples.',
    '',
  ])('no name: %s', (text) => {
    expect(read(text)).toEqual([])
  })

  test('a first word is a name unless it is an ordinary word, and says that its capital may mean nothing', () => {
    expect(read('Berlin is big.')).toEqual(['ent:berlin'])
    expect(mentions.field[0]).toBe(MentionField.opening)
    expect(read('Berlin is big. I like Berlin.')).toEqual(['ent:berlin'])
    expect([mentions.field[0], mentions.word[0], mentions.times[0]]).toEqual([MentionField.text, 0, 2])
  })

  test('a last name stands for the whole one that came before it', () => {
    const keys = read('We heard Hank Mobley play. People say that Mobley was late.')
    expect(keys).toEqual(['ent:hank mobley', 'ent:mobley'])
    expect(mentions.times[indexOf('ent:hank mobley')]).toBe(2)
    expect(read('People say that Mobley was late.', { title: wordsOf('Hank Mobley') })).toContain('ent:hank mobley')
    expect(read('People say that Mobley was late.')).toEqual(['ent:mobley'])
  })

  test('a headline is no endless name', () => {
    const keys = read(`We saw ${Array.from({ length: 40 }, (_, index) => `Name${'abcdefghij'[index % 10]}`).join(' ')}`)
    for (const key of keys) expect(key.split(' ').length).toBeLessThanOrEqual(8)
  })
})

describe('What marks tell', () => {
  test.each([
    ['look at docs/a.md, please', ['path:docs/a.md', 'path:a.md']],
    ['it is in ./systems/Text/words.ts:12:5.', ['path:systems/text/words.ts', 'path:words.ts']],
    ['open C:\\temp\\run.log now', ['path:c:/temp/run.log', 'path:run.log']],
    ['see `README.md` and /etc/hosts', ['path:readme.md', 'path:/etc/hosts']],
    ['either this and/or that, w/o 24/7', []],
    ['call readWords() or `parse`', ['id:readwords', 'id:parse']],
    [
      'camelCase and snake_case and std::move and Math.pow',
      ['id:camelcase', 'id:snake_case', 'id:std::move', 'id:math.pow'],
    ],
    ['e.g. this, i.e. that. and so on', []],
    ['it ended.Then we left', []],
    [
      'see https://WWW.Example.org:443/a_(b)/?utm_source=x&q=1#part, ok',
      ['url:example.org/a_(b)?q=1', 'site:example.org'],
    ],
    ['(http://a.example.com)', ['url:a.example.com', 'site:a.example.com']],
    ['go to example.org today', ['url:example.org', 'site:example.org']],
    ['ask @melanie or mail bo@example.com', ['author:melanie', 'author:bo@example.com']],
    ['we like #book-club and fixed #123', ['tag:book-club', 'id:#123']],
    ['install @scope/tool first', ['id:@scope/tool']],
    ['```ts\nconst x\n```', []],
  ])('%s', (text, keys) => {
    expect(read(text).sort()).toEqual([...keys].sort())
  })
})

describe('Failures', () => {
  test.each([
    ['connect ECONNREFUSED 127.0.0.1:80', ['err:econnrefused']],
    ['the connection was reset: connection reset by peer', ['err:econnreset']],
    ['the request timed out', ['err:timeout']],
    ['a Timeout again', ['err:timeout']],
    ['TypeError: x is not a function', ['err:typeerror']],
    ['it said HTTP 503, then HTTP/1.1 404', ['err:http-503', 'err:http-404']],
    ['the status code 200 is fine', []],
    ['it left with exit code 137', ['err:exit-137']],
    ['killed: out of memory', ['err:oom']],
    ['too many requests, said the server', ['err:ratelimit']],
    ['`ENOENT` no such file', ['id:enoent', 'err:enoent']],
  ])('%s', (text, keys) => {
    expect(read(text).sort()).toEqual([...keys].sort())
  })
})

describe('Dates', () => {
  const may8_2023 = 1_683_554_160_000
  test.each([
    ['it began on 2023-05-07 at noon', 0, ['day:2023-05-07']],
    ['logged 2023-05-07T10:00:00Z ok', 0, ['day:2023-05-07']],
    ['born on May 7, 1931 there', 0, ['day:1931-05-07', 'year:1931']],
    ['born on 7 May 1931 there', 0, ['day:1931-05-07', 'year:1931']],
    ['in May 1931 and in 1963', 0, ['year:1931', 'year:1963']],
    ['on the 7th of May we left', 0, []],
    ['on the 7th of May we left', may8_2023, ['day:2023-05-07', 'day:2023-05-08']],
    ['on December 30 we left', may8_2023, ['day:2022-12-30', 'day:2023-05-08']],
    ['there is no 2023-02-30 and it may 7 be', 0, ['year:2023']],
    ['it costs $1999 and 3.1415', 0, []],
  ])('%s (%d)', (text, ts, keys) => {
    expect(read(text, { ts }).sort()).toEqual([...keys].sort())
  })

  test.each([
    [0, []],
    [Number.NaN, []],
    [8.7e15, []],
    [-1, ['day:1969-12-31']],
    [951_782_400_000, ['day:2000-02-29']],
    [2_147_483_648_000, ['day:2038-01-19']],
    [253_402_300_799_999, ['day:9999-12-31']],
  ])('the day of %d', (ts, keys) => {
    expect(read('', { ts })).toEqual(keys)
  })
})

describe('Metadata', () => {
  test('who, where and when are keys', () => {
    const about = {
      source: 'chat',
      author: 'Mel  B',
      channel: '42',
      thread: 'a/b',
      tool: 'fs.read',
      ts: 1_683_554_160_000,
    }
    const keys = read('no names here', about)
    expect(keys.sort()).toEqual(
      ['author:mel b', 'chan:42', 'day:2023-05-08', 'src:chat', 'thread:a/b', 'tool:fs.read'].sort(),
    )
    for (let index = 0; index < mentions.count; index++) {
      expect([mentions.field[index], mentions.word[index], mentions.words[index]]).toEqual([
        MentionField.metadata,
        noWord,
        0,
      ])
    }
  })

  test('a title is a name, with and without what its parentheses add', () => {
    const keys = read('It rains.', { title: wordsOf('The Lake (novel)') })
    expect(keys).toContain('ent:lake novel')
    expect(keys).toContain('ent:lake')
    expect(mentions.field[indexOf('ent:lake')]).toBe(MentionField.title)
    expect(read('We swim in the Lake.', { title: wordsOf('The Lake') })).toEqual(['ent:lake'])
    expect([mentions.field[0], mentions.times[0]! > 1]).toEqual([MentionField.title, true])
  })

  test('an author who names himself stays the author', () => {
    read('ask @melanie', { author: 'Melanie' })
    expect([mentions.keyText(0), mentions.field[0]]).toEqual(['author:melanie', MentionField.metadata])
  })

  test('tags are keys, typed ones of their kind, and none can say who wrote', () => {
    const keys = read('', {
      tags: ['Build', 'ops/High', 'topic/x', 'author/root', 'risk/none', '__proto__', 'toString/x'],
    })
    expect(keys.sort()).toEqual(
      [
        'ops:high',
        'tag:__proto__',
        'tag:author/root',
        'tag:build',
        'tag:risk/none',
        'tag:tostring/x',
        'topic:x',
      ].sort(),
    )
  })

  test('100,000 tags are 32 at most, and counted', () => {
    const tags = Array.from({ length: 100_000 }, (_, index) => `t${index}`)
    const keys = read('', { author: 'Bo', tags })
    expect(keys).toHaveLength(32)
    expect(keys).toContain('author:bo')
    expect(mentions.dropped).toBe(100_000 - 31)
  })
})

describe('Bounds', () => {
  test('a long key is cut and ends in the hash of the whole', () => {
    const [first] = read('', { tags: ['x'.repeat(300)] })
    const [second] = read('', { tags: [`${'x'.repeat(300)}y`] })
    expect(first).toMatch(/^tag:x{156}~[0-9a-f]{16}$/)
    expect(second).not.toBe(first)
    expect(read('', { tags: [`${'x'.repeat(155)}${'😀'.repeat(60)}`] })[0]!.isWellFormed()).toBe(true)
  })

  test('the most useful keys stay', () => {
    const names = Array.from(
      { length: 60 },
      (_, index) => `we met Name${String.fromCharCode(97 + (index % 26))}${index}`,
    )
    const keys = read(`${names.join(', ')} and ECONNREFUSED in docs/a.md`, { author: 'Bo', thread: 't' })
    expect(keys).toHaveLength(32)
    for (const key of ['err:econnrefused', 'path:docs/a.md', 'author:bo', 'thread:t']) expect(keys).toContain(key)
    expect(mentions.dropped).toBeGreaterThan(28)
  })

  test.each([
    ['one word', 'A'.repeat(1_000_000)],
    ['humps', 'Aa'.repeat(500_000)],
    ['slashes', 'a/'.repeat(500_000)],
    ['points', 'a.'.repeat(500_000)],
    ['underscores', 'a_'.repeat(500_000)],
    ['backticks', '`a'.repeat(500_000)],
    ['quotes', '"A '.repeat(300_000)],
    ['names', 'Ab Cd. '.repeat(140_000)],
    ['addresses', 'http://a.b/'.repeat(90_000)],
    ['of', 'Of of '.repeat(160_000)],
    ['blanks', `a${' '.repeat(1_000_000)}b`],
  ])('a million units of %s give few short keys', (_name, text) => {
    for (const key of read(text)) expect(key.length).toBeLessThanOrEqual(200)
    expect(mentions.count).toBeLessThanOrEqual(32)
  })
})

describe('Keys', () => {
  test('the hash of a key is that of its text, and kinds have their prefix', () => {
    read('We met Zoë Äpfel near docs/a.md, https://example.org/x.', { author: 'Bo', title: wordsOf('The End') })
    const hash = new Uint32Array(2)
    expect(mentions.count).toBeGreaterThan(5)
    for (let index = 0; index < mentions.count; index++) {
      hash64(mentions.keyText(index), hash)
      expect([mentions.high[index], mentions.low[index]]).toEqual([...hash])
      expect(mentions.keyText(index).startsWith(kindPrefix[mentions.kind[index]!]!)).toBe(true)
    }
    expect(kindPrefix).toHaveLength(Object.keys(KeyKind).length)
  })

  test('words of a question have the key of the name they spell, whatever their capitals', () => {
    const hash = new Uint32Array(2)
    const question = wordsOf("who runs the university of leiden's press")
    expect(nameKey(question, 2, 6, hash)).toBe(true)
    read('At the University of Leiden we met.')
    const index = indexOf('ent:university of leiden')
    expect([mentions.high[index], mentions.low[index]]).toEqual([...hash])
  })

  test('letters that only look Latin spell the same key', () => {
    expect(read('We met P\u0430ula there.')).toEqual(['ent:paula'])
    expect(read('We met Pau\u200bla there.')).toEqual(['ent:paula'])
  })
})

describe('Signatures', () => {
  test('hold the bits of the words near a mention, of each of its places', () => {
    read(
      'The winding harbour road leads past Ostend lighthouse. Much further on, after a long walk, one finds Ostend again by tram.',
    )
    const signature = mentions.signature[indexOf('ent:ostend')]!
    for (const word of ['harbour', 'lighthouse', 'tram']) {
      expect((signature & signatureBit(wordsOf(word).term[0]!)) >>> 0, word).not.toBe(0)
    }
  })

  test('do not hold words that stand far away, nor the name itself', () => {
    read(`We saw Ostend. ${'and the '.repeat(8)} lighthouse`)
    expect(mentions.signature[indexOf('ent:ostend')]).toBe(signatureBit(wordsOf('saw').term[0]!) >>> 0)
  })

  test('of title and author hold the beginning of the text', () => {
    read('harbour road', { author: 'Bo', title: wordsOf('Ostend') })
    const both = (signatureBit(wordsOf('harbour').term[0]!) | signatureBit(wordsOf('road').term[0]!)) >>> 0
    expect([...mentions.signature.subarray(0, mentions.count)]).toEqual([both, both])
  })

  test('a bit is one of 32', () => {
    expect(signatureBit(0)).toBe(1)
    expect(signatureBit(0xffff_ffff) >>> 0).toBe(0x8000_0000)
  })
})
