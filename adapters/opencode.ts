import { assert } from '../engine/errors.ts'
import type { Adapter } from '../engine/flow/adapter.ts'
import { connectClient, type OpencodeClient } from './opencode/client.ts'
import { Connection, type OpencodeState, type OpencodeTimes } from './opencode/connection.ts'

export type { OpencodeState, OpencodeTimes } from './opencode/connection.ts'

export type OpencodeOptions = {
  /** Of a running `opencode serve`. */
  readonly base_url: string
  /** The folder whose sessions are heard, as opencode names it. */
  readonly directory: string
  readonly password?: string
  /** Default 1,000 and 60,000. */
  readonly times?: OpencodeTimes
}
/** How it stands with opencode, for people. `events`: handed to the world since the start. */
export type OpencodeStatus = { readonly state: OpencodeState; readonly events: number; readonly last_error: string }
export type OpencodeAdapter = Adapter & { status(): OpencodeStatus }

const usualTimes: OpencodeTimes = { first_ms: 1_000, most_ms: 60_000 }

/**
 * Opencode as a neighbour: what is said and done in the sessions of one folder comes in as events. `start` never waits
 * for opencode and never fails because of it.
 * @throws EngineError ADAPTER_OPTION for an empty folder
 */
export function opencode(options: OpencodeOptions): OpencodeAdapter {
  const { base_url, directory, password, times = usualTimes } = options
  assert(directory !== '', 'ADAPTER_OPTION', 'opencode needs a directory')
  const stopping = new AbortController()
  let client: OpencodeClient | undefined
  const connected = async (): Promise<OpencodeClient> => {
    client ??= await connectClient({ base_url, directory, ...(password !== undefined && { password }) })
    return client
  }
  let connection: Connection | undefined
  let running: Promise<void> | undefined
  return {
    name: 'opencode',
    start(outside) {
      const signal = AbortSignal.any([outside.signal, stopping.signal])
      connection = new Connection(connected, outside, { directory, times, signal })
      running = connection.run()
    },
    async stop() {
      stopping.abort()
      await running
    },
    status: () => ({
      state: connection?.state ?? 'stopped',
      events: connection?.intake.count ?? 0,
      last_error: connection?.last_error ?? '',
    }),
  }
}
