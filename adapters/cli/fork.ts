import { existsSync, readdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Engine } from '../../engine/engine.ts'
import { EngineError } from '../../engine/errors.ts'
import type { View } from '../../engine/flow/adapter.ts'
import type { Forked, ForkOptions } from '../../engine/index.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import type { Store } from '../../engine/record/store.ts'
import { viewOf } from '../../engine/record/view.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Memory } from '../../systems/components.ts'
import { ConfigSet } from '../../systems/events.ts'
import type { Arguments } from './arguments.ts'
import { compose } from './compose.ts'
import type { Config } from './config.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { handlersFor } from './fork/live.ts'
import { memoryDifferences } from './fork/memories.ts'
import { changeOf, forkConfig } from './fork/policy.ts'
import { memoryStamps } from './fork/stamps.ts'
import { type TurnsBefore, turnDifferences, turnsBefore } from './fork/turns.ts'
import { type Differences, differenceWords } from './fork/words.ts'
import { configOf } from './inspect.ts'
import { openWhole } from './travel/open.ts'

/** `promethean fork --at TICK --with FILE`: what was recorded, run on under another policy, and what differs. */
export async function fork(args: Arguments): Promise<ExitCode> {
  const { at, with: file, live } = args.travel
  if (at === undefined || file === undefined) {
    throw new CliError(
      exitCodes.usage,
      'fork needs --at TICK and --with FILE, a config that names what is to be different',
    )
  }
  const config = configOf(args, args.words[0])
  const other = await forkConfig(args, config, file)
  const out = args.out === undefined ? undefined : newFolder(args.out)
  const handlers = await handlersFor(other.config, live)
  const engine = await openWhole(config)
  try {
    const change = [await changeOf(engine, at, other)]
    const until = args.until === undefined ? {} : { until: args.until }
    const found = await keptIn(out, config, (into) =>
      differencesOf(engine, out, { tick: at, ...until, change, handlers, ...(into === undefined ? {} : { into }) }),
    )
    process.stdout.write(args.json ? `${JSON.stringify(found)}\n` : `${differenceWords(found)}\n`)
    return exitCodes.ok
  } finally {
    await engine.stop()
  }
}

/** @throws CliError 65 for a folder that holds something already */
function newFolder(path: string): string {
  const folder = resolve(path)
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CliError(exitCodes.data, `--out ${path}: it is there already and is not empty; name a new folder`)
  }
  return folder
}

/** Runs something with the store in which the fork is kept, which goes again when that fails. */
async function keptIn<T>(
  out: string | undefined,
  config: Config,
  use: (into: Store | undefined) => Promise<T>,
): Promise<T> {
  if (out === undefined) return use(undefined)
  const { parts } = await compose(config)
  const store = lmdb(out)
  await store.open([ownTables.outbox, ownTables.dead, ...parts.records])
  let whole = false
  try {
    const found = await use(store)
    whole = true
    return found
  } finally {
    await store.close()
    if (!whole) rmSync(out, { recursive: true, force: true })
  }
}

/** A system that cannot bear the fork's policy is news about that policy, not a failure of the command. */
async function orThrown(work: Promise<Forked>): Promise<Forked> {
  try {
    return await work
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== 'SYSTEM_THREW') throw thrown
    throw new CliError(exitCodes.data, `the fork ends where a system throws: ${thrown.message}`)
  }
}

async function differencesOf(
  engine: Engine,
  out: string | undefined,
  options: Omit<ForkOptions, 'begun'>,
): Promise<Differences> {
  let memories = 0
  let turns: TurnsBefore = { rows: 0, running: [] }
  const begun = (view: View): void => {
    memories = view.world.rows(Memory)
    turns = turnsBefore(view)
  }
  const pause = (): Promise<void> => nextTurn()
  const ways = { without: [ConfigSet.name], begun, stamps: memoryStamps(), pause }
  const forked = await orThrown(engine.past.fork({ ...options, ...ways }))
  const { tick, until, from_tick, effects: actions } = forked
  const [recorded, other] = [viewOf(forked.recorded), viewOf(forked.fork)]
  return {
    ...{ tick, until, from_tick, out },
    memories: await memoryDifferences(recorded, other, memories),
    contexts: turnDifferences(recorded, other, turns),
    actions,
  }
}
