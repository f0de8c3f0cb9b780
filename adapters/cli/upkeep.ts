import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { retain } from './archive/retention.ts'
import type { Config } from './config.ts'
import { purge } from './desk/compact.ts'

const hour_ms = 3_600_000

/**
 * What the daemon does now and then beside its ticks, as the config says: texts behind old summaries are removed, and the journal is
 * archived. One after the other, now and every hour; what fails is tried again in an hour.
 */
export function upkeep(
  engine: Engine,
  { keep_ms, archive }: Pick<Config, 'keep_ms' | 'archive'>,
  log: Log,
): { close(): Promise<void> } {
  let running: Promise<void> | undefined
  const all = async (): Promise<void> => {
    if (keep_ms !== undefined) await tried('texts behind old summaries', log, () => purged(engine, keep_ms, log))
    if (archive !== undefined && engine.health === 'ok')
      await tried('what is old in the journal', log, () => archived(engine, archive, log))
  }
  const look = (): void => {
    if (running !== undefined || engine.health !== 'ok') return
    running = all().finally(() => {
      running = undefined
    })
  }
  const timer = setInterval(look, hour_ms)
  timer.unref()
  look()
  return {
    close: async () => {
      clearInterval(timer)
      await running
    },
  }
}

async function tried(what: string, log: Log, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    log.warn({ reason: reasonOf(thrown) }, `${what} could not be removed; it is tried again in an hour`)
  }
}

async function purged(engine: Engine, keep_ms: number, log: Log): Promise<void> {
  const plans = await purge(engine, engine.now_ms - keep_ms)
  if (plans > 0) log.info({ plans }, 'texts behind old summaries were removed; what can be replayed begins here')
}

async function archived(engine: Engine, retention: NonNullable<Config['archive']>, log: Log): Promise<void> {
  const { archived, removed } = await retain(engine, retention, Date.now())
  if (archived !== undefined) log.info({ ...archived }, 'the journal was archived; what can be replayed begins here')
  if (removed.length > 0) log.info({ removed }, 'old archives were removed')
}
