import { parseArgs } from 'node:util'
import { type CanaryName, canaryNames } from './canaries.ts'
import type { SimReport } from './report.ts'
import { faultsOf, simulate } from './run.ts'

/** `npm run sim -- --seed N [--ticks M] [--runs R] [--canary NAME] [--trace PATH] [--json]`: exits 1 when a promise was broken. */

type Arguments = {
  readonly seed: number
  readonly ticks: number
  readonly runs: number
  readonly canary: CanaryName | undefined
  readonly trace: string | undefined
  readonly json: boolean
}

function argumentsOf(): Arguments {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      ticks: { type: 'string', default: '2000' },
      runs: { type: 'string', default: '1' },
      canary: { type: 'string' },
      trace: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const canary = canaryNames.find((name) => name === values.canary)
  if (values.canary !== undefined && canary === undefined) {
    throw new Error(`there is no canary ${values.canary}; there are ${canaryNames.join(', ')}`)
  }
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : wholeOf('seed', values.seed)
  const { trace, json } = values
  return { seed, ticks: wholeOf('ticks', values.ticks), runs: wholeOf('runs', values.runs), canary, trace, json }
}

function wholeOf(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not ${text}`)
  return value
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function tell({ violation, ...report }: SimReport, { ticks, canary }: Arguments): void {
  if (violation === undefined) {
    const { checks, crashes, edits, journal_ticks } = report
    say(
      `  held: ${report.ticks} ticks, ${journal_ticks} journaled, ${edits} edits, ${crashes} restarts, ${checks} checks`,
    )
    return
  }
  const planted = canary === undefined ? '' : ` --canary ${canary}`
  say(`  BROKEN at tick ${violation.tick}: ${violation.message}`)
  say(`  again: npm run sim -- --seed ${report.seed} --ticks ${ticks}${planted}`)
}

async function main(): Promise<void> {
  const args = argumentsOf()
  const { ticks: most, canary } = args
  const trace = args.trace === undefined ? undefined : { path: args.trace, say }
  let broken = 0
  for (let seed = args.seed; seed < args.seed + args.runs; seed++) {
    say(`seed ${seed}: ${faultsOf(seed).chosen.join(', ') || 'no faults'}`)
    const report = await simulate({ seed, ticks: most, canary, trace })
    tell(report, args)
    if (!report.ok) broken++
    const { ticks, faults, checks, crashes, ok } = report
    if (args.json) say(JSON.stringify({ seed, ticks, faults, checks, crashes, ok }))
  }
  process.exitCode = broken > 0 ? 1 : 0
}

await main()
// Deadlines of effects that were out at a simulated crash are real timers; nothing waits for them any more.
process.exit()
