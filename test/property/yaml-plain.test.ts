import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseYaml, stringifyPair } from '../../engine/yaml.ts'
import { outlineOf } from '../../engine/yaml-outline.ts'
import { readPlainMap } from '../../engine/yaml-plain.ts'

const scalar = fc.oneof(
  fc.constantFrom(
    'word',
    'two words',
    'true',
    'Null',
    'no',
    '~',
    '0',
    '007',
    '12',
    '-3',
    '1_000',
    '1e3',
    '.inf',
    '0x1f',
  ),
  fc.constantFrom(
    '"quoted"',
    "'single'",
    '"a\\nb"',
    "'it''s'",
    '"#x"',
    "''",
    '""',
    '[a, b]',
    '[]',
    '[true]',
    '[a,]',
    '{a: b}',
  ),
  fc.constantFrom(
    'a: b',
    'a:b',
    'https://x.org/y#z',
    'a #b',
    'a#b',
    '# c',
    '- x',
    '* y',
    '&a b',
    '*a',
    '!t x',
    '|',
    '>',
    '%x',
    '@x',
  ),
  fc.constantFrom(
    '2026-01-31',
    '12:30',
    'ends ',
    ' begins',
    'tab\tbed',
    'ünï',
    'Ärger',
    '日本',
    'a\u2028b',
    'a, b',
    'a]',
    'a}',
    'it’s',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
)
const key = fc.oneof(
  fc.constantFrom('title', 'tags', 'a-b', 'y', 'true', '__proto__', 'constructor', '<<', '1', 'x y'),
  fc.string({ maxLength: 4 }),
)
const line = fc.oneof(
  fc
    .tuple(key, fc.constant(': '), scalar, fc.constantFrom(' # why', '  #', '# no', ' #'))
    .map((parts) => parts.join('')),
  fc.tuple(key, fc.constantFrom(': ', ':', ':  ', ' : '), scalar).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('', '  ', ' ', '    '), fc.constantFrom('- ', '-', '-  '), scalar)
    .map((parts) => parts.join('')),
  fc.tuple(key, fc.constant(':')).map((parts) => parts.join('')),
  fc.constantFrom('', '# comment', '  # indented', '---', '...', '  continued', '\r', ' '),
)
const text = fc.array(line, { maxLength: 6 }).map((lines) => `${lines.join('\n')}\n`)

describe('the reader of plain maps', () => {
  it('reads what the full reader reads, or nothing', () => {
    fc.assert(
      fc.property(text, (yaml) => {
        const plain = readPlainMap(yaml)
        if (plain === undefined) return
        const full = parseYaml(yaml)
        expect(full).toMatchObject({ ok: true, kind: 'map' })
        if (!full.ok) return
        expect(JSON.stringify(plain.data)).toBe(JSON.stringify(full.data))
        const { flow, start, pairs } = outlineOf(full.document) ?? { pairs: [] }
        expect({ flow: plain.outline.flow, start: plain.outline.start, pairs: plain.outline.pairs }).toEqual({
          flow,
          start,
          pairs,
        })
      }),
      { numRuns: 3000 },
    )
  })

  it('reads ordinary front matter', () => {
    const yaml = 'title: The arm64 build: no\n'
    expect(readPlainMap(yaml)).toBeUndefined()
    const plain =
      'title: Why it breaks, again # as always\nweight: 12\n# a comment\ntags:\n  - build\n  - ci\nurl: https://x.org\n'
    expect(readPlainMap(plain)?.data).toEqual({
      title: 'Why it breaks, again',
      weight: 12,
      tags: ['build', 'ci'],
      url: 'https://x.org',
    })
  })

  it('reads what is printed', () => {
    const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }))
    fc.assert(
      fc.property(fc.constantFrom('title', 'a-b', 'y', 'no'), value, (name, written) => {
        const printed = stringifyPair(name, written)
        expect(parseYaml(`${printed}\n`)).toMatchObject({ ok: true, data: { [name]: written } })
      }),
      { numRuns: 1000 },
    )
  })
})
