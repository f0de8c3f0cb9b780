import { EngineError } from '../../../engine/errors.ts'
import { silent } from '../../../engine/flow/adapter.ts'
import { askDaemon, memoryPath } from '../../control.ts'
import type { Config } from '../config.ts'
import { deskOf, type Question, type Search } from '../desk.ts'
import { CliError, exitCodes } from '../exit.ts'
import { openAtRest, openForDiscord, openForOrder, openForRecall, openForRepair } from '../open.ts'

/** Gets the answer to a question about memory. */
export type Asking = (question: Question) => Promise<object>

/** The longest that a daemon may take: an audit looks at every text. */
const deadline_ms = 600_000

/**
 * Asks the daemon of the config's data directory; where none answers, the record is opened for as long as `use` takes.
 * @param how `reading` and `recalling` open it without a trace, the latter with its indexes; `ordering` lets the world hear;
 * `connecting` as well, and connects to Discord; `repairing` lets it hear too, under the config's policy
 */
export async function atDesk<T>(
  config: Config,
  how: 'reading' | 'recalling' | 'ordering' | 'connecting' | 'repairing',
  use: (ask: Asking) => Promise<T>,
): Promise<T> {
  if ((await askDaemon(config.data, '/api/status')) !== undefined)
    return use((question) => fromDaemon(config, question))
  if (how === 'reading') return reading(config, use)
  if (how === 'connecting') return connecting(config, use)
  const { engine, search } = await openers[how](config, silent)
  try {
    if (how !== 'recalling') await engine.start()
    const desk = deskOf(engine, search)
    return await use((question) => desk.answer(question))
  } finally {
    if (how === 'recalling') await search.stop?.()
    await engine.stop()
  }
}

const openers = { recalling: openForRecall, ordering: openForOrder, repairing: openForRepair } as const

async function connecting<T>(config: Config, use: (ask: Asking) => Promise<T>): Promise<T> {
  const { engine, search, discord } = await openForDiscord(config, silent)
  try {
    await engine.start()
    const desk = deskOf(engine, search, discord)
    return await use((question) => desk.answer(question))
  } finally {
    await engine.stop()
  }
}

async function reading<T>(config: Config, use: (ask: Asking) => Promise<T>): Promise<T> {
  const engine = await openAtRest(config, silent)
  try {
    const desk = deskOf(engine, noSearch)
    return await use((question) => desk.answer(question))
  } finally {
    await engine.stop()
  }
}

/** Stands where nobody recalls. */
const noSearch: Search = {
  recall: () => Promise.reject(new EngineError('ENGINE_STATE', 'the record was opened without its indexes')),
  complete: () => Promise.resolve(),
  pending: () => ({ lexical: 0, vectors: 0 }),
}

async function fromDaemon(config: Config, question: Question): Promise<object> {
  const answer = await askDaemon(config.data, memoryPath, question, { deadline_ms })
  if (answer !== undefined) return answer
  throw new CliError(exitCodes.unavailable, `the daemon of ${config.data} went away; ask again`)
}
