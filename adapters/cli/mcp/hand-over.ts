import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../../engine/errors.ts'
import { askDaemon, memoryPath } from '../../control.ts'

/** How a daemon that starts gets the record from a `promethean mcp` that holds it for a moment. */

/** What is asked of whoever holds the record; a daemon does not know it. */
export const release = { ask: 'release' } as const
export const releasing = { releasing: true } as const

const patience_ms = 10_000
const again_ms = 50

/** Whether a question asks for the record back. */
export function isRelease(question: unknown): boolean {
  return (question as { ask?: unknown } | null | undefined)?.ask === release.ask
}

/**
 * Opens a record; where an MCP server holds it, that is asked to give it back and waited for.
 * @throws whatever `open` throws; STORE_LOCKED when somebody else holds it
 */
export async function openAfter<T>(data: string, open: () => Promise<T>): Promise<T> {
  const until_ms = performance.now() + patience_ms
  for (;;) {
    try {
      return await open()
    } catch (thrown) {
      const locked = thrown instanceof EngineError && thrown.code === 'STORE_LOCKED'
      if (!locked || performance.now() > until_ms) throw thrown
      // Each time: another client may have been quicker.
      if (!(await gives(data))) throw thrown
      await sleep(again_ms)
    }
  }
}

/** Whether whoever holds it is about to give it back, or has just done so. */
async function gives(data: string): Promise<boolean> {
  try {
    const answer = await askDaemon(data, memoryPath, release)
    return answer === undefined || 'releasing' in answer
  } catch (thrown) {
    // A daemon answers that it does not know the question: it stays.
    if (thrown instanceof EngineError) return false
    throw thrown
  }
}
