import { createEngine, type Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import { silent } from '../../../engine/flow/adapter.ts'
import { lmdb } from '../../../stores/lmdb.ts'
import { type SearchAdapter, search } from '../../search.ts'
import { compose } from '../compose.ts'
import type { Config } from '../config.ts'
import { CliError, exitCodes } from '../exit.ts'
import { lookingOnly } from '../looking-only.ts'
import { openAtRest } from '../open.ts'

/**
 * The record as it was after a tick, for looking only; `stop` lets go of it.
 * @throws EngineError TICK_GONE; CliError 75 where another process holds the record
 */
export async function openAt(config: Config, at: number): Promise<Engine> {
  const { parts } = await compose(config)
  const { limits } = config
  return atRest(() => createEngine({ ...parts, store: lmdb(config.data), limits, log: silent, drive: 'manual', at }))
}

/** The record at rest, for looking only. @throws CliError 75 where another process holds it */
export async function openWhole(config: Config): Promise<Engine> {
  return atRest(() => openAtRest(config, silent))
}

async function atRest<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== 'STORE_LOCKED') throw thrown
    throw new CliError(exitCodes.locked, `${thrown.message}\nstop it first: this needs the record at rest`)
  }
}

/**
 * Recall over the memories that there were. The files of the record's own indexes know later ones, so the index of words is made
 * anew in memory, and meaning does not count. O(memories).
 */
export async function searchAt(engine: Engine): Promise<SearchAdapter> {
  const adapter = search()
  await adapter.start?.(lookingOnly(engine, silent))
  await adapter.complete({ embedding: false })
  return adapter
}
