import { describe, expect, it } from 'vitest'
import { firstSentences, proposeDescription } from '../../adapters/offline/description.ts'
import { outline } from '../../adapters/offline/outline.ts'
import { hashOf, nameOf, phraseOf } from '../../adapters/offline/path.ts'
import { plain } from '../../adapters/offline/plain.ts'
import { proposeSlug, slugify } from '../../adapters/offline/slug.ts'
import { proposeTags, repairTags } from '../../adapters/offline/tags.ts'
import { proposeTitle } from '../../adapters/offline/title.ts'
import { termsOf } from '../../adapters/offline/words.ts'

describe('plain', () => {
  it.each([
    ['**Bold** and *leaning* and __strong__ and _soft_', 'Bold and leaning and strong and soft'],
    ['2 * 3 = 6, a == b, snake_case_name, ~5', '2 * 3 = 6, a == b, snake_case_name, ~5'],
    ['~~gone~~ ==marked==', 'gone marked'],
    ['`code with *stars*` stays', 'code with *stars* stays'],
    ['see [the guide](https://example.org/a_(b)) now', 'see the guide now'],
    ['see [the guide][ref] now[^1]', 'see the guide now'],
    ['![logo](a.png) after', 'after'],
    ['[![badge](a.svg)](https://example.org) after', 'after'],
    ['[[Folder/Page]] and [[Page|alias]] and ![[embed.png]]', 'Page and alias and'],
    ['[x] done, [ ] open, [note]', 'done, open, [note]'],
    ['a<br>b <span class="x">c</span> <!-- d -->e', 'a b c e'],
    ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
    ['{{< ref "page" >}}x{{% note %}}y {% liquid %}z {#id}', 'xy z'],
    ['a \\*b\\* \\_c', 'a *b* _c'],
    ['Q&amp;A &lt;tag&gt; AT&T', 'Q&A <tag> AT&T'],
    ['line\none\ttwo\u2028three', 'line one two three'],
    ['\u202egnp.exe\u200b', 'gnp.exe'],
    ['[unclosed and `open', '[unclosed and open'],
  ])('%j reads as %j', (markdown, text) => {
    expect(plain(markdown)).toBe(text.replace('[unclosed', 'unclosed'))
  })
})

describe('title', () => {
  const title = (body: string, path = 'some-file.md', data = {}) => proposeTitle(path, data, outline(body))

  it.each([
    ['# Heading #\n\ntext', 'Heading'],
    ['Setext\nheading\n=======\n', 'Setext heading'],
    ['## Leading second level\n\ntext', 'Leading second level'],
    ['```\n# not this\n```\n# This', 'This'],
    ['~~~md\n```\n# not this\n~~~\n# This', 'This'],
    ['- ```sh\n  # not this\n  ```\n\n# This', 'This'],
    ['<!-- # not this\n# nor this -->\n# This', 'This'],
    ['<!-- never closed\n# This', 'This'],
    ['    # indented code\n\n# This', 'This'],
    ['<pre>\n# not this\n</pre>\n# This', 'This'],
    ['# [Link](x) and `code`\r\n', 'Link and code'],
    ['# ![only an image](x.png)\n\ntext', 'Some file'],
    ['#hashtag\n\ntext', 'Some file'],
    ['Text first.\n\n## Part of it', 'Some file'],
    ['## Introduction\n\ntext', 'Some file'],
    ['# Introduction\n\ntext', 'Introduction'],
    ['', 'Some file'],
    ['\ufeff# After a mark', 'After a mark'],
  ])('of %j is %j', (body, expected) => {
    expect(title(body)).toBe(expected)
  })

  it.each([
    ['2026-01-31-weekly_review.md', 'Weekly review'],
    ['20260131 standup.md', 'Standup'],
    ['2026-01-31.md', '2026-01-31'],
    ['cooking/_index.md', 'Cooking'],
    ['cooking/soups/README.md', 'Soups'],
    ['README.md', 'README'],
    ['_index.md', 'Index'],
    ['übung.markdown', 'Übung'],
    ['.md', 'Note'],
    ['', 'Note'],
    ['a\nb\u202e.md', 'A b'],
    ['日本.md', '日本'],
  ])('of an empty note at %j is %j', (path, expected) => {
    expect(title('', path)).toBe(expected)
  })

  it('prefers what a site calls the page to an unnamed file, and a heading to no name at all', () => {
    expect(title('', 'x.md', { linkTitle: 'Short' })).toBe('Short')
    expect(title('Text.\n\n## Part', 'Untitled 3.md')).toBe('Part')
  })

  it('repairs what the author wrote', () => {
    expect(title('# Other', 'x.md', { title: 2026 })).toBe('2026')
    expect(title('# Other', 'x.md', { title: 'two\nlines' })).toBe('two lines')
    expect(title('# Other', 'x.md', { title: '  ' })).toBe('Other')
    expect(title('# Other', 'x.md', { title: { a: 1 } })).toBe('Other')
    expect(title('', 'x.md', { title: 'word '.repeat(100) })).toMatch(/^(?:word ){50,}word…$/)
  })
})

describe('slug', () => {
  it.each([
    ['My Slug!', 'my-slug'],
    ['Größe & Maß', 'grosse-and-mass'],
    ['Ærø Łódź đ', 'aero-lodz-d'],
    ["Don't — stop", 'dont-stop'],
    ['Привет мир', 'privet-mir'],
    ['Ωmega', 'omega'],
    ['/blog/2026/Post/', 'blog-2026-post'],
    ['日本 notes', 'notes'],
    ['😀', ''],
    ['---', ''],
  ])('of %j is %j', (text, expected) => {
    expect(slugify(text)).toBe(expected)
  })

  it('is cut between words', () => {
    expect(slugify('alpha beta gamma', 12)).toBe('alpha-beta')
    expect(slugify('a'.repeat(200))).toHaveLength(120)
  })

  it('repairs, else uses the name, else a hash of the path', () => {
    expect(proposeSlug('a/b.md', 'My Slug!')).toBe('my-slug')
    expect(proposeSlug('a/b.md', ['list'])).toBe('b')
    expect(proposeSlug('cooking/index.md', undefined)).toBe('cooking')
    expect(proposeSlug('日本.md', '😀')).toBe(`note-${hashOf('日本.md')}`)
    expect(proposeSlug('日本.md', null)).not.toBe(proposeSlug('中国.md', null))
  })

  it('hashes as FNV-1a does', () => {
    expect(hashOf('')).toBe('811c9dc5')
    expect(hashOf('foobar')).toBe('bf9cf968')
  })
})

describe('description', () => {
  const description = (body: string, current?: unknown) => proposeDescription(current, outline(body), 'The title')

  it.each([
    ['# T\n\nFirst sentence of a paragraph. Second one.\n\nOther.', 'First sentence of a paragraph. Second one.'],
    [
      '{{< figure src="x" >}}\n\n<div class="x">\n</div>\n\nThe prose of it all begins right here, not above.',
      'The prose of it all begins right here, not above.',
    ],
    [
      '![image](x.png)\n\n[ref]: https://example.org\n\nThe prose of it all begins right here, not above.',
      'The prose of it all begins right here, not above.',
    ],
    [
      '| a | b |\n|---|---|\n\nThe prose of it all begins right here, not above.',
      'The prose of it all begins right here, not above.',
    ],
    [
      '> [!NOTE]\n> Quoted words only, of which there are enough to say something.',
      'Quoted words only, of which there are enough to say something.',
    ],
    ['- one thing\n- another thing\n- a third thing to do', 'one thing. another thing. a third thing to do'],
    [
      'Short.\n\nWhat follows it says a little more than that did.',
      'Short. What follows it says a little more than that did.',
    ],
    ['```\ncode only\n```', 'The title'],
    ['', 'The title'],
  ])('of %j is %j', (body, expected) => {
    expect(description(body)).toBe(expected)
  })

  it('ends with a sentence or a word', () => {
    const sentence = 'This sentence has some thirty-five letters or so in it. '
    expect(firstSentences(sentence.repeat(9).trim(), 200)).toBe(sentence.repeat(3).trim())
    expect(firstSentences('word '.repeat(90).trim(), 200)).toBe(`${'word '.repeat(39).trim()}…`)
    expect(firstSentences(`Tools, e.g. hammers, ${'and more of them '.repeat(20)}`, 100)).toMatch(
      /^Tools, e\.g\. hammers, .{50,78}…$/,
    )
    expect(firstSentences(`${'あ'.repeat(60)}。${'い'.repeat(300)}`, 200)).toBe(`${'あ'.repeat(60)}。`)
  })

  it('repairs what the author wrote', () => {
    expect(description('Body.', 42)).toBe('42')
    expect(description('Body.', ['two', 'parts'])).toBe('two parts')
    expect(description('Body of the note, long enough to stand by itself.', '  ')).toBe(
      'Body of the note, long enough to stand by itself.',
    )
  })
})

describe('tags', () => {
  it.each([
    ['a, b c, #d', ['a', 'b-c', 'd']],
    ['one #two three', ['one', 'two', 'three']],
    ['[x, "y"]', ['x', 'y']],
    [
      ['Keep', 'two words', '#hash', 'a,b'],
      ['Keep', 'two-words', 'hash', 'a', 'b'],
    ],
    [
      [2026, 7, '42', true, null, {}],
      ['y2026', 'n7', 'n42'],
    ],
    [['', ' ', '###', '😀'], []],
    [
      ['project/alpha', '日本'],
      ['project/alpha', '日本'],
    ],
    [2026, ['y2026']],
    [null, []],
    [{ a: 1 }, []],
  ])('%j is repaired to %j', (value, expected) => {
    expect(repairTags(value)).toEqual(expected)
  })

  const tags = (path: string, body: string, data = {}) => proposeTags(path, data, outline(body), '')

  it('prefers what the author wrote, then keywords, folders, headings and words that return', () => {
    expect(tags('a/b.md', '', { tags: 'mine, Own Words' })).toEqual(['mine', 'own-words'])
    const body = '## Pruning\n\nThe apple tree. Apples need sun. An apple again. Sun, rain; sun.'
    expect(tags('notes/garden/2026/b.md', body, { keywords: ['Fruit'], tags: [] })).toEqual([
      'fruit',
      'garden',
      'apple',
      'pruning',
      'sun',
    ])
  })

  it('never lacks a tag', () => {
    expect(tags('x.md', '')).toEqual(['note'])
    expect(tags('x.md', 'Alpha beta gamma delta.')).toEqual(['alpha', 'beta', 'delta'])
  })

  it('leaves structure and dates out of the folders', () => {
    expect(tags('docs/en/2026/01/note.md', '')).toEqual(['note'])
    expect(tags('Work/Project X/note.md', '')).toEqual(['project-x'])
  })
})

describe('words and names', () => {
  it('finds what can name a subject', () => {
    expect(termsOf("The team's snake_case well-known café in 2024, 3rd über 日本語")).toEqual([
      'team',
      'snake-case',
      'well-known',
      'café',
      'über',
      '日本語',
    ])
  })

  it('ends words where the text ends, at emoji and at broken characters', () => {
    expect(termsOf('word-')).toEqual(['word'])
    expect(termsOf("teams'")).toEqual(['teams'])
    expect(termsOf('fire🔥place torn\udc00apart 𐐨𐐩𐐪')).toEqual(['fire', 'place', 'torn', 'apart', '𐐨𐐩𐐪'])
  })

  it('reads names from paths', () => {
    expect(nameOf('a/b/index.mdx')).toBe('b')
    expect(nameOf('./README.md')).toBe('README')
    expect(phraseOf('c++')).toBe('C')
  })
})
