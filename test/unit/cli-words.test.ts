import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { answerOf, readable, sentencesOf } from '../../adapters/cli/ask/answer.ts'
import { counted, duration, progressLine } from '../../adapters/cli/progress.ts'
import { block, columns, dayOf, oneLine } from '../../adapters/cli/words.ts'
import type { Hit, Recall } from '../../systems/recall/types.ts'
import { secretsIn } from '../../systems/text/secrets.ts'

describe('what is shown on a terminal', () => {
  test('no text reaches it that it could obey, and no line is longer than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 80 }), (text, units) => {
        const line = oneLine(text, units)
        expect(/[\p{Cc}\p{Cf}]/u.test(line.replaceAll('\t', ''))).toBe(false)
        expect(/[\p{Cc}\p{Cf}]/u.test(block(text, '  ').replace(/[\t\n]/g, ''))).toBe(false)
      }),
    )
    expect(oneLine('\u001b[31mred\n  and\tmore', 40)).toBe('\\u{1b}[31mred and more')
    expect(oneLine('a😀b', 3)).toBe('a…')
    expect(block('one\r\ntwo\u0007', '> ')).toBe('> one\n> two\\u{7}')
  })

  test('columns stand under each other', () => {
    expect(
      columns([
        ['a', 'bb', ''],
        ['ccc', 'd', 'e'],
      ]),
    ).toBe('a    bb\nccc  d   e')
  })

  test('counts, days and lengths of time are said as people say them', () => {
    expect([0, 999, 1000, 1234567].map(counted)).toEqual(['0', '999', '1,000', '1,234,567'])
    expect([400, 59_000, 61_000, 7_260_000].map(duration)).toEqual(['0 s', '59 s', '1 min 1 s', '2 h 1 min'])
    expect([0, -1, 1e18, 1_769_817_600_000].map(dayOf)).toEqual(['', '', '', '2026-01-31'])
  })

  test('progress tells share, rate and remaining time; without a known end only what was done', () => {
    expect(progressLine(25, 100, 3000, 1000)).toBe(
      `${'█'.repeat(6)}${'░'.repeat(18)}  25 %  3,000 events, 3,000/s, 3 s left`,
    )
    expect(progressLine(25, 0, 3000, 2000)).toBe('3,000 events, 1,500/s')
    expect(progressLine(0, 100, 0, 0)).toContain('  0 %')
  })
})

describe('the command line', () => {
  test('takes filters, and days as times', () => {
    const words = ['recall', 'why', 'it broke', '-k', '3', '--kind', 'chat', '--kind', 'note', '--from', '2026-01-31']
    expect(readArguments([...words, '--to', '2026-01-31T12:00', '--explain', '--author', 'Ada'])).toMatchObject({
      command: 'recall',
      words: ['why', 'it broke'],
      hits_max: 3,
      explain: true,
      filters: {
        kinds: ['chat', 'note'],
        tags: [],
        from_ms: 1_769_817_600_000,
        to_ms: 1_769_860_800_000,
        author: 'Ada',
      },
    })
    expect(readArguments(['recall', 'x', '--from', '1769817600000']).filters.from_ms).toBe(1_769_817_600_000)
  })

  test.each([
    [['recall', 'x', '-k', 'ten']],
    [['recall', 'x', '-k', '1001']],
    [['recall', 'x', '--from', 'yesterday']],
    [['memory', 'show', 'a', 'b']],
    [['explain', 'a', 'b']],
    [['ingest', '--tags', 'x']],
  ])('%j is refused', (words) => {
    expect(() => readArguments(words)).toThrow(expect.objectContaining({ exit: 64 }))
  })
})

function hitOf(id: string, text: string, score: number): Hit {
  const about = { memory_id: 1, parts: [], lanes: ['lexical'], path: [], title: '', kind: 'note', tags: [], family: [] }
  return { ...about, id, text, score, source: { kind: 'note' }, happened_at_ms: 0, copies: 0 }
}
function recallOf(query: string, answered: boolean, hits: readonly Hit[]): Recall {
  return { query, answered, confidence: answered ? 0.9 : 0.1, hits, [Symbol.iterator]: () => hits[Symbol.iterator]() }
}

describe('an answer', () => {
  const filler = 'The rows are watered in the evening when it is dry, and never at noon. '.repeat(6)

  test('quotes the sentence of a long text that carries the question', () => {
    const text = `# Garden\n\n${filler}\n\nTomatoes want lime against rot. They also want sun.\n\n${filler}`
    const { quotes } = answerOf(recallOf('What do tomatoes want against rot?', true, [hitOf('a', text, 9)]))
    expect(quotes[0]?.text).toMatch(/^Tomatoes want lime against rot\. They also want sun\./)
    expect(quotes[0]!.text.length).toBeLessThanOrEqual(400)
  })

  test('reads prose and not code, headings without their marks, links without their targets', () => {
    const prose = `Turn the [compost](https://garden.example/compost) every second week, and keep it as damp as a sponge all year.`
    const text = `---\ntitle: Compost\n---\n# Compost\n\n${prose}\n\n\`\`\`sh\nturn --all\n\`\`\`\nThen wait.`
    const read = readable(text)
    expect(read).toMatch(/^Compost:\n\nTurn the compost every second week, .*\n+Then wait\.$/)
    expect(readable(`"cut": 1 }\n\`\`\`\n\n${prose}`)).toMatch(/^Turn the compost/)
    expect(readable('```\nonly code\n```')).toContain('only code')
    expect(readable('---\ntitle: All\n---\n')).toContain('title: All')
    for (const unit of ['```\n', '[a](', '---\n', '# ', '~~~x\n'])
      expect(readable(unit.repeat(20_000))).toEqual(expect.any(String))
  })

  test('leaves out what is far behind; not answered, it gives the nearest', () => {
    const hits = [9, 8, 3, 2, 1].map((score, at) => hitOf(`${at}`, `Short text ${at}.`, score))
    expect(answerOf(recallOf('short', true, hits)).quotes.map(({ hit }) => hit.id)).toEqual(['0', '1'])
    expect(answerOf(recallOf('short', false, hits)).quotes.map(({ hit }) => hit.id)).toEqual(['0', '1', '2'])
    expect(answerOf(recallOf('short', false, [])).quotes).toEqual([])
  })

  test('sentences lose no word', () => {
    const of = (text: string): string => text.replace(/\s+/g, '')
    fc.assert(fc.property(fc.string(), (text) => of(sentencesOf(text).join('')) === of(text)))
    expect(sentencesOf('One. “Two.” Three!\n- four\n\nFive')).toEqual(['One.', '“Two.”', 'Three!', '- four', 'Five'])
  })
})

describe('secrets', () => {
  const made = (length: number): string => 'aB3dE5gH7j'.repeat(9).slice(0, length)

  test.each([
    [`AKIA${'ABCD1234'.repeat(2)}`, 'aws_key'],
    [`token: ghp_${made(36)}`, 'github_token'],
    [`sk-${made(40)}`, 'openai_key'],
    ['-----BEGIN RSA PRIVATE KEY-----', 'private_key'],
    ['-----BEGIN PRIVATE KEY-----', 'private_key'],
    ['postgres://ada:s3cret99@db.example/x', 'url_password'],
    ['password = hunter2hunter', 'password'],
    ['"api_key": "abcdef123456"', 'password'],
    [`eyJ${made(20)}.eyJ${made(30)}.${made(20)}`, 'web_token'],
  ])('%s is one: %s', (text, kind) => {
    expect(secretsIn(`before ${text} after`)).toContain(kind)
  })

  test.each([
    'The password is in the safe.',
    'password: <your password>',
    'see https://example.org/a?b=c@d',
    'a task-list of things to ask-about',
    'password: process.env.PASSWORD',
  ])('%s is none', (text) => {
    expect(secretsIn(text)).toEqual([])
  })

  test('long texts are looked through in linear time: no pattern runs away', () => {
    for (const unit of ['a://', 'eyJ', 'password', 'sk-', 'a:b@', 'A', ' ']) {
      expect(Array.isArray(secretsIn(unit.repeat(100_000)))).toBe(true)
    }
  })
})
