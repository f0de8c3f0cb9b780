import { printable } from '../diff.ts'
import { columns, oneLine } from '../words.ts'
import type { Summary } from './summary.ts'
import { type Cell, cellWords, remarksOf, runWords, type Table, tablesOf } from './tables.ts'

/** The report for a terminal, and as Markdown. */

const failuresShown = 12
const reasonUnits = 160

/** For a terminal. @param folder where the whole report lies */
export function terminalReport(summary: Summary, folder: string): string {
  const failures = summary.models.flatMap(({ model, failures: of }) => of.map((failure) => ({ model, ...failure })))
  const lines = failures
    .slice(0, failuresShown)
    .map(
      ({ model, task, runs, reasons }) =>
        `  ${plain(model)}  ${task}  ${runWords(runs)}: ${oneLine(reasons.join('; '), reasonUnits)}`,
    )
  const rest = failures.length - lines.length
  return [
    plain(`${summary.suite}: ${summary.about}`),
    ...tablesOf(summary).map((table) => `\n${table.title}\n${plainTable(table)}`),
    ...(lines.length === 0 ? [] : ['\nFailures', ...lines]),
    ...(rest > 0 ? [`  and ${rest} more in the report`] : []),
    '',
    ...remarksOf(summary).map(plain),
    `Report: ${folder}`,
  ].join('\n')
}

function plainTable({ head, rows }: Table): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => plain(cellWords(cell))))
  return columns(cells.map(([name = '', ...others]) => [`  ${name}`, ...others]))
}

/** A text on one line that a terminal shows and does not obey. */
function plain(text: string): string {
  return printable(text.replace(/\s+/g, ' '))
}

/** As Markdown, with everything from outside escaped. */
export function markdownReport(summary: Summary): string {
  const { suite, about, at, versions, suite_hash, models } = summary
  const sections = models
    .filter(({ failures }) => failures.length > 0)
    .map(({ model, failures }) => {
      const items = failures.map(
        ({ task, runs, reasons }) =>
          `- ${marked(task)}, ${runWords(runs)}: ${reasons.map((reason) => marked(oneLine(reason, 1_000))).join('; ')}`,
      )
      return `## Failures of ${marked(model)}\n\n${items.join('\n')}`
    })
  const meta = `${at}, suite ${suite_hash}, promethean ${versions.promethean}, Node ${versions.node}`
  return `${[
    `# Olympia: ${marked(suite)}`,
    marked(about),
    meta,
    ...tablesOf(summary).map((table) => `## ${table.title}\n\n${markdownTable(table)}`),
    ...sections,
    '## What the tasks are about',
    summary.tasks.map(({ name, about: of }) => `- ${marked(name)}: ${marked(of)}`).join('\n'),
    '## Reading the figures',
    remarksOf(summary)
      .map((remark) => `- ${marked(remark)}`)
      .join('\n'),
  ].join('\n\n')}\n`
}

function markdownTable({ head, rows }: Table): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((cell) => marked(cellWords(cell))).join(' | ')} |`
  const rule = `|${head.map((_, at) => (at === 0 ? ' --- ' : ' ---: ')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** A text that Markdown shows as it is, on one line: also where HTML within it would be obeyed. */
function marked(text: string): string {
  const escaped = plain(text).replace(/[\\`*_{}[\]|#~!]/g, '\\$&')
  return escaped.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
