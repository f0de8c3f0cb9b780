import { describe, expect, it } from 'vitest'
import { parseYaml, stringifyPair } from '../../engine/yaml.ts'
import { lineOfPath, outlineOf } from '../../engine/yaml-outline.ts'

const dataOf = (text: string) => {
  const parsed = parseYaml(text)
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.reason}`)
  return parsed.data
}

describe('parseYaml', () => {
  it('reads the core schema and leaves dates, infinities and 1.1 booleans as text', () => {
    const text = 'a: 1\nb: true\nc: ~\nd: 2026-01-31\ne: .inf\nf: .nan\ng: no\nh: 0123\ni: 1_000\nj: 12:30\nk: |\n  x\n'
    expect(dataOf(text)).toEqual({
      a: 1,
      b: true,
      c: null,
      d: '2026-01-31',
      e: '.inf',
      f: '.nan',
      g: 'no',
      h: 123,
      i: '1_000',
      j: '12:30',
      k: 'x\n',
    })
  })

  it.each([
    ['', 'empty'],
    ['# only a comment\n', 'empty'],
    ['\n\n', 'empty'],
    ['a: 1\n', 'map'],
    ['{}\n', 'map'],
    ['- a\n', 'list'],
    ['text\n', 'scalar'],
    ['null\n', 'scalar'],
    ['&a\n', 'scalar'],
  ])('tells the kind of %j', (text, kind) => {
    expect(parseYaml(text)).toMatchObject({ ok: true, kind })
  })

  it.each([
    ['a: 1\nb: 2\na: 3\n', 'DUPLICATE_KEY', 3],
    ['a:\n  x: 1\n  "x": 2\n', 'DUPLICATE_KEY', 3],
    ['1: a\n"1": b\n', 'DUPLICATE_KEY', 2],
    ['a: 1\nb: [1, 2\n', 'SYNTAX', 3],
    ['a: b: c\n', 'SYNTAX', 1],
    ['a: 1\n\tb: 2\n', 'SYNTAX', 2],
    ['a: 1\n---\nb: 2\n', 'MULTIPLE_DOCUMENTS', 2],
    ["a: !!js/function 'function () { throw 1 }'\n", 'TAG', 1],
    ['a: !!python/object:os.system {}\n', 'TAG', 1],
    ['a: 1\nb: !ruby/hash:DoesNotExist\n  c: 1\n', 'TAG', 3],
    ['a: !!binary aGVsbG8=\n', 'TAG', 1],
    ['a: !!timestamp 2026-01-31\n', 'TAG', 1],
    ['a: *nothing\n', 'ALIAS', 1],
    ['a: &a [*a]\n', 'ALIAS', 1],
    ['a: 1\n<<: 5\n', 'MERGE', 2],
    ['title: {{ title }}\n', 'KEY_NOT_TEXT', 1],
    ['a: 1\nb: \u0000\n', 'UNPRINTABLE', 2],
    ['a: 1\rb: 2\n', 'UNPRINTABLE', 1],
    ['a: \ud800\n', 'UNPRINTABLE', 1],
  ])('refuses %j with %s on line %i', (text, code, line) => {
    expect(parseYaml(text)).toMatchObject({ ok: false, code, line })
  })

  it('names both lines of a duplicate key', () => {
    expect(parseYaml('a: 1\nb: 2\na: 3\n')).toMatchObject({ reason: 'has the key "a" on line 1 and again on line 3' })
  })

  it('keeps dangerous keys as ordinary ones', () => {
    const text = '__proto__:\n  polluted: 1\nconstructor: 2\ntoString: 3\nx: &x\n  __proto__: {y: 1}\nz: *x\n'
    const data = dataOf(text) as Record<string, unknown>
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor', 'toString', 'x', 'z'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(JSON.stringify(data)).toContain('"__proto__":{"polluted":1}')
    expect(JSON.stringify(data)).toContain('"z":{"__proto__":{"y":1}}')
  })

  it('applies anchors, aliases and merge keys, and shares nothing', () => {
    const text = 'base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nmany:\n  <<: [*b, {x: 9, z: 4}]\nquoted:\n  "<<": 5\n'
    const data = dataOf(text) as Record<string, unknown>
    expect(data).toEqual({
      base: { x: 1, y: 2 },
      use: { y: 3, x: 1 },
      many: { x: 1, y: 2, z: 4 },
      quoted: { '<<': 5 },
    })
    const lists = dataOf('a: &a [1]\nb: *a\n') as { a: unknown; b: unknown }
    expect(lists.a).not.toBe(lists.b)
    expect(dataOf('a: &a 1\nb: *a\nc: &a 2\nd: *a\n')).toEqual({ a: 1, b: 1, c: 2, d: 2 })
  })

  it('refuses alias bombs before they grow', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 9; level += 1) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`)
    }
    expect(parseYaml(lines.join('\n'))).toMatchObject({ ok: false, code: 'ALIAS' })
    const wide = `a: &a "${'x'.repeat(1000)}"\nb: [${'*a,'.repeat(2000)}]\n`
    expect(parseYaml(wide)).toMatchObject({ ok: false, code: 'ALIAS' })
    const deep = Array.from({ length: 40 }, (_, index) => `a${index}: &a${index} [[*a${index - 1}]]`).slice(1)
    expect(parseYaml(`a0: &a0 1\n${deep.join('\n')}`)).toMatchObject({ ok: false, code: 'TOO_DEEP' })
  })

  it.each([
    ['flow lists', '['.repeat(60_000)],
    ['flow maps', '{a: '.repeat(10_000)],
    ['implicit maps in lists', '[a: '.repeat(10_000)],
    ['compact lists', '- '.repeat(20_000)],
    ['explicit keys', '? '.repeat(20_000)],
    ['indentation', Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['brackets behind an apostrophe', `- it's\n- ${'['.repeat(20_000)}`],
  ])('refuses deep nesting by %s', (_, text) => {
    expect(parseYaml(text)).toMatchObject({ ok: false, code: 'TOO_DEEP' })
  })

  it('takes what is just deep enough, and brackets in text', () => {
    expect(parseYaml(`${'['.repeat(64)}${']'.repeat(64)}`)).toMatchObject({ ok: true })
    expect(parseYaml(`${'['.repeat(65)}${']'.repeat(65)}`)).toMatchObject({ ok: false, code: 'TOO_DEEP' })
    expect(dataOf(`a: "${'['.repeat(500)}"\nb: x${'['.repeat(500)}\n`)).toMatchObject({ a: '['.repeat(500) })
  })

  it.each([
    ['bytes', 'x'.repeat(65_537), 'TOO_LARGE'],
    ['bytes, not characters', 'é'.repeat(40_000), 'TOO_LARGE'],
    ['lines', '# x\n'.repeat(1_002), 'TOO_LARGE'],
    ['blanks', ' '.repeat(10_000), 'TOO_COMPLEX'],
    ['tokens', `{${Array.from({ length: 9_000 }, (_, index) => `k${index}`).join(',')}}`, 'TOO_COMPLEX'],
    ['escapes', `"${'\\q'.repeat(30_000)}"`, 'TOO_COMPLEX'],
  ])('bounds %s', (_, text, code) => {
    expect(parseYaml(text)).toMatchObject({ ok: false, code })
  })

  it('accepts a thousand ordinary lines', () => {
    const text = Array.from({ length: 1_000 }, (_, index) => `key_${index}: "value ${index}"`).join('\n')
    expect(parseYaml(`${text}\n`)).toMatchObject({ ok: true })
  })

  it('takes other limits', () => {
    expect(parseYaml('a: 1\nb: 2\n', { lines_max: 1 })).toMatchObject({ ok: false, code: 'TOO_LARGE', line: 2 })
    expect(parseYaml('a: [[1]]', { depth_max: 2 })).toMatchObject({ ok: false, code: 'TOO_DEEP' })
  })
})

describe('outlineOf', () => {
  it('gives the places of pairs, without the comments that follow a list', () => {
    const text = 'a: &x foo  # c\nb:\n  - 1\n# later\nc:\n'
    const parsed = parseYaml(text)
    const outline = parsed.ok ? outlineOf(parsed.document) : undefined
    const [a, b, c] = outline?.pairs ?? []
    expect(text.slice(a?.value_start, a?.value_end)).toBe('&x foo')
    expect(text.slice(b?.value_start, b?.value_end)).toBe('- 1')
    expect(c).toMatchObject({ key: 'c', style: 'none', value_start: -1 })
    expect(text[(c?.colon_end ?? 0) - 1]).toBe(':')
  })

  it('is undefined for what is no map', () => {
    const parsed = parseYaml('- a')
    expect(parsed.ok && outlineOf(parsed.document)).toBeUndefined()
  })
})

describe('lineOfPath', () => {
  it.each([
    [[], 2],
    [['a'], 2],
    [['b', 'c'], 4],
    [['b', 'list', '1'], 7],
    [['b', 'missing'], 3],
    [['b', 'list', '9'], 5],
    [['2026'], 8],
  ])('finds %j', (keys, line) => {
    const parsed = parseYaml('# top\na: 1\nb:\n  c: 2\n  list:\n    - x\n    - y\n2026: z\n')
    expect(parsed.ok && lineOfPath(parsed, keys)).toBe(line)
  })
})

describe('stringifyPair', () => {
  it.each(['no', 'NO', 'nO', 'y', 'off', '~', 'null', '', '2026-01-31', '2026-01-31T10:00:00.000Z', '0123', '0x1F'])(
    'quotes %j, which a reader of YAML 1.1 would misread',
    (value) => expect(stringifyPair('k', value)).toBe(`k: "${value}"`),
  )
  it.each([
    '1_000',
    '1,000',
    '12:30',
    '190:20:30',
    '1e3',
    '.5',
    '+1',
    '.inf',
    '=',
    '<<',
    ':symbol',
    '---',
    '# c',
    '@x',
  ])('quotes %j', (value) => expect(stringifyPair('k', value)).toBe(`k: "${value}"`))
  it('leaves plain text plain, on one line', () => {
    expect(stringifyPair('k', `${'long words '.repeat(30)}end`)).toBe(`k: ${'long words '.repeat(30)}end`)
    expect(stringifyPair('k', 'two\nlines')).toBe('k: "two\\nlines"')
  })
  it('escapes what cannot be seen', () => {
    expect(stringifyPair('k', 'a\u2028b\u202ec\u{e0041}')).toBe('k: "a\\u2028b\\u202Ec\\U000E0041"')
  })
  it('prints lists as the note does', () => {
    expect(stringifyPair('k', ['a', '1'])).toBe('k:\n  - a\n  - "1"')
    expect(stringifyPair('k', ['a'], { indent_sequences: false, newline: '\r\n' })).toBe('k:\r\n- a')
    expect(stringifyPair('k', ['a', 'b, c'], { flow: true })).toBe('k: [a, "b, c"]')
    expect(stringifyPair('k', [])).toBe('k: []')
  })
  it('quotes keys as well', () => {
    expect(stringifyPair('no', 1)).toBe('"no": 1')
    expect(stringifyPair('__proto__', 1)).toBe('__proto__: 1')
  })
})
