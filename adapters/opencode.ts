import { assert } from '../engine/errors.ts'
import { type Adapter, EffectFailure, type EffectHandler, type Outside, silent } from '../engine/flow/adapter.ts'
import { OpencodePermit, type OpencodePermitRequest, OpencodeRun, type OpencodeRunRequest } from '../systems/events.ts'
import { addressProblem, connectClient, type OpencodeClient } from './opencode/client.ts'
import { Connection, type OpencodeState, type OpencodeTimes } from './opencode/connection.ts'
import { type RunOutside, type RunTimes, runPrompt } from './opencode/run.ts'

export type { OpencodeState, OpencodeTimes } from './opencode/connection.ts'

export type OpencodeOptions = {
  /** Of a running `opencode serve`: https, or http on this machine. */
  readonly base_url: string
  /** The folders whose sessions are heard, as opencode names them; without any nothing is heard. */
  readonly directories: readonly string[]
  readonly password?: string
  /** Default 1,000 and 60,000. */
  readonly times?: OpencodeTimes
  /** Of `opencode.run`. */
  readonly run_times?: RunTimes
}
/** How it stands with one folder, for people. `events`: handed to the world since the start. */
export type OpencodeStatus = {
  readonly directory: string
  readonly state: OpencodeState
  readonly events: number
  readonly last_error: string
}
export type OpencodeAdapter = Adapter & { status(): readonly OpencodeStatus[] }

const usualTimes: OpencodeTimes = { first_ms: 1_000, most_ms: 60_000 }

/**
 * Opencode as a neighbour: what is said and done in the sessions of some folders comes in as events, and it is given work and answers.
 * `start` never waits for opencode and never fails because of it. Answers `opencode.run` and `opencode.permit`.
 * @throws EngineError ADAPTER_OPTION for an empty folder or an address that cannot be used
 */
export function opencode(options: OpencodeOptions): OpencodeAdapter {
  const { directories, run_times, times = usualTimes } = options
  assert(!directories.includes(''), 'ADAPTER_OPTION', 'opencode needs folders with names')
  const connected = connecting(options)
  const stopping = new AbortController()
  const connections = new Map<string, Connection>()
  let running: Promise<unknown> = Promise.resolve()
  let outside: RunOutside = unheard
  return {
    name: 'opencode',
    effects: effectsOf(connected, () => outside, run_times),
    start(given: Outside) {
      outside = given
      const signal = AbortSignal.any([given.signal, stopping.signal])
      for (const directory of new Set(directories)) {
        const client = async () => (await connected())(directory)
        connections.set(directory, new Connection(client, given, { directory, times, signal }))
      }
      running = Promise.all([...connections.values()].map((each) => each.run()))
    },
    async stop() {
      stopping.abort()
      await running
    },
    status: () =>
      directories.map((directory) => ({
        directory,
        state: connections.get(directory)?.state ?? 'stopped',
        events: connections.get(directory)?.intake.count ?? 0,
        last_error: connections.get(directory)?.last_error ?? '',
      })),
  }
}

/** Carries out what opencode is asked, and hears nothing: for commands that run where no daemon does. @throws as `opencode` */
export function opencodeEffects(options: Omit<OpencodeOptions, 'directories'>): Adapter {
  return { name: 'opencode', effects: effectsOf(connecting(options), () => unheard, options.run_times) }
}

/** Where nobody listens, progress is said to nobody. */
const unheard: RunOutside = { log: silent, publish: () => true }

function connecting({
  base_url,
  password,
}: Pick<OpencodeOptions, 'base_url' | 'password'>): () => Promise<OpencodeClient> {
  const problem = addressProblem(base_url)
  assert(problem === undefined, 'ADAPTER_OPTION', problem ?? '', base_url)
  let client: Promise<OpencodeClient> | undefined
  return () => {
    client ??= connectClient({ base_url, ...(password !== undefined && { password }) })
    return client
  }
}

function effectsOf(
  connected: () => Promise<OpencodeClient>,
  outside: () => RunOutside,
  times: RunTimes | undefined,
): { [type: string]: EffectHandler } {
  return {
    [OpencodeRun.name]: async (payload, call) => {
      const request = payload as unknown as OpencodeRunRequest
      const client = (await connected())(request.directory)
      return runPrompt(client, request, call, outside(), times)
    },
    [OpencodePermit.name]: async (payload, { signal }) => {
      const { directory, permission, reply } = payload as unknown as OpencodePermitRequest
      if (!/^[\w-]{1,200}$/.test(permission))
        throw new EffectFailure('OPENCODE_REFUSED', 'this is no id of a permission')
      return { taken: await (await connected())(directory).reply(permission, reply, signal) }
    },
  }
}
