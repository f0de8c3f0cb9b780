import { hash } from 'node:crypto'
import { reasonOf } from '../../engine/errors.ts'
import { type Arguments, argumentsOf, ticksUsual } from './arguments.ts'
import { Crew } from './crew.ts'
import { faultsOf } from './ground.ts'
import { markNames } from './marks.ts'
import type { SimOptions, SimReport } from './report.ts'
import { commandOf, shrink } from './shrink.ts'

/**
 * `npm run sim -- --seed N | --seeds A..B | --minutes M [--ticks T] [--faults a,b] [--storm] [--canary [NAME]] [--trace PATH] [--jobs J] [--json]`
 * exits with 1 when a promise was broken, after it has looked for the smallest run that breaks it, or when fifty seeds or more
 * have not taken some odd branch; with 64 when it cannot be understood.
 */

/** What all runs together were. */
type Total = {
  seeds: number
  ticks: number
  journaled: number
  checks: number
  crashes: number
  struck: number
  /** Times that the process died without a word. */
  kills: number
  readonly marks: Set<string>
}

/** So many seeds between them take every odd branch that has a mark, or something has come out of reach. */
const marksAfter = 50

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function optionsOf({ ticks, faults, storm, canary, trace }: Arguments, seed: number): SimOptions {
  const traced = trace === undefined ? {} : { trace: { path: trace, say } }
  return { seed, ticks, faults, storm, canary, ...traced }
}

function add(total: Total, report: SimReport): void {
  total.seeds++
  total.ticks += report.ticks
  total.journaled += report.journal_ticks
  total.checks += report.checks
  total.crashes += report.crashes
  for (const mark of report.marks) total.marks.add(mark)
  for (const times of Object.values(report.struck)) total.struck += times
  const { crash = 0, crash_in_commit = 0, torn_tail = 0 } = report.struck
  total.kills += crash + crash_in_commit + torn_tail
}

function tell(report: SimReport, json: boolean): void {
  const { violation, ticks, journal_ticks, crashes, checks, digest, seed, faults, struck, marks, ok } = report
  if (violation === undefined) {
    const times = Object.values(struck).reduce((sum, each) => sum + each, 0)
    say(
      `  held: ${ticks} ticks, ${journal_ticks} journaled, ${times} faults, ${crashes} restarts, ${checks} checks, digest ${digest}`,
    )
  } else say(`  BROKEN at tick ${violation.tick}: ${violation.message}`)
  if (json)
    say(JSON.stringify({ seed, ticks, journal_ticks, faults, struck, crashes, checks, digest, marks, ok, violation }))
}

/** The smallest run that breaks the same promise, and the command that shows it. */
async function tellSmallest(options: SimOptions, report: SimReport): Promise<void> {
  say(`  again: ${commandOf(options)}`)
  const { options: smallest, report: shrunk, attempts } = await shrink(options, report)
  say(`  smallest of ${attempts} more runs: ${commandOf(smallest)}`)
  say(`  there: tick ${shrunk.violation?.tick}: ${shrunk.violation?.message}`)
}

/** What the command line asks for; undefined, after it was said why, where that cannot be understood. */
function asked(): Arguments | undefined {
  try {
    return argumentsOf(process.argv.slice(2))
  } catch (thrown) {
    process.stderr.write(`${reasonOf(thrown)}\n`)
    process.exitCode = 64
    return undefined
  }
}

async function main(args: Arguments): Promise<void> {
  const { first, last, minutes, json } = args
  const began = performance.now()
  const ends = minutes === undefined ? Number.POSITIVE_INFINITY : began + minutes * 60_000
  const jobs = first === last || args.trace !== undefined ? 1 : args.jobs
  const crew = new Crew(jobs)
  const total: Total = {
    seeds: 0,
    ticks: 0,
    journaled: 0,
    checks: 0,
    crashes: 0,
    struck: 0,
    kills: 0,
    marks: new Set(),
  }
  let [seed, broken, digests] = [first, 0, '']
  const announce = (options: SimOptions): void =>
    say(`seed ${options.seed}: ${faultsOf(options).chosen.join(', ') || 'no faults'}`)
  const next = (): SimOptions | undefined => {
    if (seed > last || performance.now() > ends) return undefined
    const options = optionsOf(args, seed++)
    if (jobs === 1) announce(options)
    return options
  }
  await crew.run(next, async (report) => {
    const options = optionsOf(args, report.seed)
    if (jobs > 1) announce(options)
    add(total, report)
    tell(report, json)
    digests += report.digest
    if (report.ok) return true
    broken++
    await tellSmallest(options, report)
    return broken < 5
  })
  await crew.stop()
  if (total.seeds > 1) tellTotal(total, { broken, seconds: (performance.now() - began) / 1000, digests })
  const missed = missedBy(total, args)
  for (const mark of missed) say(`never seen: ${mark}`)
  process.exitCode = broken > 0 || missed.length > 0 ? 1 : 0
}

/** Marks of odd branches that none of many seeds has taken. */
function missedBy({ seeds, marks }: Total, { ticks, faults, storm, canary }: Arguments): string[] {
  const whole = seeds >= marksAfter && ticks >= ticksUsual && faults === undefined && !storm && canary === undefined
  return whole ? markNames.filter((name) => !marks.has(name)) : []
}

function tellTotal(total: Total, run: { broken: number; seconds: number; digests: string }): void {
  const { seeds, ticks, journaled, struck, kills, crashes, checks } = total
  const { broken, seconds, digests } = run
  const rate = Math.round(ticks / seconds).toLocaleString('en-US')
  say(
    `${seeds} seeds in ${seconds.toFixed(1)} s, ${broken} broken: ${ticks} ticks (${rate} a second), ${journaled} journaled, ${struck} faults, ${crashes} restarts (${kills} killed), ${checks} checks, digest ${hash('sha256', digests).slice(0, 16)}`,
  )
}

const args = asked()
if (args !== undefined) await main(args)
// Deadlines of effects that were out at a simulated crash are real timers; nothing waits for them any more.
process.exit()
