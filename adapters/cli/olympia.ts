import type { Arguments } from './arguments.ts'
import { loadConfig } from './config.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { loadSuite, ownSuites } from './olympia/load.ts'
import { modelsOf } from './olympia/models.ts'
import { terminalReport } from './olympia/report-text.ts'
import { runSuite, runsOf } from './olympia/run-suite.ts'
import type { Trial } from './olympia/seen.ts'
import { type Summary, summaryOf } from './olympia/summary.ts'
import { textBar } from './olympia/tables.ts'
import { ReportFolder, usualFolder } from './olympia/write.ts'
import { Progress } from './progress.ts'
import { columns } from './words.ts'

const usualRuns = 3
const usualParallel = 4

/** `promethean olympia`: how well models do the tasks of a suite, by the ordinary turn and the ordinary sentinel. */
export async function olympia(args: Arguments): Promise<ExitCode> {
  const [order, named] = args.words
  if (order === 'list' && named === undefined) return list(args)
  if (order === 'run' && named !== undefined) return run(args, named)
  throw new CliError(exitCodes.usage, 'olympia takes list, or run SUITE: the name of a suite or the path of its file')
}

function list({ json }: Arguments): ExitCode {
  const suites = ownSuites().map((name) => {
    const { about, tasks } = loadSuite(name)
    return { name, about, tasks: tasks.length }
  })
  const rows = suites.map(({ name, about, tasks }) => [name, `${tasks} tasks`, about])
  process.stdout.write(json ? `${JSON.stringify(suites)}\n` : `${columns(rows)}\n`)
  return exitCodes.ok
}

async function run(args: Arguments, named: string): Promise<ExitCode> {
  const { models: names, runs = usualRuns, parallel, fail_under } = args.olympia
  const suite = loadSuite(named)
  const config = loadConfig(args, args.notes)
  const models = await modelsOf(config, names)
  const at = new Date()
  const folder = new ReportFolder(args.out ?? usualFolder(suite.name, at))
  const progress = new Progress({ out: process.stderr, bytes_all: 0, shown: !args.json })
  const stopper = new AbortController()
  const stop = (): void => stopper.abort()
  const planned = runsOf({ suite, runs }) * models.length
  const trials: Trial[] = []
  const heard = (trial: Trial): void => {
    trials.push(trial)
    folder.trace(suite, trial)
    progress.say(progressLine(trials, planned))
  }
  // The first of each ends the runs in good order; another one is obeyed at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  try {
    progress.say(`${suite.name}: ${planned} runs`)
    const atOnce = parallel ?? config.model.parallel ?? usualParallel
    const plan = { suite, models, runs, parallel: atOnce, signal: stopper.signal, heard }
    const summary = summaryOf(suite, await runSuite(plan), {
      at: at.toISOString(),
      interrupted: stopper.signal.aborted,
    })
    folder.report(summary)
    progress.end()
    process.stdout.write(
      `${args.json ? JSON.stringify({ ...summary, folder: folder.path }) : terminalReport(summary, folder.path)}\n`,
    )
    return exitOf(summary, fail_under)
  } finally {
    stopper.abort()
    progress.end()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  }
}

function progressLine(trials: readonly Trial[], planned: number): string {
  const passed = trials.filter((trial) => trial.passed).length
  return `${textBar(trials.length / planned)} ${trials.length} of ${planned} runs, ${passed} passed  ${trials.at(-1)?.model ?? ''}`
}

/** Tasks that fail are what is measured and no error; an endpoint that could not be asked is one. */
function exitOf({ models, interrupted }: Summary, fail_under: number | undefined): ExitCode {
  const isUnder = fail_under !== undefined && models.some(({ rate }) => rate.rate < fail_under)
  if (models.some(({ given_up }) => given_up !== '')) return exitCodes.unavailable
  return isUnder || interrupted ? exitCodes.failed : exitCodes.ok
}
