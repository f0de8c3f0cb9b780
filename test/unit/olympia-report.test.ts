import { expect, test } from 'vitest'
import { htmlReport } from '../../adapters/cli/olympia/report-html.ts'
import { markdownReport, terminalReport } from '../../adapters/cli/olympia/report-text.ts'
import { wilson } from '../../adapters/cli/olympia/statistics.ts'
import type { ModelSummary, Summary } from '../../adapters/cli/olympia/summary.ts'
import { textBar } from '../../adapters/cli/olympia/tables.ts'

const hostile = `<img src=x onerror=alert(1)>"'&|\`\u001b[31m\u202e[a](http://evil)`

function summary(model: Partial<ModelSummary> = {}, more: Partial<Summary> = {}): Summary {
  const one: ModelSummary = {
    model: 'm',
    planned: 4,
    rate: wilson(3, 4),
    latency_p50_ms: 120,
    latency_p95_ms: 2_500,
    tokens_in: 12_345,
    tokens_out: 67,
    tokens_estimated: false,
    cost: null,
    calls: { valid: 2, repaired: 1, failed: 1 },
    unanswered: 0,
    given_up: '',
    tasks: [{ task: 'one', rate: wilson(3, 4), latency_p50_ms: 120 }],
    failures: [{ task: 'one', runs: [2], reasons: ['it was wrong'] }],
    ...model,
  }
  const versions = { promethean: '0', node: '0' }
  const tasks = [{ name: 'one', about: 'One.' }]
  return {
    suite: 's',
    about: 'About.',
    suite_hash: 'h',
    tasks,
    at: '2026-01-01',
    versions,
    interrupted: false,
    models: [one],
    ...more,
  }
}

test('the same figures in the terminal, in Markdown and in HTML', () => {
  for (const report of [terminalReport(summary(), '/r'), markdownReport(summary()), htmlReport(summary())]) {
    for (const figure of [
      '3 of 4',
      '75.0 %',
      '30.1 to 95.4',
      '120 ms',
      '2.50 s',
      '12,345',
      '2 (50.0 %)',
      'it was wrong',
      'run 2',
    ]) {
      expect(report).toContain(figure)
    }
    expect(report).not.toContain('cost')
  }
})

test('what models and suites say is shown and not obeyed', () => {
  const failures = [{ task: 'one', runs: [1], reasons: [hostile] }]
  const all = summary({ model: hostile, failures, given_up: hostile }, { about: hostile })
  const [text, markdown, html] = [terminalReport(all, '/r'), markdownReport(all), htmlReport(all)]
  // A terminal obeys control characters, a page tags and quotes, Markdown both tags and its own signs.
  for (const report of [text, markdown, html])
    for (const sign of ['\u001b', '\u202e']) expect(report).not.toContain(sign)
  for (const report of [markdown, html]) expect(report).not.toContain('<img')
  expect(html).not.toContain('onerror=alert(1)>"')
  expect(html).toContain("default-src 'none'")
  expect(html).not.toMatch(/<script|<link|<iframe/)
  expect(markdown).not.toMatch(/(?<!\\)\[a\]\(/)
  const cells = markdown.split('\n').filter((line) => line.startsWith('| '))
  expect(new Set(cells.slice(0, 2).map((line) => line.split(/(?<!\\)\|/).length)).size).toBe(1)
})

test('what a reader must know is said: interruptions, missing answers, estimates', () => {
  const text = terminalReport(
    summary({ planned: 9, unanswered: 1, tokens_estimated: true, given_up: 'no answer' }, { interrupted: true }),
    '/r',
  )
  expect(text).toContain('Interrupted: 4 of 9 runs were done.')
  expect(text).toContain('m: no answer.')
  expect(text).toContain('did not answer in 1 run;')
  expect(text).toContain('~12,345')
})

test('a model without runs has no rate', () => {
  const none = summary({
    rate: wilson(0, 0),
    tasks: [{ task: 'one', rate: wilson(0, 0), latency_p50_ms: 0 }],
    failures: [],
  })
  expect(terminalReport(none, '/r')).toContain('no runs')
  expect(htmlReport(none)).not.toContain('NaN')
})

test('a bar has ten cells whatever the share', () => {
  for (const share of [-1, 0, 0.04, 0.5, 1, 2]) expect(textBar(share)).toHaveLength(10)
  expect(textBar(0.5)).toBe('█████░░░░░')
})
