import { callBars, cellBar, latencyBars, legend, passBars } from './charts.ts'
import { escaped } from './html.ts'
import type { ModelSummary, Summary } from './summary.ts'
import { type Cell, remarksOf, runWords, type Table, tablesOf } from './tables.ts'

/** The report as one page: no script, nothing from elsewhere, in dark and light, also on a narrow screen. */
export function htmlReport(summary: Summary): string {
  const { suite, about, at, versions, suite_hash, models } = summary
  const [first, ...others] = tablesOf(summary)
  const calls = callBars(models)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>Olympia: ${escaped(suite)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escaped(suite)}</h1>
<p>${escaped(about)}</p>
<p class="meta">${escaped(`${at} · suite ${suite_hash} · promethean ${versions.promethean} · Node ${versions.node}`)}</p>
</header>
<section><h2>Pass rate</h2>
<p class="meta">The bar is the share of runs that passed; the line reaches over its 95 % interval.</p>
${passBars(models)}</section>
<section><h2>Latency</h2>
<p class="meta">From the prompt to the end of the run: the bar reaches to the median, the line to the 95th percentile.</p>
${latencyBars(models)}</section>
${calls === '' ? '' : `<section><h2>Validity of tool calls</h2>\n${legend}\n${calls}</section>`}
${first === undefined ? '' : tableOf(first)}
${others.map(tableOf).join('\n')}
${models.map(failuresOf).join('\n')}
<section><h2>What the tasks are about</h2>
<dl>${summary.tasks.map(({ name, about: of }) => `<dt>${escaped(name)}</dt><dd>${escaped(of)}</dd>`).join('\n')}</dl></section>
<section><h2>Reading the figures</h2>
<ul>${remarksOf(summary)
    .map((remark) => `<li>${escaped(remark)}</li>`)
    .join('')}</ul></section>
</main>
</body>
</html>
`
}

function tableOf({ title, head, rows }: Table): string {
  const heads = head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('')
  const body = rows.map((row) => {
    const [name, ...cells] = row
    const figures = cells.map((cell) => `<td>${cellOf(cell)}</td>`).join('')
    return `<tr><th scope="row">${escaped(name)}</th>${figures}</tr>`
  })
  const table = `<table><thead><tr>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table>`
  // A wide table scrolls by itself, and a keyboard must reach it for that.
  return `<section><h2>${escaped(title)}</h2><div class="scroll" tabindex="0" role="region" aria-label="${escaped(title)}">${table}</div></section>`
}

function cellOf(cell: Cell): string {
  return typeof cell === 'string' ? escaped(cell) : `${cellBar(cell.share)} ${escaped(cell.words)}`
}

function failuresOf({ model, failures }: ModelSummary): string {
  if (failures.length === 0) return ''
  const items = failures.map(({ task, runs, reasons }) => {
    const why = reasons.map((reason) => `<li>${escaped(reason)}</li>`).join('')
    return `<details><summary>${escaped(task)}, ${runWords(runs)}</summary><ul>${why}</ul></details>`
  })
  return `<section><h2>Failures of ${escaped(model)}</h2>${items.join('\n')}</section>`
}

const style = `
:root { --page: #fbfaf8; --text: #1d1b18; --soft: #625d55; --line: #ddd8cf; --bar: #2f6f9f; --track: #ebe7df; --good: #2e7d4f; --fair: #b7791f; --bad: #b3372f; }
@media (prefers-color-scheme: dark) {
  :root { --page: #161513; --text: #ece8e1; --soft: #a79f93; --line: #3a3732; --bar: #3f83b5; --track: #2a2825; --good: #5fbf85; --fair: #e0ab4f; --bad: #ec7a70; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere; }
p { margin: 0.25rem 0; }
.meta { color: var(--soft); font-size: 0.875rem; }
.row { display: grid; grid-template-columns: minmax(6rem, 14rem) 1fr minmax(13.5rem, auto); gap: 0.25rem 0.75rem; align-items: center; padding: 0.3rem 0; }
.row .name { overflow-wrap: anywhere; }
.row .value { font-variant-numeric: tabular-nums; font-size: 0.9rem; }
svg { display: block; width: 100%; height: 1.1rem; }
.track { fill: var(--track); } .bar { fill: var(--bar); } .good { fill: var(--good); } .fair { fill: var(--fair); } .bad { fill: var(--bad); }
.reach { stroke: var(--text); stroke-width: 2; vector-effect: non-scaling-stroke; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.25rem 0; padding: 0; list-style: none; font-size: 0.9rem; }
.legend svg { display: inline-block; width: 0.9rem; height: 0.9rem; vertical-align: -0.1rem; }
td svg { display: inline-block; width: 5rem; height: 0.7rem; vertical-align: -0.05rem; margin-right: 0.35rem; }
dl { margin: 0; } dt { font-weight: 500; margin-top: 0.5rem; } dd { margin: 0; color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; }
details { border-bottom: 1px solid var(--line); padding: 0.3rem 0; }
summary { cursor: pointer; }
li { overflow-wrap: anywhere; }
@media (max-width: 40rem) { .row { grid-template-columns: 1fr; gap: 0.1rem; padding: 0.5rem 0; } }
`
