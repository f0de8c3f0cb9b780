import { describe, expect, it } from 'vitest'
import { compileContract, frontmatterV1, keysAtFault } from '../../systems/sentinel/contract.ts'
import { findFence } from '../../systems/sentinel/fence.ts'
import { readNote } from '../../systems/sentinel/note.ts'

describe('findFence', () => {
  it.each([
    ['', 0],
    ['Body only.\n', 0],
    ['\n---\ntitle: a\n---\n', 0],
    ['\uFEFFBody', 1],
    ['\uFEFF\uFEFF---\na: 1\n---\n', 1],
    ['----\na: 1\n----\n', 0],
    ['text\n\n---\n\nmore\n', 0],
    ['```yaml\n---\na: 1\n---\n```\n', 0],
    [' ---\na: 1\n---\n', 0],
    ['{{< shortcode >}}\n', 0],
  ])('finds no front matter in %j', (text, head_end) => {
    expect(findFence(text)).toMatchObject({ kind: 'none', head_end })
  })

  it.each([
    ['---\na: 1\n---\nBody', 'a: 1\n', '---', 'Body'],
    ['---\na: 1\n---', 'a: 1\n', '---', ''],
    ['---\n---\nBody', '', '---', 'Body'],
    ['--- \t\na: 1\n---  \n\nBody', 'a: 1\n', '---', '\nBody'],
    ['---\na: 1\n...\nBody\n---\n', 'a: 1\n', '...', 'Body\n---\n'],
    ['---\na: 1\n---\nBody\n---\nmore\n---\n', 'a: 1\n', '---', 'Body\n---\nmore\n---\n'],
    ['---\na: |\n  ---\n  x\n---\nB', 'a: |\n  ---\n  x\n', '---', 'B'],
    ['\uFEFF---\r\na: 1\r\n---\r\nBody', 'a: 1\r\n', '---', 'Body'],
    ['---\n\n---\n', '\n', '---', ''],
  ])('finds the fences of %j', (text, yaml, close, body) => {
    const fence = findFence(text)
    expect(fence).toMatchObject({ kind: 'yaml', yaml, close, newline: text.includes('\r') ? '\r\n' : '\n' })
    if (fence.kind !== 'yaml') return
    expect(text.slice(fence.head_end)).toBe(body)
    expect(text.slice(fence.yaml_start, fence.yaml_end)).toBe(yaml)
  })

  it.each([
    ['---js\n{ a: process.exit(1) }\n---\n', 'LANGUAGE'],
    ['--- javascript\n{}\n---\n', 'LANGUAGE'],
    ['---coffee\na: 1\n---\n', 'LANGUAGE'],
    ['--- json\n{}\n---\n', 'LANGUAGE'],
    ['---yaml\na: 1\n---\n', 'LANGUAGE'],
    ['---\u00a0\na: 1\n---\n', 'LANGUAGE'],
    ['+++\ntitle = "a"\n+++\n', 'TOML'],
    ['\uFEFF+++ \r\ntitle = "a"\r\n+++\r\n', 'TOML'],
    [';;;\n{}\n;;;\n', 'JSON'],
    ['{\n  "a": 1\n}\n', 'JSON'],
    ['---', 'UNTERMINATED'],
    ['---\n', 'UNTERMINATED'],
    ['---\na: 1\n\nBody that goes on.\n', 'UNTERMINATED'],
    ['---\na: 1\n--- not a fence\nBody\n', 'UNTERMINATED'],
    ['---\ra: 1\r---\rBody', 'LONE_CR'],
  ])('refuses %j', (text, code) => {
    expect(findFence(text)).toMatchObject({ kind: 'refused', code, line: 1 })
  })

  it.each(['----', '---x', '--- #', '...x'])('refuses %j before the closing fence, with its line', (line) => {
    expect(findFence(`---\na: 1\n${line}\nb: 2\n---\n`)).toMatchObject({ code: 'FENCE_UNCLEAR', line: 3 })
  })
})

describe('readNote', () => {
  it('gives head, body and data', () => {
    const text = '\uFEFF---\r\ntitle: A\r\n---\r\nBody\r\n'
    const note = readNote(text)
    expect(note).toMatchObject({ ok: true, data: { title: 'A' }, newline: '\r\n' })
    if (note.ok) expect(note.head + text.slice(note.body_start)).toBe(text)
  })

  it.each(['---\n---\n', '---\n# c\n---\n', '---\n\n\n---\n', '---\n#\n---\n', 'Body', ''])(
    'takes %j for an empty map',
    (text) => expect(readNote(text)).toMatchObject({ ok: true, data: {} }),
  )

  it.each([
    ['---\ntext\n---\n', 'NOT_A_MAP', 2],
    ['---\n\n- a\n- b\n---\n', 'NOT_A_MAP', 3],
    ['---\nnull\n---\n', 'NOT_A_MAP', 2],
    ['---\nProse that is not data.\n\nMore of it.\n\n---\nEnd\n', 'NOT_A_MAP', 2],
    ['---\na: 1\na: 2\n---\n', 'DUPLICATE_KEY', 3],
    ['---\na: 1\nb: [\n---\n', 'SYNTAX', 4],
    ['---\na: !!js/function "function(){}"\n---\n', 'TAG', 2],
    ['---\na: "\u0007"\n---\n', 'UNPRINTABLE', 2],
    [`---\n${'a: 1\n'.repeat(2_000)}---\n`, 'TOO_LARGE', 1002],
    [`---\n${'x'.repeat(70_000)}\n---\n`, 'TOO_LARGE', 2],
    [`---\na: ${'['.repeat(20_000)}\n---\n`, 'TOO_DEEP', 2],
  ])('refuses a note (%#) with $1', (text, code, line) => {
    expect(readNote(text)).toMatchObject({ ok: false, code, line })
  })

  it('never runs code and is not led by keys of the note', () => {
    const global = globalThis as { hacked?: boolean }
    for (const open of ['---js', '---javascript', '--- js ', '---JS', '---coffee', '---cson']) {
      expect(readNote(`${open}\nglobalThis.hacked = true\n---\n`)).toMatchObject({ ok: false, code: 'LANGUAGE' })
    }
    const text = '---\nlanguage: js\nexcerpt_separator: {toString: 1, valueOf: 2}\nengines: {yaml: 1}\n---\nBody\n'
    expect(readNote(text)).toMatchObject({ ok: true, data: { language: 'js' } })
    expect(global.hacked).toBeUndefined()
  })

  it('gives the same answer twice, for good front matter and bad', () => {
    const bad = '---\na: [\n---\n'
    expect(readNote(bad)).toEqual(readNote(bad))
    const good = '---\na: {b: 1}\n---\n'
    expect(readNote(good)).toMatchObject({ ok: true, data: { a: { b: 1 } } })
    expect(readNote(good)).toEqual(readNote(good))
  })

  it('does not let __proto__ through to other objects', () => {
    const note = readNote('---\n__proto__: {polluted: 1}\ntitle: x\n---\n')
    expect(note.ok && Object.keys(note.data)).toEqual(['__proto__', 'title'])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('frontmatter/v1', () => {
  const { check } = compileContract(frontmatterV1)
  const valid = { title: 'A note', slug: 'a-note', description: 'About it.', tags: ['one', 'two/three'], other: [1] }

  it('is met by valid front matter, with an empty list of tags too', () => {
    expect(check(valid)).toEqual([])
    expect(check({ ...valid, tags: [] })).toEqual([])
    expect(check({ ...valid, title: 'folded\n' })).toEqual([])
  })

  it.each([
    ['title', ''],
    ['title', '  '],
    ['title', 'two\nlines'],
    ['title', 'x'.repeat(301)],
    ['title', 5],
    ['slug', 'Upper-Case'],
    ['slug', '-a'],
    ['slug', 'a-'],
    ['slug', 'a--b'],
    ['slug', 'a b'],
    ['slug', ''],
    ['slug', 'a\n'],
    ['slug', 'x'.repeat(121)],
    ['description', ' \n'],
    ['description', null],
    ['tags', 'one'],
    ['tags', null],
    ['tags', ['a', 'a']],
    ['tags', ['a b']],
    ['tags', ['#a']],
    ['tags', ['2026']],
    ['tags', ['']],
    ['tags', ['a,b']],
    ['tags', [1]],
  ])('finds fault with %s: %j', (key, value) => {
    expect(keysAtFault(frontmatterV1, check({ ...valid, [key]: value }))).toEqual([key])
  })

  it('accepts the same slugs as ^[a-z0-9]+(-[a-z0-9]+)*$', () => {
    const alphabet = ['', 'a', '0', '-', 'B', ' ']
    const words = alphabet.flatMap((a) =>
      alphabet.flatMap((b) => alphabet.flatMap((c) => alphabet.map((d) => a + b + c + d))),
    )
    for (const slug of words) {
      expect([slug, check({ ...valid, slug }).length === 0]).toEqual([slug, /^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug)])
    }
  })

  it('names what is missing in its own order', () => {
    expect(keysAtFault(frontmatterV1, check({ tags: ['a'] }))).toEqual(['title', 'slug', 'description'])
  })

  it('answers even for keys that break comparisons', () => {
    const contract = {
      ...frontmatterV1,
      schema: { type: 'object', properties: { list: { type: 'array', uniqueItems: true } } },
    }
    const { check: checkLists } = compileContract({ ...contract, name: 'lists' })
    expect(checkLists({ list: [{ valueOf: 1 }, { valueOf: 1 }] })).toMatchObject([{ path: '' }])
  })

  it('refuses a pattern that can run away', () => {
    const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } }
    expect(() => compileContract({ ...frontmatterV1, schema })).toThrow(/SCHEMA_INVALID/)
  })
})
