import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { purge } from './desk/compact.ts'

const hour_ms = 3_600_000

/**
 * What the daemon does now and then beside its ticks: texts behind old summaries are removed, as the config says.
 * @param keep_ms how long they are kept; undefined for ever
 */
export function upkeep(engine: Engine, keep_ms: number | undefined, log: Log): { close(): Promise<void> } {
  let running: Promise<void> | undefined
  const look = (): void => {
    if (keep_ms === undefined || running !== undefined || engine.health !== 'ok') return
    running = purged(engine, keep_ms, log).finally(() => {
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

async function purged(engine: Engine, keep_ms: number, log: Log): Promise<void> {
  try {
    const plans = await purge(engine, engine.now_ms - keep_ms)
    if (plans > 0) log.info({ plans }, 'texts behind old summaries were removed; what can be replayed begins here')
  } catch (thrown) {
    log.warn(
      { reason: reasonOf(thrown) },
      'texts behind old summaries could not be removed; it is tried again in an hour',
    )
  }
}
