import { describe, expect, it } from 'vitest'
import type { Json } from '../../engine/flow/event.ts'
import { frontmatterV1 } from '../../systems/sentinel/contract.ts'
import { amend, type Stamp } from '../../systems/sentinel/edit.ts'
import { readNote } from '../../systems/sentinel/note.ts'

const { order } = frontmatterV1
const proposal = { title: 'New', slug: 'new', description: 'Says what.', tags: ['x', 'z'] }

function noteOf(text: string) {
  const note = readNote(text)
  if (!note.ok) throw new Error(`${note.code}: ${note.reason}`)
  return note
}

/** The whole note after an amendment. */
function amended(text: string, keys: string[], values: { [key: string]: Json } = proposal, stamp?: Stamp): string {
  const note = noteOf(text)
  const result = amend(note, { proposal: values, keys, order, stamp })
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`)
  return result.head + text.slice(note.body_start)
}

describe('amend adds missing keys', () => {
  it.each([
    [
      'after the last key, in the order of the contract',
      '---\nx: 1\n---\nB',
      '---\nx: 1\nslug: new\ntags:\n  - x\n  - z\n---\nB',
    ],
    ['in CRLF', '---\r\nx: 1\r\n---\r\nB', '---\r\nx: 1\r\nslug: new\r\ntags:\r\n  - x\r\n  - z\r\n---\r\nB'],
    [
      'after comments',
      '---\nx: 1 # c\n# end\n\n---\n',
      '---\nx: 1 # c\n# end\n\nslug: new\ntags:\n  - x\n  - z\n---\n',
    ],
    ['in the style of its lists', '---\nx:\n- 1\n---\n', '---\nx:\n- 1\nslug: new\ntags:\n- x\n- z\n---\n'],
    ['as indented as the others', '---\n  x: 1\n---\n', '---\n  x: 1\n  slug: new\n  tags:\n    - x\n    - z\n---\n'],
    ['behind a block scalar', '---\nx: |+\n  a\n\n---\n', '---\nx: |+\n  a\n\nslug: new\ntags:\n  - x\n  - z\n---\n'],
    ['in empty front matter', '---\n---\nB', '---\nslug: new\ntags:\n  - x\n  - z\n---\nB'],
    ['below a comment alone', '---\n# c\n---\nB', '---\n# c\nslug: new\ntags:\n  - x\n  - z\n---\nB'],
    ['before the end mark', '---\nx: 1\n...\nB', '---\nx: 1\nslug: new\ntags:\n  - x\n  - z\n...\nB'],
    ['at the end of the file', '---\nx: 1\n---', '---\nx: 1\nslug: new\ntags:\n  - x\n  - z\n---'],
    ['to a flow map', '---\n{x: 1}\n---\n', '---\n{x: 1, slug: new, tags: [x, z]}\n---\n'],
    ['to an empty flow map', '---\n{ } # c\n---\n', '---\n{slug: new, tags: [x, z] } # c\n---\n'],
    [
      'before a trailing comma',
      '---\n{\n  x: 1, # c\n}\n---\n',
      '---\n{\n  x: 1, slug: new, tags: [x, z], # c\n}\n---\n',
    ],
    ['behind keys without values', '---\n{x}\n---\n', '---\n{x, slug: new, tags: [x, z]}\n---\n'],
    ['above a body without front matter', 'B\n', '---\nslug: new\ntags:\n  - x\n  - z\n---\nB\n'],
    ['above a CRLF body', '# T\r\nB', '---\r\nslug: new\r\ntags:\r\n  - x\r\n  - z\r\n---\r\n# T\r\nB'],
    ['after a byte order mark', '\uFEFFB', '\uFEFF---\nslug: new\ntags:\n  - x\n  - z\n---\nB'],
    ['to an empty note', '', '---\nslug: new\ntags:\n  - x\n  - z\n---\n'],
  ])('%s', (_, before, after) => {
    expect(amended(before, ['tags', 'slug'])).toBe(after)
  })
})

describe('amend replaces invalid values where they stand', () => {
  it.each([
    ['a scalar, with its comment', '---\ntitle: ""   # c\nx: 1\n---\n', 'title', '---\ntitle: New   # c\nx: 1\n---\n'],
    [
      'an empty value, with its comment',
      '---\ntitle:   # c\nx: 1\n---\n',
      'title',
      '---\ntitle: New   # c\nx: 1\n---\n',
    ],
    ['an empty value', '---\ntitle:\nx: 1\n---\n', 'title', '---\ntitle: New\nx: 1\n---\n'],
    ['a block scalar', '---\ntitle: |\n  a\n  b\n\nx: 1\n---\n', 'title', '---\ntitle: New\n\nx: 1\n---\n'],
    ['a multi-line text', '---\ntitle: a\n  b\n\n  c\nx: 1\n---\n', 'title', '---\ntitle: New\nx: 1\n---\n'],
    [
      'a list, keeping the comment after it',
      '---\ntags:\n- 1\n# c\nx: 1\n---\n',
      'tags',
      '---\ntags:\n- x\n- z\n# c\nx: 1\n---\n',
    ],
    ['a flow list in flow', '---\ntags: [1, 2] # c\n---\n', 'tags', '---\ntags: [x, z] # c\n---\n'],
    [
      'a list with a comment beside its key',
      '---\ntags: # c\n  - 1\nx: 1\n---\n',
      'tags',
      '---\ntags: [x, z] # c\nx: 1\n---\n',
    ],
    ['a scalar by a list', '---\ntags: one\nx: 1\n---\n', 'tags', '---\ntags:\n  - x\n  - z\nx: 1\n---\n'],
    ['a scalar by a list, with its comment', '---\ntags: one # c\n---\n', 'tags', '---\ntags: [x, z] # c\n---\n'],
    ['a map', '---\ntitle:\n  a: {b: 1}\n  c: 2\nx: 1\n---\n', 'title', '---\ntitle: New\nx: 1\n---\n'],
    ['under a quoted key', '---\n"title" : 5\n---\n', 'title', '---\n"title" : New\n---\n'],
    ['under an explicit key', '---\n? title\n: 5\nx: 1\n---\n', 'title', '---\n? title\n: New\nx: 1\n---\n'],
    ['with an anchor nobody uses', '---\ntitle: &t 5\nx: 1\n---\n', 'title', '---\ntitle: New\nx: 1\n---\n'],
    ['that is an alias', '---\nx: &x 5\ntitle: *x\n---\n', 'title', '---\nx: &x 5\ntitle: New\n---\n'],
    ['in a flow map', '---\n{title: 5, x: "a, b"}\n---\n', 'title', '---\n{title: New, x: "a, b"}\n---\n'],
    ['without a value in a flow map', '---\n{title, x: 1}\n---\n', 'title', '---\n{title: New, x: 1}\n---\n'],
    [
      'in CRLF',
      '---\r\ntags:\r\n  - 1\r\nx: 1\r\n---\r\n',
      'tags',
      '---\r\ntags:\r\n  - x\r\n  - z\r\nx: 1\r\n---\r\n',
    ],
  ])('%s', (_, before, key, after) => {
    expect(amended(`${before}Body\n`, [key])).toBe(`${after}Body\n`)
  })

  it('gives back what it replaced', () => {
    const note = noteOf('---\ntitle: 5\ntags: {a: [1]}\n---\n')
    const result = amend(note, { proposal, keys: ['title', 'tags', 'slug'], order })
    expect(result).toMatchObject({ ok: true, replaced: { title: 5, tags: { a: [1] } } })
  })

  it('may override what a merge brings', () => {
    const text = '---\nbase: &b {title: 5}\n<<: *b\n---\n'
    expect(amended(text, ['title'])).toBe('---\nbase: &b {title: 5}\n<<: *b\ntitle: New\n---\n')
  })
})

describe('amend leaves the author alone', () => {
  const author = [
    '---',
    '# a comment at the top',
    'answer: no',
    'date: 2026-01-31',
    'zip: 0123   # leading zero',
    'big: 1_000',
    'time: 12:30',
    'none: ~',
    'inf: .inf',
    '',
    "quoted: 'it''s'",
    'base: &b',
    '    deep:   {x: 1,y: 2}',
    'use: {<<: *b}',
    'alias: *b',
    'folded: >-',
    '   some',
    '   text',
    'слово: "значение"',
    '---',
    'Body --- with\ttabs \r\n',
  ].join('\n')

  it('keeps every line of its own byte for byte', () => {
    const lines = author.split('\n')
    const after = amended(author, ['title', 'slug', 'description', 'tags'])
    expect(after.split('\n').slice(0, 19)).toEqual(lines.slice(0, 19))
    expect(after.endsWith(lines.slice(19).join('\n'))).toBe(true)
  })

  it('ignores what was not at fault', () => {
    const text = '---\ntitle: Old\n---\n'
    expect(amended(text, [])).toBe(text)
    expect(amended(text, ['slug'], { title: 'Evil', slug: 'ok', extra: 1 })).toBe('---\ntitle: Old\nslug: ok\n---\n')
  })

  it('changes nothing when there is nothing to change', () => {
    const text = '---\r\ntitle: "New"\r\n---\r\nB'
    expect(amended(text, ['title'])).toBe(text)
  })

  it('sets and renews the stamp', () => {
    const stamp = { key: 'tagged_at', value: '2026-11-22T10:00:00.000Z' }
    const once = amended('---\ntitle: A\n---\n', [], {}, stamp)
    expect(once).toBe('---\ntitle: A\ntagged_at: "2026-11-22T10:00:00.000Z"\n---\n')
    expect(amended(once, [], {}, stamp)).toBe(once)
    expect(amended(once, [], {}, { ...stamp, value: 'later' })).toBe('---\ntitle: A\ntagged_at: later\n---\n')
  })

  it.each([
    ['an anchor that others use', '---\ntitle: &t 5\nx: *t\n---\n'],
    ['an explicit key without a value', '---\n? title\nx: 1\n---\n'],
    ['an alias for a key', '---\nx: &k title\n*k : 5\n---\n'],
  ])('refuses to touch %s', (_, text) => {
    expect(amend(noteOf(text), { proposal, keys: ['title'], order })).toMatchObject({ ok: false, code: 'EDIT_UNSAFE' })
  })

  it.each([
    ['half a surrogate pair', '\ud800'],
    ['a number that is none', Number.NaN],
    ['bottomless lists', [[[[[[[[[]]]]]]]]]],
  ])('refuses a proposal of %s', (_, title) => {
    const result = amend(noteOf('B'), { proposal: { title: title as Json }, keys: ['title'], order })
    expect(result).toMatchObject({ ok: false, code: 'PROPOSAL_INVALID' })
  })

  it('refuses what would make the front matter too large to be read', () => {
    const result = amend(noteOf('B'), { proposal: { title: 'x'.repeat(70_000) }, keys: ['title'], order })
    expect(result).toMatchObject({ ok: false, code: 'EDIT_UNSAFE' })
  })

  it.each([
    '---\n',
    '---\nevil: 1\n---\n',
    'a: b',
    '# c',
    '"',
    "'",
    '- x',
    '\u0000',
    '\u2028',
    '\uFEFF',
    '{a',
    '!!js/x',
    '&a',
    '*a',
    '%',
  ])('carries %j as text and nothing else', (title) => {
    for (const text of ['B\n', '---\nx: 1\n---\nB\n', '---\n{x: 1}\n---\nB\n', '---\ntitle: # c\n---\nB\n']) {
      const note = readNote(amended(text, ['title'], { title }))
      expect(note.ok && note.data['title']).toBe(title)
      expect(note.ok && note.text.slice(note.body_start)).toBe('B\n')
    }
  })
})
