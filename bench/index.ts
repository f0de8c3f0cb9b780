import { parseArgs } from 'node:util'
import { context } from './context.bench.ts'
import { idle } from './idle.bench.ts'
import { journal } from './journal.bench.ts'
import { memory } from './memory.bench.ts'
import { notes } from './notes.bench.ts'
import { recovery } from './recovery.bench.ts'
import { replay } from './replay.bench.ts'
import { route } from './route.bench.ts'
import { schedule } from './schedule.bench.ts'
import { machine, type Row, scaleOf } from './support.ts'
import { tick } from './tick.bench.ts'
import { turn } from './turn.bench.ts'
import { vectors } from './vectors.bench.ts'

/** `npm run bench [-- --filter WORD] [--smoke] [--json]`: every promise of the README, measured on this machine. */
const concerns = [tick, route, schedule, turn, context, journal, recovery, replay, notes, idle, memory, vectors]

const { values } = parseArgs({
  options: { filter: { type: 'string' }, smoke: { type: 'boolean' }, json: { type: 'boolean' } },
})
const scale = scaleOf(values.smoke === true)
const chosen = concerns.filter(({ name }) => name.includes(values.filter ?? ''))
const date = new Date().toISOString().slice(0, 10)
process.stderr.write(
  `${date}, ${machine()}${scale.smoke ? ', smoke: sizes are a hundredth, figures mean nothing' : ''}\n`,
)
const rows: (Row & { concern: string })[] = []
for (const concern of chosen) {
  process.stderr.write(`${concern.name}: ${concern.about}\n`)
  for (const row of await concern.run(scale)) {
    rows.push({ concern: concern.name, ...row })
    if (values.json !== true) process.stdout.write(`${lineOf(row)}\n`)
  }
}
if (values.json === true)
  process.stdout.write(`${JSON.stringify({ date, machine: machine(), smoke: scale.smoke, rows })}\n`)
const missed = rows.filter(({ met }) => met === false).length
process.stderr.write(`${rows.length} figures, ${missed} short of their goal\n`)

function lineOf({ name, value, unit, goal, met, detail }: Row): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  const verdict = met === undefined ? '' : met ? 'met' : 'NOT met'
  return `  ${name.padEnd(18)} ${value.toFixed(digits).padStart(10)} ${unit.padEnd(14)} ${`${goal ?? ''} ${verdict}`.padEnd(18)} ${detail ?? ''}`
}
