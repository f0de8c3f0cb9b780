import { EngineError } from '../../engine/errors.ts'
import type { Log, Outside, View } from '../../engine/flow/adapter.ts'

/** The outside of a world that runs no ticks: there is nothing to hear, and nothing may be said. */
export function lookingOnly(view: View, log: Log): Outside {
  const refuse = (): never => {
    throw new EngineError('ENGINE_STATE', 'the record is only looked at')
  }
  const { signal } = new AbortController()
  const none = (): void => undefined
  return {
    view,
    committed: () => none,
    publish: refuse,
    ingest: refuse,
    room: refuse,
    flushed: refuse,
    log,
    signal,
  }
}
