import { silent } from '../../engine/flow/adapter.ts'
import type { Config } from './config.ts'
import { openForOrder } from './open.ts'
import { commandOn } from './view.ts'

/** Carries out an operator's order where no daemon runs: an engine for the length of one command. */
export async function orderAtRest(config: Config, order: { command: string; path: string }): Promise<object> {
  const { engine } = await openForOrder(config, silent)
  try {
    await engine.start()
    return await commandOn(engine, order)
  } finally {
    await engine.stop()
  }
}
