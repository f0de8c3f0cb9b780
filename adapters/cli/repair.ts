import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RepairRule } from '../../systems/repair/policy.ts'
import type { Arguments } from './arguments.ts'
import { type Config, loadConfig } from './config.ts'
import { type Asking, atDesk } from './desk/client.ts'
import type { RepairBegun, RepairView } from './desk/repair.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { block, columns, momentOf, oneLine } from './words.ts'

/** Between two looks at a repair that is under way. */
const look_ms = 200

/** `promethean repair list` and `promethean repair run NAME`. */
export async function repair(args: Arguments): Promise<ExitCode> {
  const [order = 'list', name] = args.words
  const config = loadConfig(args, args.notes)
  const { repairs = [] } = config.policy
  if (repairs.length === 0) throw new CliError(exitCodes.config, 'the config names no repairs; add them under repairs:')
  if (order === 'list' && name === undefined) return list(args, config)
  if (order !== 'run' || name === undefined) {
    throw new CliError(exitCodes.usage, `repair takes list or run NAME, not ${args.words.map(printable).join(' ')}`)
  }
  if (repairs.every((each) => each.name !== name)) {
    const names = repairs.map((each) => each.name).join(', ')
    throw new CliError(exitCodes.usage, `there is no repair ${printable(name)}; there are ${names}`)
  }
  return run(args, config, name)
}

async function list(args: Arguments, config: Config): Promise<ExitCode> {
  // Before the first run there is no record, or it does not know the repair yet.
  const known = existsSync(config.data) ? await atDesk(config, 'reading', repairsFrom) : []
  const views = (config.policy.repairs ?? []).map((rule) => known.find(({ name }) => name === rule.name) ?? fresh(rule))
  if (args.json) for (const view of views) print(JSON.stringify(view))
  else {
    const rows = views.map((each) => [
      each.name,
      each.state === 'none' ? each.verdict : `${each.state}${each.phase === 'none' ? '' : `, ${each.phase}`}`,
      `${each.attempts} of ${each.attempts_max}`,
      each.ended_at_ms === 0 ? 'never' : momentOf(each.ended_at_ms),
      each.next_at_ms === 0 ? 'when asked for' : momentOf(each.next_at_ms),
      oneLine(each.reason === '' ? each.command.join(' ') : each.reason, 80),
    ])
    print(columns([['repair', 'state', 'asked', 'ended', 'next', ''], ...rows]))
  }
  return exitCodes.ok
}

/** A repair that was never run. */
function fresh({ name, directory, command, attempts_max }: RepairRule): RepairView {
  const texts = { verdict: 'none', state: 'none', phase: 'none', code: '', reason: '', output: '' }
  const numbers = { runs: 0, attempts: 0, exit_code: 0, asked_at_ms: 0, ended_at_ms: 0, next_at_ms: 0 }
  return { name, directory, command, attempts_max, files: [], ...texts, ...numbers }
}

async function run(args: Arguments, config: Config, name: string): Promise<ExitCode> {
  const watching = new AbortController()
  const leave = (): void => watching.abort()
  // Where no daemon runs, what was begun must be ended with this process, and goes on with the next.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave)
  const view = await atDesk(config, 'repairing', async (ask) => {
    const { begun, runs, reason } = (await ask({ ask: 'repair', name })) as RepairBegun
    if (runs === 0)
      throw new CliError(exitCodes.unavailable, `the daemon does not know it: ${reason}; reload its config`)
    if (!args.json && !begun) print(`${name}: ${reason}`)
    const tell = (each: RepairView): void => {
      if (!args.json) print(`${name}: ${stepWords(each)}`)
    }
    return untilEnded(ask, name, { tell, signal: watching.signal })
  })
  if (args.json) print(JSON.stringify(view))
  else for (const line of endWords(view)) print(line)
  return view.verdict === 'done' ? exitCodes.ok : exitCodes.data
}

type Watching = { readonly tell: (view: RepairView) => void; readonly signal: AbortSignal }

/** Looks until a repair is at rest; `tell` hears of each new step. @throws CliError once the signal is aborted */
async function untilEnded(ask: Asking, name: string, { tell, signal }: Watching): Promise<RepairView> {
  let told = ''
  for (;;) {
    const view = (await repairsFrom(ask)).find((each) => each.name === name)
    if (view === undefined) throw new CliError(exitCodes.unavailable, `${name} was taken out of the daemon's config`)
    if (view.state === 'none') return view
    const step = stepWords(view)
    if (step !== told) tell(view)
    told = step
    if (signal.aborted)
      throw new CliError(exitCodes.failed, `${name}: left while it ${stepWords(view)}; it goes on later`)
    await sleep(look_ms)
  }
}

function stepWords({ state, phase, attempts, attempts_max, command }: RepairView): string {
  if (phase === 'checking') return `runs ${oneLine(command.join(' '), 80)}${state === 'validating' ? ' again' : ''}`
  if (phase === 'asking') return `asks opencode, ${attempts} of ${attempts_max}`
  return 'waits for another repair of the same folder'
}

function endWords({ name, verdict, attempts, files, code, reason, output }: RepairView): string[] {
  const changed = files.length === 0 ? '' : `; changed ${files.map(printable).join(', ')}`
  const asked =
    attempts === 0
      ? 'nothing was to be repaired'
      : `opencode was asked ${attempts === 1 ? 'once' : `${attempts} times`}`
  if (verdict === 'done') return [`${name}: the command succeeds; ${asked}${changed}`]
  return [
    `${name}: given up, ${code}: ${printable(reason)}${changed}`,
    ...(output === '' ? [] : [block(output.slice(-2_000).trimEnd(), '  ')]),
  ]
}

async function repairsFrom(ask: Asking): Promise<RepairView[]> {
  return ((await ask({ ask: 'repairs' })) as { repairs: RepairView[] }).repairs
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
