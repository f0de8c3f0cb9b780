import type { Engine } from '../../engine/engine.ts'
import { askDaemon } from '../control.ts'
import type { Moment } from '../inspector/shapes.ts'
import type { Arguments } from './arguments.ts'
import type { Config } from './config.ts'
import { findMemory } from './desk/find.ts'
import { memoryOf } from './desk/memory.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { memoryWords, notFound } from './memory.ts'
import { counted } from './progress.ts'
import { recallOptions, recallWords } from './recall.ts'
import { sourceOn } from './repl/source.ts'
import { promptOn } from './repl.ts'
import { openAt, searchAt } from './travel/open.ts'
import { momentOf } from './view/moment.ts'
import { columns, oneLine, momentOf as timeOf } from './words.ts'

/** A daemon gives a visit up after two minutes by itself. */
const deadline_ms = 150_000

/**
 * `promethean replay --at TICK`: the world as it was after that tick. Where a daemon runs it is asked; a question about that
 * world needs the record at rest.
 */
export async function replayAt(args: Arguments, at: number): Promise<ExitCode> {
  const { recall, find, repl } = args.travel
  const config = configOf(args, args.words[0])
  if ([recall !== undefined, find !== undefined, repl].filter(Boolean).length > 1) {
    throw new CliError(exitCodes.usage, 'replay --at takes one of --recall, --find and --repl')
  }
  if (recall?.trim() === '') throw new CliError(exitCodes.usage, '--recall needs a query')
  if (recall !== undefined) return recallAt(args, config, at, recall)
  if (find !== undefined) return findAt(args, config, at, find)
  if (repl) return promptAt(config, at)
  const asked = await askDaemon(config.data, `/api/moment?at=${at}`, undefined, { deadline_ms })
  const moment = asked === undefined ? await withEngine(config, at, momentIn) : (asked as Moment)
  process.stdout.write(args.json ? `${JSON.stringify(moment)}\n` : `${momentWords(moment)}\n`)
  return exitCodes.ok
}

async function withEngine<T>(
  config: Config,
  at: number,
  use: (engine: Engine, took_ms: number) => T | Promise<T>,
): Promise<T> {
  const begun = performance.now()
  const engine = await openAt(config, at)
  try {
    return await use(engine, performance.now() - begun)
  } finally {
    await engine.stop()
  }
}

function momentIn(engine: Engine, took_ms: number): Moment {
  return momentOf(engine, { from_tick: engine.status().snapshot_tick, took_ms })
}

async function recallAt(args: Arguments, config: Config, at: number, query: string): Promise<ExitCode> {
  const options = recallOptions(args)
  const found = await withEngine(config, at, async (engine) => {
    const search = await searchAt(engine)
    try {
      return await search.recall(query, options)
    } finally {
      await search.stop?.()
    }
  })
  process.stdout.write(args.json ? `${JSON.stringify(found)}\n` : `${recallWords(found)}\n`)
  return exitCodes.ok
}

async function findAt(args: Arguments, config: Config, at: number, id: string): Promise<ExitCode> {
  const memory = await withEngine(config, at, async (engine) => memoryOf(engine, await findMemory(engine, id)))
  if (memory === undefined) throw notFound(id)
  process.stdout.write(args.json ? `${JSON.stringify(memory)}\n` : `${memoryWords(memory)}\n`)
  return exitCodes.ok
}

async function promptAt(config: Config, at: number): Promise<ExitCode> {
  const engine = await openAt(config, at)
  return promptOn(sourceOn(engine, await searchAt(engine)), `the record as it was after tick ${at}`)
}

const sessionsShown = 20

function momentWords({ tick, now_ms, from_tick, took_ms, gauges, sessions, archetypes }: Moment): string {
  const of = (name: string): number => gauges[name] ?? 0
  const open = archetypes.find(({ name }) => name === 'Effect')?.count ?? 0
  const from = from_tick === 0 ? 'from the beginning' : `from the snapshot of tick ${from_tick}`
  const rows = [
    ['memories', `${counted(of('memories'))}, ${counted(of('keys'))} keys, ${counted(of('edges'))} edges`],
    ['notes', `${counted(of('files'))}, repaired ${counted(of('repaired'))}`],
    ['jobs', `${counted(of('sentinels_pending'))} notes at work, ${counted(open)} effects open`],
    ['sessions', counted(sessions.length)],
  ]
  const shown = sessions.slice(0, sessionsShown).map(({ session, state, queued, queue_max, turn, why }) => {
    const what = [turn === 0 ? '' : `turn ${turn}`, oneLine(why, 120)].filter((part) => part !== '').join(', ')
    return [`  ${printable(session)}`, state, `${queued} of ${queue_max} queued`, what]
  })
  return [
    `tick ${tick}, ${timeOf(now_ms)}, replayed ${from} in ${took_ms.toFixed(0)} ms`,
    columns(rows),
    ...(shown.length === 0 ? [] : [columns(shown)]),
  ].join('\n')
}
