import { EngineError, reasonOf } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { RawEntry, RawEvent, RawSession } from './raw.ts'

/** Opencode over HTTP, in one directory. Every call rejects with an `EffectFailure` OPENCODE_AWAY, OPENCODE_AUTH or OPENCODE_REFUSED. */
export type OpencodeClient = {
  sessions(signal: AbortSignal): Promise<readonly RawSession[]>
  /** All messages of a session, oldest first. */
  messages(session: string, signal: AbortSignal): Promise<readonly RawEntry[]>
  /** The stream of events, until it ends or the signal is aborted. */
  events(signal: AbortSignal): AsyncIterable<RawEvent>
}

export type ClientOptions = { readonly base_url: string; readonly directory: string; readonly password?: string }

/** One question, in milliseconds. */
const request_ms = 30_000

/**
 * The way to an opencode server; nothing is asked yet.
 * @throws EngineError ADAPTER_OPTION for an address that cannot be used; EffectFailure PACKAGE_MISSING
 */
export async function connectClient({ base_url, directory, password }: ClientOptions): Promise<OpencodeClient> {
  const url = URL.parse(base_url)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new EngineError('ADAPTER_OPTION', 'base_url must be http or https, without a name or password in it')
  const loopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname)
  if (url.protocol === 'http:' && !loopback)
    throw new EngineError('ADAPTER_OPTION', 'base_url must be https, or http on this machine: the password goes there')
  const { createOpencodeClient } = await load()
  const headers = password === undefined ? {} : { authorization: basic(password) }
  const client = createOpencodeClient({ baseUrl: base_url.replace(/\/+$/, ''), headers })
  const query = { directory }
  const within = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(request_ms)])
  return {
    sessions: async (signal) =>
      listOf<RawSession>('its sessions', await client.session.list({ query, signal: within(signal) })),
    messages: async (id, signal) =>
      listOf<RawEntry>(
        `the session ${id}`,
        await client.session.messages({ path: { id }, query, signal: within(signal) }),
      ),
    async *events(signal) {
      let failed: unknown
      const onSseError = (thrown: unknown): void => {
        failed = thrown
      }
      const { stream } = await client.event.subscribe({ query, signal, sseMaxRetryAttempts: 1, onSseError })
      for await (const event of stream as AsyncIterable<unknown>) if (isEvent(event)) yield event
      if (failed !== undefined && !signal.aborted) throw failureOf('its events', failed)
    },
  }
}

/** A line of the stream that could not be read is none. */
function isEvent(value: unknown): value is RawEvent {
  return typeof value === 'object' && value !== null && 'type' in value
}

type Answer = { readonly data?: unknown; readonly error?: unknown; readonly response?: Response | undefined }

function listOf<T>(what: string, { data, error, response }: Answer): readonly T[] {
  if (Array.isArray(data)) return data
  const status = response?.status
  throw failureOf(what, status === undefined ? error : new Error(`it answered ${status}`))
}

/** What the server says of itself stands in no reason: only its status and the network's own words. */
function failureOf(what: string, thrown: unknown): EffectFailure {
  const said = reasonOf(thrown).slice(0, 300)
  if (/\b40[13]\b/.test(said))
    return new EffectFailure('OPENCODE_AUTH', `opencode does not accept the password for ${what}`)
  if (/\b4\d\d\b/.test(said)) return new EffectFailure('OPENCODE_REFUSED', `opencode refused ${what}: ${said}`)
  return new EffectFailure('OPENCODE_AWAY', `opencode could not be asked for ${what}: ${said}`, { transient: true })
}

function basic(password: string): string {
  return `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
}

async function load() {
  try {
    return await import('@opencode-ai/sdk/client')
  } catch (thrown) {
    const reason = `the package '@opencode-ai/sdk' cannot be loaded; install it with npm install @opencode-ai/sdk (${reasonOf(thrown)})`
    throw new EffectFailure('PACKAGE_MISSING', reason)
  }
}
