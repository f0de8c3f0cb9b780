import { counted } from '../progress.ts'
import { percent } from '../words.ts'
import type { Rate } from './statistics.ts'
import type { ModelSummary, Summary } from './summary.ts'

/** The figures of a summary in words, the same for the terminal, Markdown and HTML. */

/** A figure in words, with a bar where it is a share. */
export type Cell = string | { readonly share: number; readonly words: string }

/** The first column names, the others hold figures. */
export type Table = {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly [name: string, ...cells: Cell[]])[]
}

/** All tables that have something to say. */
export function tablesOf(summary: Summary): Table[] {
  const { models } = summary
  const hasCalls = models.some(({ calls }) => calls.valid + calls.repaired + calls.failed > 0)
  return [modelsTable(models), ...(hasCalls ? [callsTable(models)] : []), tasksTable(models)]
}

/** One sentence each: what a reader must know of the figures. */
export function remarksOf({ models, interrupted }: Summary): string[] {
  const ran = models.reduce((sum, { rate }) => sum + rate.runs, 0)
  const planned = models.reduce((sum, each) => sum + each.planned, 0)
  return [
    ...(interrupted ? [`Interrupted: ${ran} of ${planned} runs were done.`] : []),
    ...models.filter(({ given_up }) => given_up !== '').map(({ model, given_up }) => `${model}: ${given_up}.`),
    ...models
      .filter(({ unanswered }) => unanswered > 0)
      .map(
        ({ model, unanswered }) =>
          `${model} did not answer in ${unanswered === 1 ? '1 run' : `${unanswered} runs`}; that counts as not passed.`,
      ),
    ...(models.some(({ tokens_estimated }) => tokens_estimated)
      ? ['Tokens marked ~ were estimated, because the model did not count them.']
      : []),
    'The interval is Wilson’s at 95 %. It takes runs as independent; runs of one task are alike, so it is rather too narrow, and it speaks of these tasks only.',
  ]
}

/** A pass rate with its bounds: `91.7 % (78.2 to 97.1)`. */
export function rateWords(rate: Rate): string {
  return rate.runs === 0 ? 'no runs' : `${percent(rate.rate)} (${boundsWords(rate)})`
}

/** How long something took, as a person says it. */
export function timeWords(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

function boundsWords({ low, high }: Rate): string {
  return `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)}`
}

const barCells = 10

/** A cell as text alone. */
export function cellWords(cell: Cell): string {
  return typeof cell === 'string' ? cell : `${textBar(cell.share)} ${cell.words}`
}

/** Which runs failed alike: `run 2`, `runs 1, 2, 3`. */
export function runWords(runs: readonly number[]): string {
  return `${runs.length === 1 ? 'run' : 'runs'} ${runs.join(', ')}`
}

/** A share as ten cells of text. */
export function textBar(share: number): string {
  const cells = Math.round(Math.min(1, Math.max(0, share)) * barCells)
  return `${'█'.repeat(cells)}${'░'.repeat(barCells - cells)}`
}

function modelsTable(models: readonly ModelSummary[]): Table {
  const priced = models.some(({ cost }) => cost !== null)
  const tokens = (count: number, estimated: boolean): string => `${estimated ? '~' : ''}${counted(count)}`
  return {
    title: 'Models',
    head: [
      ...['model', 'passed', 'pass rate', '95 % interval', 'latency p50', 'p95', 'tokens in', 'tokens out'],
      ...(priced ? ['cost'] : []),
    ],
    rows: models.map(
      ({ model, rate, latency_p50_ms, latency_p95_ms, tokens_in, tokens_out, tokens_estimated, cost }) => [
        model,
        `${rate.passed} of ${rate.runs}`,
        rate.runs === 0 ? 'no runs' : percent(rate.rate),
        rate.runs === 0 ? '' : boundsWords(rate),
        rate.runs === 0 ? '' : timeWords(latency_p50_ms),
        rate.runs === 0 ? '' : timeWords(latency_p95_ms),
        tokens(tokens_in, tokens_estimated),
        tokens(tokens_out, tokens_estimated),
        ...(priced ? [cost === null ? '' : cost.toFixed(4)] : []),
      ],
    ),
  }
}

function callsTable(models: readonly ModelSummary[]): Table {
  return {
    title: 'Tool calls',
    head: ['model', 'calls', 'valid at first', 'repaired', 'failed'],
    rows: models.map(({ model, calls: { valid, repaired, failed } }) => {
      const all = valid + repaired + failed
      const share = (count: number): string => (all === 0 ? '0' : `${count} (${percent(count / all)})`)
      return [model, String(all), share(valid), share(repaired), share(failed)]
    }),
  }
}

/** Passes of each task, a column for each model. */
function tasksTable(models: readonly ModelSummary[]): Table {
  const names = models[0]?.tasks.map(({ task }) => task) ?? []
  return {
    title: 'Tasks',
    head: ['task', ...models.map(({ model }) => model)],
    rows: names.map((name, at) => [
      name,
      ...models.map(({ tasks }) => {
        const { passed = 0, runs = 0, rate = 0 } = tasks[at]?.rate ?? {}
        return runs === 0 ? 'not run' : { share: rate, words: `${passed} of ${runs}` }
      }),
    ]),
  }
}
