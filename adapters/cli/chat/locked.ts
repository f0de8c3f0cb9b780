import { EngineError, reasonOf } from '../../../engine/errors.ts'
import { CliError, exitCodes } from '../exit.ts'

/** Runs something that opens the record. @throws CliError 75 with what helps, where another process holds the record alone */
export async function orLocked<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== 'STORE_LOCKED') throw thrown
    const advice = 'end that one, or start promethean run first: then chat and every other command share its record'
    throw new CliError(exitCodes.locked, `${reasonOf(thrown)}\n${advice}`)
  }
}
