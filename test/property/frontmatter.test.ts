import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../engine/flow/event.ts'
import { parseYaml, stringifyPair } from '../../engine/yaml.ts'
import { compileContract, frontmatterV1, keysAtFault } from '../../systems/sentinel/contract.ts'
import { amend } from '../../systems/sentinel/edit.ts'
import { findFence } from '../../systems/sentinel/fence.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import { parseAnswer } from '../../systems/text/answer.ts'

const { check } = compileContract(frontmatterV1)
const { order } = frontmatterV1

const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => value.isWellFormed())
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
const slug = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('-'))
const line = text.map((value) => `t${value.replace(/[\r\n]/g, ' ')}`)
const proposal = fc.record({
  title: line,
  slug,
  description: line,
  tags: fc.uniqueArray(word, { maxLength: 4 }),
})

/** Values as authors write them, some in several lines; the second line and on are indented already. */
const written = fc.oneof(
  fc.constantFrom('', 'no', '2026-01-31', '0123', '~', "'it''s'", '"a\\tb"', '[1, {a: b}]', '{x: [1,2]}', '""', '[]'),
  fc.constantFrom(
    '|\n  some\n\n  text',
    '>-\n   folded\n   text',
    '\n  - a\n  - b # c',
    '\n  x: 1\n  y:\n    - 2',
    'a\n  b',
  ),
  word.map((value) => `&${value} ${value}`),
  text.map((value) => JSON.stringify(value).replace(/[\u007f-\u009f\ufffe\uffff]/g, '?')),
)
const comment = fc.constantFrom('', '', '', '   # a comment')
const pair = fc.tuple(
  fc.oneof(
    word,
    fc.constantFrom('title', 'slug', 'description', 'tags', 'tagged_at', '__proto__', 'constructor', '"a: b"'),
  ),
  written,
  comment,
)
const extra = fc.constantFrom('', '', '', '\n', '# a line of its own\n', '  # indented\n')
const frontMatter = fc
  .tuple(fc.uniqueArray(pair, { selector: ([key]) => key, maxLength: 8 }), fc.array(extra, { maxLength: 9 }))
  .map(([pairs, extras]) =>
    pairs
      .map(([key, value, end], index) => {
        const comments = value === '' || /^['"[{\w]/.test(value) ? end : ''
        const gap = value.startsWith('\n') || value === '' ? '' : ' '
        return `${extras[index] ?? ''}${key}:${gap}${value.includes('\n') ? value : value + comments}\n`
      })
      .join(''),
  )
const body = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    '\n',
    '---\n',
    '\n---\na: b\n---\n',
    '```\n---\n```',
    'no end',
    '# Title\r\n\r\nText\n',
    '\u2028\u0000\r',
  ),
)
const note = fc.record({
  bom: fc.boolean(),
  crlf: fc.boolean(),
  yaml: fc.option(frontMatter, { nil: undefined }),
  body: body.filter((value) => value.isWellFormed()),
})

function textOf({
  bom,
  crlf,
  yaml,
  body: rest,
}: {
  bom: boolean
  crlf: boolean
  yaml: string | undefined
  body: string
}) {
  const head = yaml === undefined ? '' : `---\n${yaml}---\n`
  return (bom ? '\uFEFF' : '') + (crlf ? head.replaceAll('\n', '\r\n') : head) + rest
}

/** Whether the lines of one text appear in another in the same order. */
function keepsLines(lines: readonly string[], within: readonly string[]): boolean {
  let next = 0
  for (const candidate of within) if (next < lines.length && lines[next] === candidate) next += 1
  return next === lines.length
}

/** Lines of a head that belong to keys which are not at fault, and all fences and comments before the first fault. */
function untouched(head: string, keys: readonly string[]): string[] {
  let owner = ''
  return head.split('\n').filter((candidate) => {
    const key = /^(?:"[^"]*"|\w+)(?=:)/.exec(candidate)?.[0]
    if (key !== undefined) owner = key
    else if (candidate.startsWith('---')) owner = ''
    return !keys.includes(owner)
  })
}

describe('amend', () => {
  it('keeps the body and every line of the author, meets the contract, and is idempotent', () => {
    let repaired = 0
    fc.assert(
      fc.property(note, proposal, (parts, values) => {
        const before = textOf(parts)
        const read = readNote(before)
        if (!read.ok) {
          fc.pre(parts.yaml === undefined)
          return
        }
        const keys = keysAtFault(frontmatterV1, check(read.data))
        const stamp = { key: 'tagged_at', value: '2026-11-22T10:00:00.000Z' }
        const result = amend(read, { proposal: values, keys, order, stamp })
        expect(result).toMatchObject({ ok: true })
        if (!result.ok) return
        repaired += 1
        const after = result.head + before.slice(read.body_start)
        const again = readNote(after)
        if (!again.ok) throw new Error(again.reason)
        expect(check(again.data)).toEqual([])
        expect(after.slice(again.body_start)).toBe(before.slice(read.body_start))
        if (read.matter !== undefined) {
          const kept = untouched(read.head, [...keys, stamp.key])
          expect(keepsLines(kept, result.head.split('\n'))).toBe(true)
        }
        expect(amend(again, { proposal: values, keys: [], order })).toMatchObject({ ok: true, head: result.head })
        expect(amend(again, { proposal: values, keys, order, stamp })).toMatchObject({ ok: true, head: result.head })
      }),
      { numRuns: 400 },
    )
    expect(repaired).toBeGreaterThan(300)
  })

  it('carries any value there and back, in every kind of front matter', () => {
    const heads = ['', '---\n---\n', '---\nx: 1\n---\n', '---\n{x: 1}\n---\n', '---\nvalue: # c\n  - 1\n---\n']
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.jsonValue({ maxDepth: 4 }), (head, json) => {
        const value = JSON.parse(JSON.stringify(json)) as Json
        fc.pre(JSON.stringify(value).isWellFormed() && !JSON.stringify(value).includes('\\ud'))
        const read = readNote(`${head}Body`)
        if (!read.ok) throw new Error(read.reason)
        const result = amend(read, { proposal: { value }, keys: ['value'], order: [] })
        expect(result.ok && result.data['value']).toEqual(value)
      }),
      { numRuns: 300 },
    )
  })
})

describe('reading', () => {
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          '---',
          '...',
          '\n',
          '\r\n',
          '\r',
          'a',
          ': ',
          '- ',
          '? ',
          '[',
          ']',
          '{',
          '}',
          ',',
          '&a',
          '*a',
          '!',
          '|',
          '>',
          '"',
          "'",
          '#',
          ' ',
          '\t',
          '<<',
          '%',
          '\uFEFF',
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join('')),
  )

  it('answers for any string, and head and body are the note', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', '---\n', '\uFEFF---\n'),
        noise,
        fc.constantFrom('', '\n---\n', '\n...\nx'),
        (start, middle, end) => {
          const whole = start + middle + end
          const fence = findFence(whole)
          const read = readNote(whole)
          if (read.ok) expect(read.head + whole.slice(read.body_start)).toBe(whole)
          else expect(read.line).toBeGreaterThan(0)
          if (fence.kind === 'refused') expect(read.ok).toBe(false)
          if (!read.ok) return
          const result = amend(read, { proposal: { title: 'x' }, keys: ['title'], order })
          if (result.ok) expect(result.head.length).toBeGreaterThan(0)
          else expect(result.code).toBe('EDIT_UNSAFE')
        },
      ),
      { numRuns: 1500 },
    )
  })

  it('never throws on answers', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          noise,
          fc.json(),
          fc.json().map((json) => `Here: \`\`\`json\n${json}\n\`\`\``),
        ),
        (content) => {
          const answer = parseAnswer(content)
          expect(answer.ok ? typeof answer.value : typeof answer.reason).toBe(answer.ok ? 'object' : 'string')
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('stringifyPair', () => {
  it('prints what parseYaml reads as the same', () => {
    fc.assert(
      fc.property(
        text,
        fc.oneof(text, fc.array(text)),
        fc.boolean(),
        fc.boolean(),
        (key, value, flow, indent_sequences) => {
          const printed = stringifyPair(key, value, { flow, indent_sequences })
          const parsed = parseYaml(flow ? `{${printed}}` : `${printed}\n`)
          expect(parsed).toMatchObject({ ok: true, kind: 'map' })
          expect(parsed.ok && JSON.stringify(parsed.data)).toBe(JSON.stringify({ [key]: value }))
        },
      ),
      { numRuns: 500 },
    )
  })
})
