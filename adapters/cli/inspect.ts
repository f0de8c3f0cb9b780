import { existsSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { silent } from '../../engine/flow/adapter.ts'
import { askDaemon } from '../control.ts'
import type { Arguments } from './arguments.ts'
import { type Config, loadConfig } from './config.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { openAtRest } from './open.ts'
import { orderAtRest } from './order.ts'
import { type SentinelRow, sentinelsOf, statusOf } from './view.ts'

/** `promethean status`: from the daemon when one is running, else from its record. */
export async function status(args: Arguments): Promise<ExitCode> {
  const config = configOf(args, args.words[0])
  const answer = (await askDaemon(config.data, '/api/status')) ?? (await atRest(config, statusOf))
  print(args, answer, (object) => Object.entries(object).map(([name, value]) => `${name.padEnd(14)} ${flat(value)}`))
  return exitCodes.ok
}

/** `promethean sentinel list|undo|retry`. */
export async function sentinel(args: Arguments): Promise<ExitCode> {
  const [order, ...words] = args.words
  if (order === 'list') return list(args, configOf(args, words[0]))
  if (order !== 'undo' && order !== 'retry') {
    throw new CliError(exitCodes.usage, `sentinel takes list, undo PATH or retry PATH, not ${order ?? 'nothing'}`)
  }
  const [path, folder] = words
  if (path === undefined) throw new CliError(exitCodes.usage, `sentinel ${order} needs the path of a note`)
  const config = configOf(args, folder)
  const command = { command: `sentinel.${order}`, path: notePath(config, path) }
  const answer =
    (await askDaemon(config.data, '/api/command', command, { deadline_ms: 30_000 })) ??
    (await orderAtRest(config, command))
  const { undone, type = '', reason = '' } = answer as { undone?: boolean; type?: string; reason?: string }
  const outcome =
    undone === true ? 'undone, and left as it is until you change it' : undone === false ? 'not undone' : type
  print(args, answer, () => [`${printable(command.path)}: ${outcome}${reason === '' ? '' : `: ${printable(reason)}`}`])
  return undone === false || type === 'sentinel.failed' || type === 'pending' ? exitCodes.data : exitCodes.ok
}

async function list(args: Arguments, config: Config): Promise<ExitCode> {
  const asked = (await askDaemon(config.data, '/api/sentinels')) as { sentinels: SentinelRow[] } | undefined
  const rows = asked?.sentinels ?? (await atRest(config, sentinelsOf))
  if (args.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  else
    for (const row of rows)
      process.stdout.write(
        `${row.verdict.padEnd(9)} ${printable(row.path)}${row.reason ? `: ${printable(row.reason)}` : ''}\n`,
      )
  return exitCodes.ok
}

/** The configuration for a command that only looks. @throws CliError 65 when there is no record yet */
export function configOf(args: Arguments, folder: string | undefined): Config {
  const config = loadConfig(args, folder ?? args.notes)
  if (existsSync(config.data)) return config
  throw new CliError(
    exitCodes.data,
    `${config.data} holds no record yet; promethean run makes one, --data names another`,
  )
}

async function atRest<T>(config: Config, look: (engine: Awaited<ReturnType<typeof openAtRest>>) => T): Promise<T> {
  const engine = await openAtRest(config, silent)
  try {
    return look(engine)
  } finally {
    await engine.stop()
  }
}

/** A path as the operator typed it, from here or from the notes folder, as the record has it. */
function notePath(config: Config, path: string): string {
  const candidates = [resolve(path), resolve(config.notes, path)]
  const inside = candidates.map((each) => relative(config.notes, each)).filter((each) => !each.startsWith('..'))
  const found = inside.find((each) => existsSync(resolve(config.notes, each))) ?? inside.at(-1) ?? path
  return found.split(sep).join('/')
}

function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return printable(String(value))
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${String(inner)}`)
    .join(', ')
}

function print(args: Arguments, answer: object, lines: (object: object) => string[]): void {
  process.stdout.write(args.json ? `${JSON.stringify(answer)}\n` : `${lines(answer).join('\n')}\n`)
}
