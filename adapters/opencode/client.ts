import { EngineError, reasonOf } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { OpencodePermitRequest } from '../../systems/events.ts'
import { boundedFetch } from './bounded.ts'
import type { RawEntry, RawEvent, RawPermission, RawSession } from './raw.ts'

/** A page of a session's history, oldest first, and the cursor of the page before it; none on the first. */
export type Page = { readonly entries: readonly RawEntry[]; readonly before?: string }
export type Prompt = { readonly message: string; readonly text: string; readonly agent?: string }

/**
 * One folder of an opencode server. Every call rejects with an `EffectFailure` OPENCODE_AWAY, which may pass, OPENCODE_AUTH or
 * OPENCODE_REFUSED.
 */
export type OpencodeFolderClient = {
  sessions(signal: AbortSignal): Promise<readonly RawSession[]>
  page(session: string, before: string | undefined, signal: AbortSignal): Promise<Page>
  /** The stream of events, until it ends or the signal is aborted. */
  events(signal: AbortSignal): AsyncIterable<RawEvent>
  /** What is asked to be allowed now. */
  permissions(signal: AbortSignal): Promise<readonly RawPermission[]>
  /** False when it is not asked any more. */
  reply(permission: string, reply: OpencodePermitRequest['reply'], signal: AbortSignal): Promise<boolean>
  /** The newest session with exactly this title; undefined when there is none. */
  findSession(title: string, signal: AbortSignal): Promise<string | undefined>
  /** @returns its id */
  createSession(title: string, signal: AbortSignal): Promise<string>
  /** Gives a session work and does not wait for it. The same message again is not the same: it is worked on twice. */
  prompt(session: string, prompt: Prompt, signal: AbortSignal): Promise<void>
  isBusy(session: string, signal: AbortSignal): Promise<boolean>
  abort(session: string, signal: AbortSignal): Promise<void>
}
/** The client for a folder, as opencode names it. */
export type OpencodeClient = (directory: string) => OpencodeFolderClient

export type ClientOptions = { readonly base_url: string; readonly password?: string }

/** One question, in milliseconds. */
const request_ms = 30_000
const pageMessages = 50
const sessionsMost = 10_000
const searchMost = 100

/**
 * The way to an opencode server; nothing is asked yet.
 * @throws EngineError ADAPTER_OPTION for an address that cannot be used; EffectFailure PACKAGE_MISSING
 */
export async function connectClient({ base_url, password }: ClientOptions): Promise<OpencodeClient> {
  const problem = addressProblem(base_url)
  if (problem !== undefined) throw new EngineError('ADAPTER_OPTION', problem)
  const { createOpencodeClient } = await load()
  const headers = password === undefined ? {} : { authorization: basic(password) }
  const client = createOpencodeClient({ baseUrl: base_url.replace(/\/+$/, ''), headers, fetch: boundedFetch })
  return (directory) => folderOf(client, directory)
}

/** What is wrong with the address of a server; undefined when nothing is. */
export function addressProblem(base_url: string): string | undefined {
  const url = URL.parse(base_url)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return 'base_url must be http or https, without a name or password in it'
  const loopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname)
  return url.protocol === 'http:' && !loopback
    ? 'base_url must be https, or http on this machine: the password goes there'
    : undefined
}

type Sdk = ReturnType<Awaited<ReturnType<typeof load>>['createOpencodeClient']>

function folderOf(client: Sdk, directory: string): OpencodeFolderClient {
  const within = (signal: AbortSignal): { signal: AbortSignal } => ({
    signal: AbortSignal.any([signal, AbortSignal.timeout(request_ms)]),
  })
  return {
    sessions: async (signal) =>
      listOf<RawSession>(
        'its sessions',
        await asked('its sessions', client.session.list({ directory, limit: sessionsMost }, within(signal))),
      ),
    page: async (sessionID, before, signal) => {
      const query = { sessionID, directory, limit: pageMessages, ...(before !== undefined && { before }) }
      const answer = await asked(`the session ${sessionID}`, client.session.messages(query, within(signal)))
      const entries = listOf<RawEntry>(`the session ${sessionID}`, answer)
      const next = answer.response?.headers.get('x-next-cursor') ?? ''
      return { entries, ...(next !== '' && entries.length > 0 && { before: next }) }
    },
    async *events(signal) {
      let failed: unknown
      const onSseError = (thrown: unknown): void => {
        failed = thrown
      }
      const { stream } = await client.event.subscribe({ directory }, { signal, sseMaxRetryAttempts: 1, onSseError })
      for await (const event of stream as AsyncIterable<unknown>) if (isEvent(event)) yield event
      if (failed !== undefined && !signal.aborted) throw failureOf('its events', failed)
    },
    permissions: async (signal) =>
      listOf<RawPermission>(
        'its permissions',
        await asked('its permissions', client.permission.list({ directory }, within(signal))),
      ),
    reply: async (requestID, reply, signal) => {
      const replied = client.permission.reply({ requestID, directory, reply }, within(signal))
      const answer = await asked(`the answer to ${requestID}`, replied)
      if (answer.response?.status !== 404) taken(`the answer to ${requestID}`, answer)
      return answer.response?.status !== 404
    },
    findSession: async (title, signal) => {
      const query = { directory, search: title, limit: searchMost }
      const found = listOf<RawSession>(
        'a session',
        await asked('a session', client.session.list(query, within(signal))),
      )
      return found.find((each) => each.title === title)?.id
    },
    createSession: async (title, signal) => {
      const data = taken(
        'a session',
        await asked('a session', client.session.create({ directory, title }, within(signal))),
      )
      const id = (data as { id?: unknown } | undefined)?.id
      if (typeof id === 'string') return id
      throw new EffectFailure('OPENCODE_REFUSED', 'opencode gave no session')
    },
    prompt: async (sessionID, { message, text, agent }, signal) => {
      const parts = [{ type: 'text' as const, text }]
      const prompt = { sessionID, directory, messageID: message, parts, ...(agent !== undefined && { agent }) }
      taken('the prompt', await asked('the prompt', client.session.promptAsync(prompt, within(signal))))
    },
    isBusy: async (session, signal) => {
      const states = taken(
        'what it works on',
        await asked('what it works on', client.session.status({ directory }, within(signal))),
      )
      const state = (states as { [id: string]: { type?: unknown } } | undefined)?.[session]
      return state !== undefined && state.type !== 'idle'
    },
    abort: async (sessionID, signal) => {
      taken('an end', await asked('an end', client.session.abort({ sessionID, directory }, within(signal))))
    },
  }
}

/** A line of the stream that could not be read is none. */
function isEvent(value: unknown): value is RawEvent {
  return typeof value === 'object' && value !== null && 'type' in value
}

type Answer = { readonly data?: unknown; readonly error?: unknown; readonly response?: Response | undefined }

function listOf<T>(what: string, answer: Answer): readonly T[] {
  const data = taken(what, answer)
  if (Array.isArray(data)) return data
  throw new EffectFailure('OPENCODE_REFUSED', `opencode gave no list for ${what}`)
}

/** What the SDK gives, which may throw where it should say. */
async function asked(what: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (thrown) {
    throw failureOf(what, thrown)
  }
}

/** What was answered. @throws EffectFailure when nothing was, or a refusal */
function taken(what: string, { data, error, response }: Answer): unknown {
  if (response?.ok === true) return data
  throw failureOf(what, response === undefined ? error : new Error(`it answered ${response.status}`))
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
    return await import('@opencode-ai/sdk/v2/client')
  } catch (thrown) {
    const reason = `the package '@opencode-ai/sdk' cannot be loaded; install it with npm install @opencode-ai/sdk (${reasonOf(thrown)})`
    throw new EffectFailure('PACKAGE_MISSING', reason)
  }
}
