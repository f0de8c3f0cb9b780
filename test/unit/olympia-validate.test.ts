import { describe, expect, test } from 'vitest'
import { askedCalls } from '../../adapters/cli/olympia/asked.ts'
import type { CallAsked, CallRun, Seen } from '../../adapters/cli/olympia/seen.ts'
import { suiteOf, type Task, type Validator } from '../../adapters/cli/olympia/suite.ts'
import { judgeOf } from '../../adapters/cli/olympia/validate.ts'
import type { ToolSpec } from '../../systems/agents/tools.ts'
import type { LlmChatDone } from '../../systems/events.ts'

const nothing: Seen = { answer: '', asked: [], ran: [], ending: { state: 'done', code: '', reason: '' } }

/** What is said against what was seen. */
function judged(validator: Validator, seen: Partial<Seen>): readonly string[] {
  const task: Task = { name: 'one', prompt: 'Hello', validators: [validator] }
  return judgeOf(task, suiteOf({ name: 'mine', about: 'Mine.', tasks: [task] }, ''))({ ...nothing, ...seen })
}

describe('An answer', () => {
  test.each<[string, Validator['answer'] & object, string, boolean]>([
    ['equals, but for case and blanks', { equals: 'Good  Morning' }, ' good morning\n', true],
    ['equals nothing longer', { equals: 'good' }, 'goods', false],
    ['contains all', { contains: ['a b', 'C'] }, 'A\nb and c', true],
    ['contains not all', { contains: ['a', 'z'] }, 'a', false],
    ['contains one of some', { contains_any: ['z', 'a'] }, 'a', true],
    ['contains none of some', { contains_any: ['y', 'z'] }, 'a', false],
    ['lacks', { lacks: ['secret'] }, 'open', true],
    ['lacks not', { lacks: ['secret'] }, 'the SECRET', false],
    ['matches', { matches: '^\\d{2}:\\d{2}$' }, '13:45', true],
    ['matches not', { matches: '^\\d{2}:\\d{2}$' }, 'at 13:45', false],
    ['is JSON', { json: { type: 'object', required: ['a'] } }, '{"a":1}', true],
    ['is JSON in a fence', { json: { type: 'object', required: ['a'] } }, 'Here:\n```json\n{"a":1}\n```', true],
    ['is JSON of another form', { json: { type: 'object', required: ['a'] } }, '{"b":1}', false],
    ['is no JSON', { json: { type: 'object' } }, 'none', false],
    ['is not there', { lacks: ['secret'] }, '  ', false],
    ['takes one apostrophe for the other', { contains: ["can't"] }, 'I can’t.', true],
    ['counts letters put together otherwise as the same', { contains: ['é'] }, 'e\u0301', true],
  ])('%s', (_, answer, said, passes) => {
    expect(judged({ answer }, { answer: said })).toHaveLength(passes ? 0 : 1)
  })
})

const ran = (...calls: readonly [string, object][]): Partial<Seen> => ({
  ran: calls.map(([tool, args]): CallRun => ({ tool, arguments: { ...args }, result: '' })),
})
const asks = (tool: string, n?: number) => ({
  tool,
  ...(n === undefined ? {} : { arguments: { type: 'object', properties: { n: { const: n } } } }),
})

describe('Calls', () => {
  test('in any order, each expectation by a call of its own', () => {
    const calls = { expect: [asks('a'), asks('a', 1)] }
    // The first expectation could take the only call that meets the second one.
    expect(judged({ calls }, ran(['a', { n: 1 }], ['a', { n: 2 }]))).toEqual([])
    expect(judged({ calls }, ran(['a', { n: 2 }], ['a', { n: 1 }]))).toEqual([])
    expect(judged({ calls }, ran(['a', { n: 1 }]))).toHaveLength(1)
  })

  test('in order', () => {
    const calls = { order: 'in', expect: [asks('a'), asks('b')] } as const
    expect(judged({ calls }, ran(['a', {}], ['b', {}]))).toEqual([])
    expect(judged({ calls }, ran(['b', {}], ['a', {}]))).toEqual([
      'b was not called in its place',
      'b was called with {}, which nothing asks for',
    ])
  })

  test('none besides, unless that is allowed', () => {
    const expect_a = { expect: [asks('a')] }
    expect(judged({ calls: expect_a }, ran(['a', {}], ['b', { x: 1 }]))).toEqual([
      'b was called with {"x":1}, which nothing asks for',
    ])
    expect(judged({ calls: { ...expect_a, besides: true } }, ran(['a', {}], ['b', {}]))).toEqual([])
    expect(judged({ calls: { expect: [] } }, ran(['a', {}]))).toHaveLength(1)
  })

  test('wrong arguments are named', () => {
    expect(judged({ calls: { expect: [asks('a', 1)], besides: true } }, ran(['a', { n: 2 }]))).toEqual([
      'a was called with {"n":2}: n must be equal to constant',
    ])
    expect(judged({ calls: { expect: [asks('a')] } }, {})).toEqual(['a was not called'])
  })

  test('refusing counts also what was asked for and could not be done', () => {
    const asked: CallAsked[] = [{ tool: 'made.up', arguments: '', validity: 'failed', wrong: 'there is no such tool' }]
    expect(judged({ refuses: true }, { asked })).toEqual(['no tool was to be called, but made.up was'])
    expect(judged({ refuses: true }, {})).toEqual([])
  })
})

const good = '---\ntitle: T # mine\nslug: t\ndescription: D.\ntags: []\n---\n'
const note = (before: string, after: string): Partial<Seen> => ({ note: { path: 'n.md', before, after } })

describe('A note', () => {
  test('meets its contract with the body that it had, to the byte', () => {
    expect(judged({ frontmatter: {} }, note('Body\r\n', `${good}Body\r\n`))).toEqual([])
    expect(judged({ frontmatter: {} }, note('Body\r\n', `${good}Body\n`))).toEqual(['the body was changed'])
    expect(judged({ frontmatter: {} }, note('Body', `${good.replace('slug: t', 'slug: T T')}Body`))).not.toEqual([])
    expect(judged({ frontmatter: {} }, note('Body', '---\na: [\n---\nBody'))).toHaveLength(1)
    expect(judged({ frontmatter: {} }, note('---\na: [\n---\nBody', `${good}Body`))).toHaveLength(1)
  })

  test('keeps what it must, and says what is asked of it besides', () => {
    const frontmatter = { keeps: ['title: T # mine'], data: { type: 'object', properties: { slug: { const: 't' } } } }
    expect(judged({ frontmatter }, note('Body', `${good}Body`))).toEqual([])
    expect(
      judged({ frontmatter }, note('Body', `${good.replace(' # mine', '').replace('slug: t', 'slug: u')}Body`)),
    ).toEqual(['slug must be equal to constant', '"title: T # mine" is no longer in the front matter'])
  })

  test('is untouched only when nothing was changed', () => {
    expect(judged({ untouched: true }, note('a', 'a'))).toEqual([])
    expect(judged({ untouched: true }, note('a', 'a\n'))).toEqual(['the note was changed'])
  })
})

const spec: ToolSpec = {
  name: 'add.one',
  description: 'Adds.',
  parameters: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } }, additionalProperties: false },
  risk: 'read_only',
  retry: 'safe',
  deadline_ms: 1_000,
}

/** The validity of calls of one turn, each of a round of its own. */
function validities(...calls: readonly [name: string, args: string][]): string[] {
  const answers = calls.map(([name, args], at): LlmChatDone => {
    return { content: '', model: 'm', finish: 'tool_calls', tool_calls: [{ id: `c${at}`, name, arguments: args }] }
  })
  return askedCalls(answers, [spec]).map(({ validity }) => validity)
}

describe('The validity of a call', () => {
  test.each<[string, string[], ...(readonly [string, string][])]>([
    ['right at first', ['valid'], ['add.one', '{"n":1}']],
    ['under the name that an endpoint knows', ['valid'], ['add_one', '{"n":1}']],
    ['mended', ['repaired'], ['add.one', '{"n":1,}']],
    ['wrong, then right', ['mistaken', 'repaired'], ['add.one', '{"n":"1"}'], ['add.one', '{"n":1}']],
    ['wrong for good', ['failed'], ['add.one', '{}']],
    ['no JSON at all', ['failed'], ['add.one', 'one']],
    ['a tool that there is not', ['failed', 'valid'], ['add.two', '{"n":1}'], ['add.one', '{"n":1}']],
    [
      'one right call makes one wrong call good',
      ['mistaken', 'failed', 'repaired'],
      ['add.one', '{}'],
      ['add.one', '{}'],
      ['add.one', '{"n":1}'],
    ],
    ['right, then wrong', ['valid', 'failed'], ['add.one', '{"n":1}'], ['add.one', '{}']],
  ])('%s', (_, expected, ...calls) => {
    expect(validities(...calls)).toEqual(expected)
  })
})
