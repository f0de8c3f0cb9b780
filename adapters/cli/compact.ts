import { askDaemon } from '../control.ts'
import type { Arguments } from './arguments.ts'
import { durationOf } from './config-agents.ts'
import { atDesk } from './desk/client.ts'
import type { CompactAnswer, CompactionView, PlanView } from './desk/compact.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { counted } from './progress.ts'
import { block, columns, oneLine, percent } from './words.ts'

/** Plans that are listed. */
const plansMax = 200

/** `promethean compact [status]`, `compact plans`, `compact show N`, `compact run|halt|undo N`, and `compact purge AGE`. */
export async function compact(args: Arguments): Promise<ExitCode> {
  const [order = 'status', word] = args.words
  switch (order) {
    case 'status':
      return status(args)
    case 'plans':
      return plans(args)
    case 'show':
      return show(args, planNamed(order, word))
    case 'undo':
      return decide(args, order, planNamed(order, word))
    case 'purge':
      return purge(args, word)
    case 'run':
    case 'halt':
      return decide(args, order, undefined)
    default:
      throw new CliError(
        exitCodes.usage,
        `compact takes status, plans, show N, run, halt, undo N or purge AGE, not ${order}`,
      )
  }
}

function planNamed(order: string, word: string | undefined): number {
  if (word !== undefined && /^[1-9][0-9]{0,9}$/.test(word)) return Number(word)
  throw new CliError(
    exitCodes.usage,
    `compact ${order} needs the number of a plan; promethean compact plans lists them`,
  )
}

async function status(args: Arguments): Promise<ExitCode> {
  const view = (await atDesk(configOf(args, args.notes), 'reading', (ask) =>
    ask({ ask: 'compaction' }),
  )) as CompactionView
  print(args.json ? JSON.stringify(view) : statusWords(view))
  return exitCodes.ok
}

function statusWords({
  on,
  phase,
  looked,
  due_at_ms,
  plans: states,
  memories,
  units_before,
  units_after,
}: CompactionView): string {
  const next = due_at_ms === 0 ? '' : `, the next pass at ${new Date(due_at_ms).toISOString()}`
  const doing =
    phase === 'resting' || phase === 'none' ? `resting${next}` : `${phase}: ${counted(looked)} memories looked at`
  const saved = units_before === 0 ? '' : `, ${percent(units_after / units_before)} of their words`
  const rows = [
    ['compaction', on ? doing : 'off: set memory.compact in the config, and start the daemon with it'],
    ['in place', `${counted(states['kept'] ?? 0)} summaries for ${counted(memories)} memories${saved}`],
  ]
  for (const [state, count] of Object.entries(states)) if (state !== 'kept') rows.push([state, counted(count)])
  return columns(rows)
}

async function plans(args: Arguments): Promise<ExitCode> {
  const answer = (await atDesk(configOf(args, args.notes), 'reading', (ask) =>
    ask({ ask: 'plans', limit: plansMax }),
  )) as {
    plans: PlanView[]
  }
  if (args.json) for (const each of answer.plans) print(JSON.stringify(each))
  else if (answer.plans.length === 0) print('nothing was compacted yet')
  else {
    const rows = answer.plans.map((each) => [
      String(each.plan),
      each.state,
      String(each.members),
      `${counted(each.units_before)} to ${counted(each.units_after)}`,
      oneLine(each.line, 30),
      oneLine(each.title, 60),
    ])
    print(columns([['plan', 'state', 'memories', 'units', 'of', 'about'], ...rows]))
  }
  return exitCodes.ok
}

async function show(args: Arguments, plan: number): Promise<ExitCode> {
  const answer = (await atDesk(configOf(args, args.notes), 'reading', (ask) => ask({ ask: 'plan', plan }))) as {
    plan: PlanView | null
  }
  if (answer.plan === null)
    throw new CliError(exitCodes.data, `there is no plan ${plan}; promethean compact plans lists them`)
  if (args.json) print(JSON.stringify(answer.plan))
  else {
    const { line, members, memories = [], memory_id, state, text = '', title } = answer.plan
    const stands = memory_id === 0 ? 'none' : `memory ${memory_id}`
    const rows = [
      ['plan', String(plan)],
      ['state', state],
      ['of', line],
      ['summary', stands],
      ['about', title],
    ]
    print(`${columns(rows)}\n\n${block(text, '')}\n\n${members} memories: ${memories.join(', ')}`)
  }
  return exitCodes.ok
}

async function decide(args: Arguments, order: 'run' | 'halt' | 'undo', plan: number | undefined): Promise<ExitCode> {
  const config = configOf(args, args.notes)
  const isRunning = (await askDaemon(config.data, '/api/status')) !== undefined
  const answer = (await atDesk(config, 'ordering', (ask) =>
    ask(plan === undefined ? { ask: 'compact', order } : { ask: 'compact', order, plan }),
  )) as CompactAnswer
  const begins = isRunning ? 'a pass begins' : 'a pass begins; it goes on as soon as the daemon runs'
  const done = { run: begins, halt: 'it ends with this round', undo: `plan ${plan} is taken back` }[order]
  print(args.json ? JSON.stringify(answer) : answer.done ? done : answer.reason)
  return answer.done ? exitCodes.ok : exitCodes.data
}

async function purge(args: Arguments, age: string | undefined): Promise<ExitCode> {
  if (age === undefined || !/^[0-9]{1,9}(ms|s|m|h|d)$/.test(age)) {
    throw new CliError(
      exitCodes.usage,
      'compact purge needs an age like 90d: the texts behind older summaries go for good',
    )
  }
  const before_ms = Date.now() - durationOf(age)
  const answer = (await atDesk(configOf(args, args.notes), 'ordering', (ask) => ask({ ask: 'purge', before_ms }))) as {
    purged: number
  }
  const done = `${counted(answer.purged)} plans purged${answer.purged === 0 ? '' : '; what can be replayed begins here'}`
  print(args.json ? JSON.stringify(answer) : done)
  return exitCodes.ok
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
