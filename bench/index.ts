import { parseArgs } from 'node:util'
import { compacting } from './compact.bench.ts'
import { context } from './context.bench.ts'
import { discord } from './discord.bench.ts'
import { idle } from './idle.bench.ts'
import { inspecting } from './inspector.bench.ts'
import { journal } from './journal.bench.ts'
import { mcp } from './mcp.bench.ts'
import { memory } from './memory.bench.ts'
import { notes } from './notes.bench.ts'
import { olympia } from './olympia.bench.ts'
import { opencode } from './opencode.bench.ts'
import { recovery } from './recovery.bench.ts'
import { replay } from './replay.bench.ts'
import { type Change, compare, type NamedRow } from './report/compare.ts'
import { gabOf } from './report/gab.ts'
import { figureOf, lineOf } from './report/lines.ts'
import { merged } from './report/rounds.ts'
import { type Report, save, saved } from './report/saved.ts'
import { route } from './route.bench.ts'
import { schedule } from './schedule.bench.ts'
import { machine, type Row, scaleOf } from './support.ts'
import { systems } from './systems.bench.ts'
import { tick } from './tick.bench.ts'
import { travel } from './travel.bench.ts'
import { turn } from './turn.bench.ts'
import { vectors } from './vectors.bench.ts'

/** `npm run bench [-- OPTIONS]`: every promise of the README, measured on this machine. `--help` lists the options. */
const concerns = [
  tick,
  systems,
  route,
  schedule,
  turn,
  context,
  journal,
  recovery,
  replay,
  travel,
  notes,
  idle,
  memory,
  discord,
  opencode,
  compacting,
  vectors,
  mcp,
  olympia,
  inspecting,
]

const help = `npm run bench -- [--filter WORD] [--full] [--peers] [--smoke] [--json | --format gab] [--save NAME] [--compare NAME] [--rounds N]

  --filter WORD    only concerns whose name holds this word: ${concerns.map(({ name }) => name).join(', ')}
  --full           the largest sizes too: a million memories through the whole pipeline, some six minutes
  --peers          others do the same work beside us, in the same run
  --smoke          a hundredth of the sizes: shows that the benches run, says nothing about speed
  --json           one object with date, machine, versions and rows
  --format gab     rows for github-action-benchmark, smaller is better
  --save NAME      keeps the run in bench/saved
  --rounds N       runs each concern so many times and takes the middle; 3 with --save and --compare, else 1
  --compare NAME   holds the run against one that was kept; exits 1 and names what is worse by more than a tenth and its noise
`

const { values } = parseArgs({
  options: {
    filter: { type: 'string' },
    full: { type: 'boolean' },
    peers: { type: 'boolean' },
    smoke: { type: 'boolean' },
    json: { type: 'boolean' },
    format: { type: 'string' },
    save: { type: 'string' },
    compare: { type: 'string' },
    rounds: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help === true) process.stdout.write(help)
else await run()

async function run(): Promise<void> {
  const { format, filter = '', smoke = false, full = false, peers = false } = values
  if (format !== undefined && format !== 'gab') throw new Error(`--format ${format} is not known; there is gab`)
  // What is compared with must be there before minutes are spent.
  const before = values.compare === undefined ? undefined : saved(values.compare)
  const scale = scaleOf({ smoke, full, peers })
  const rounds = roundsOf(values.rounds ?? ((values.save ?? values.compare) ? '3' : '1'))
  const quiet = values.json === true || format !== undefined
  const date = new Date().toISOString().slice(0, 10)
  tell(`${date}, ${machine()}${smoke ? ', smoke: sizes are a hundredth, figures mean nothing' : ''}`)
  const rows: NamedRow[] = []
  const chosen = concerns.filter(({ name }) => name.includes(filter))
  for (const [at, concern] of chosen.entries()) {
    tell(`[${at + 1}/${chosen.length}] ${concern.name}: ${concern.about}`)
    const began = performance.now()
    const measured: (readonly Row[])[] = []
    for (let round = 0; round < rounds; round++) measured.push(await concern.run(scale))
    for (const row of merged(measured)) {
      rows.push({ concern: concern.name, ...row })
      if (!quiet) process.stdout.write(`${lineOf(row)}\n`)
    }
    tell(`  ${((performance.now() - began) / 1000).toFixed(1)} s`)
  }
  const report: Report = { date, machine: machine(), smoke, full, rows }
  if (values.json === true) process.stdout.write(`${JSON.stringify(report)}\n`)
  if (format === 'gab') process.stdout.write(`${JSON.stringify(gabOf(rows), null, 1)}\n`)
  if (values.save !== undefined) tell(`saved as ${save(values.save, report)}`)
  const missed = rows.filter(({ met }) => met === false).length
  tell(`${rows.length} figures, ${missed} short of their goal`)
  if (before !== undefined && tellChanges(report, before) > 0) process.exitCode = 1
}

function roundsOf(text: string): number {
  const rounds = Number(text)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) throw new Error(`--rounds takes 1 to 100, not ${text}`)
  return rounds
}

/** Says what changed since the other run. @returns how many figures are worse */
function tellChanges(report: Report, before: Report): number {
  if (before.machine !== report.machine) tell(`the other run was on another machine: ${before.machine}`)
  if (before.smoke !== report.smoke || before.full !== report.full) tell('the other run was of other sizes')
  const changes = compare(report.rows, before.rows)
  for (const change of changes) if (change.verdict !== 'same') tell(changeLine(change))
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length
  const unsure = changes.filter(({ verdict }) => verdict === 'unsure').length
  tell(`${changes.length} figures compared with the run of ${before.date}: ${worse} worse, ${unsure} of unknown noise`)
  return worse
}

function changeLine({ verdict, name, before, now, unit, worse, noise }: Change): string {
  const by = `${(Math.abs(worse) * 100).toFixed(0)} % ${worse > 0 ? 'worse' : 'better'}`
  const known = noise === undefined ? 'noise unknown' : `noise ${(noise * 100).toFixed(0)} %`
  return `${verdict.padEnd(7)} ${name}: ${figureOf(before)} to ${figureOf(now)} ${unit}, ${by}, ${known}`
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
