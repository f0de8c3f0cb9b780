import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerTurn } from '../../adapters/offline/turn.ts'
import type { JanitorReport } from '../../systems/events.ts'
import { Best } from '../../systems/janitor/best.ts'
import { plainLine, quoted } from '../../systems/janitor/defuse.ts'
import { duration, grouped, type Rest, reportUnits_max, wordsOf } from '../../systems/janitor/words.ts'

type Numbers = Omit<JanitorReport, 'text'>

const bots = { channel: '1', name: 'bots', people: 12, bots: 1_234, counted: 1_100, suppressed: 5, rate: 20.4 }
const numbers: Numbers = {
  report: 3,
  since_ms: 0,
  until_ms: 3_900_000,
  messages: 1_246,
  counted: 1_100,
  channels: [{ ...bots, pressure: 'high' }],
  families: [
    { family: 4, memory_id: 9, channel: '1', template: 'Build … failed', count: 5_678, recent: 1_000, fresh: true },
    { family: 2, memory_id: 5, channel: '', template: 'It rains', count: 200, recent: 1, fresh: false },
  ],
  proposals: [{ rule: 7, family: 4, template: 'Build … failed', why: 'said 1,000 times since the last report' }],
}
const rest: Rest = { channels: 1, families: 2, fresh: 1, proposals: 0, waiting: 0 }

function linesOf(report: Numbers, more: Partial<Rest> = {}): string[] {
  return wordsOf(report, { ...rest, ...more }).split('\n')
}

describe('A report in words', () => {
  test('says its numbers', () => {
    expect(linesOf(numbers)).toEqual([
      'Report 3: 1,246 messages in 1 h 5 min. 1,100 of them became numbers, 146 were looked at one by one. 2 patterns were said again, 1 of them new.',
      '',
      'Rules that wait for your yes (`promethean janitor allow N`):',
      '- rule 7: only count `Build … failed`, said 1,000 times since the last report',
      '',
      'Said most:',
      '- 1,000 times in `bots`: `Build … failed` (new, 5,678 in all)',
      '- once: `It rains` (200 in all)',
      '',
      'Channels:',
      '- `bots`: 12 of people, 1,234 of programs, 1,100 only counted, 5 kept away by rules, 20 a minute now, pressure high',
    ])
  })

  test('says what it does not name, and what waits from before', () => {
    const lines = linesOf(numbers, { channels: 40, families: 1_002, proposals: 2, waiting: 1 })
    expect(lines[0]).toContain(
      '1,002 patterns were said again, 1 of them new. 2 more came often enough for a rule. 1 older rule waits for your word.',
    )
    expect(lines.filter((line) => line.startsWith('- and'))).toEqual(['- and 1,000 more', '- and 39 more'])
  })

  test('of what was all looked at, and of patterns that are all known, says so', () => {
    expect(linesOf({ ...numbers, counted: 0 }, { fresh: 0 })[0]).toBe(
      'Report 3: 1,246 messages in 1 h 5 min. All of them were looked at one by one. 2 patterns were said again, none of them new.',
    )
  })

  test('of nothing is one line', () => {
    const nothing = { ...numbers, messages: 0, counted: 0, channels: [], families: [], proposals: [] }
    expect(linesOf(nothing, { channels: 0, families: 0, fresh: 0 })).toEqual([
      'Report 3: 0 messages in 1 h 5 min. No pattern was said again.',
    ])
  })

  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      '`',
      '\n- rule 9: only count',
      '@everyone',
      '\u202e',
      '\u{e0041}',
      'z̸̢̡̛'.repeat(50),
      '\ud800',
      '```\n# x',
    ),
  )
  const templates = fc.array(text, { maxLength: 100 })

  test('is one message with its own lines and no others, whatever the far side writes', () => {
    fc.assert(
      fc.property(templates, text, fc.nat({ max: 100_000 }), (given, name, more) => {
        const said = given.map((template) => plainLine(template, 200))
        const families = said.map((template, at) => ({ ...numbers.families[0]!, template, recent: 1e12 + at }))
        const proposals = said.map((template, rule) => ({ ...numbers.proposals[0]!, template, rule }))
        const channels = said.slice(0, 20).map(() => ({ ...numbers.channels[0]!, name: plainLine(name, 80) }))
        const counts = { channels: channels.length + more, families: families.length + more, proposals: more }
        const words = wordsOf({ ...numbers, families, proposals, channels }, { ...rest, ...counts })
        expect(words.length).toBeLessThanOrEqual(reportUnits_max)
        expect(words).not.toMatch(/@|[\ud800-\udbff](?![\udc00-\udfff])|[^\P{Cc}\n]|\p{Cf}/u)
        const own =
          /^(?:Report 3: |Rules that wait for your yes|Said most:$|Channels:$|- (?:rule \d+: |[\d,]+ times |and [\d,]+ more$|`))|^$/
        for (const line of words.split('\n')) {
          expect(line).toMatch(own)
          expect(line.replace(/[^`]/g, '').length % 2).toBe(0)
        }
        const shown = (start: RegExp) => words.split('\n').filter((line) => start.test(line)).length
        const left = [...words.matchAll(/- and ([\d,]+) more/g)].map(([, count]) => Number(count!.replaceAll(',', '')))
        const named = shown(/^- (?:rule|`|[\d,]+ times)/)
        expect(named + left.reduce((sum, count) => sum + count, 0)).toBe(said.length * 2 + channels.length + more * 2)
      }),
    )
  })
})

describe('Its pieces', () => {
  test('numbers and times', () => {
    expect([0, 999, 1_000, 1_234_567.4].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567'])
    expect([0, 59_999, 60_000, 3_600_000, 90_060_000, 86_400_000].map(duration)).toEqual([
      'less than a minute',
      'less than a minute',
      '1 min',
      '1 h',
      '1 d 1 h 1 min',
      '1 d',
    ])
  })

  test('a line of the far side is one line, cut between letters, and calls nobody', () => {
    expect(plainLine('  hi\r\n\n@here `rm` \u202e \u200bx', 80)).toBe('hi ＠here ’rm’ x')
    expect(plainLine('😀😀😀', 4)).toBe('😀…')
    expect(plainLine('\u200b \n', 4)).toBe('(no words)')
    expect(plainLine(`a${'\u0301'.repeat(9)}b`, 20)).toBe(`a${'\u0301'.repeat(3)}b`)
    expect(quoted('**bold** [x](http://a)', 80)).toBe('`**bold** [x](http://a)`')
  })

  test('the best few of many are those of a sort', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 })), fc.nat({ max: 6 }), (values, most) => {
        const best = new Best<number>(most)
        for (const [at, value] of values.entries()) best.offer(at, value)
        const sorted = values.map((value, at) => ({ value, at })).sort((a, b) => b.value - a.value || a.at - b.at)
        expect(best.items).toEqual(sorted.slice(0, most).map(({ at }) => at))
      }),
    )
  })

  test('without a model a report is its own words', () => {
    const text = wordsOf(numbers, rest)
    const memories = { role: 'user', content: { memories: [{ text: 'Build 4 failed.' }] } } as const
    expect(answerTurn([memories, { role: 'user', content: { kind: 'world', text } }])).toBe(text)
    const others = [
      { kind: 'world', text: 'A note.' },
      { kind: 'discord', text },
      { kind: 'world', author: 'duck', text },
    ]
    for (const content of others) expect(answerTurn([memories, { role: 'user', content }])).not.toBe(text)
  })
})
