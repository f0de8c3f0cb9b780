import { isAbsolute, relative, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EffectCall, EffectFailure, isParked, type Log } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'
import { OpencodeProgress, type OpencodeRunDone, type OpencodeRunRequest } from '../../systems/events.ts'
import type { OpencodeFolderClient } from './client.ts'
import type { RawEntry, RawPart } from './raw.ts'

/**
 * How a prompt is carried out: a session of its own, one message, and then looking until all of it is answered. The session's title and the message's
 * id are made of the request's key, so whoever is asked the same again finds both.
 */

/** What a run needs of its surroundings. */
export type RunOutside = {
  readonly log: Log
  publish(event: EventInput): boolean
}

export type RunTimes = {
  /** Between two looks. Default 250. */
  readonly look_ms: number
  /** A prompt shows among the messages within this time; one for an agent that is none never does. Default 30,000. */
  readonly taken_ms: number
}
const usualTimes: RunTimes = { look_ms: 250, taken_ms: 30_000 }
/** When nobody says how long it may take. */
const usualDeadline_ms = 600_000
/** Progress is said at most this often. */
const progress_ms = 2_000
const textUnits_max = 20_000
const progressUnits_max = 300
const pages_max = 100
const editing = new Set(['write', 'edit', 'multiedit', 'patch', 'apply_patch'])

/**
 * Gives opencode a prompt and waits for all of the answer. Sent once: where it was sent before, or nobody knows whether it was, it is looked
 * for. When it fails, is withdrawn or takes too long, opencode is told to stop; when the engine stops, it works on.
 * @throws EffectFailure with a code as named at `OpencodeRun`
 */
export async function runPrompt(
  client: OpencodeFolderClient,
  request: OpencodeRunRequest,
  call: EffectCall,
  outside: RunOutside,
  times: RunTimes = usualTimes,
): Promise<OpencodeRunDone> {
  const { key, directory, prompt, agent, title = 'promethean', deadline_ms = usualDeadline_ms } = request
  const late = AbortSignal.timeout(deadline_ms)
  const signal = AbortSignal.any([call.signal, late])
  const why = (): EffectFailure =>
    call.signal.aborted
      ? new EffectFailure('OPENCODE_CANCELLED', 'nobody waits for opencode any more')
      : new EffectFailure('OPENCODE_DEADLINE', `opencode did not finish within ${deadline_ms} ms`)
  const session = await orElse(sessionFor(client, `${title} [${key}]`, signal), signal, why)
  const run = {
    client,
    session,
    message: `msg_${key}`,
    signal,
    times,
  }
  const tell = teller(outside, { directory, session, effect: call.effect_id })
  try {
    tell('begun', title)
    const given = await orElse(send(run, { text: prompt, ...(agent !== undefined && { agent }) }), signal, why)
    return doneFrom(session, directory, await orElse(answers(run, given, tell), signal, why))
  } catch (thrown) {
    if (!isParked(call.signal)) await stop(client, session, outside.log)
    throw thrown
  }
}

type Run = {
  readonly client: OpencodeFolderClient
  readonly session: string
  readonly message: string
  readonly signal: AbortSignal
  readonly times: RunTimes
}

/** The session that was begun for it before, or a new one. */
async function sessionFor(client: OpencodeFolderClient, title: string, signal: AbortSignal): Promise<string> {
  return (await client.findSession(title, signal)) ?? (await client.createSession(title, signal))
}

/** Sends the prompt unless it is there. False when nobody knows whether it arrived. */
async function send(
  { client, session, message, signal }: Run,
  prompt: { text: string; agent?: string },
): Promise<boolean> {
  const { entries } = await client.page(session, undefined, signal)
  if (entries.some(({ info }) => info.id === message || info.parentID === message)) return true
  try {
    await client.prompt(session, { message, ...prompt }, signal)
    return true
  } catch (thrown) {
    // Where nobody answered it may have been taken all the same; whoever looks for it will see.
    if (!isAway(thrown)) throw thrown
    return false
  }
}

/** Looks until the session is at rest and the newest answer is whole; a server that goes away may come back. */
async function answers(
  run: Run,
  given: boolean,
  tell: (state: 'working' | 'waiting', text: string) => void,
): Promise<RawEntry[]> {
  const { signal, times } = run
  let there_ms = performance.now()
  for (; ; await sleep(times.look_ms, undefined, { signal })) {
    const now = await look(run)
    if (now === undefined) {
      // How long it takes to show a prompt is counted while it is there.
      there_ms = performance.now()
      tell('waiting', 'opencode is away')
      continue
    }
    if (now.answers !== undefined) return now.answers
    if (!now.isTaken && performance.now() > there_ms + times.taken_ms) throw notTaken(given)
    tell(now.busy ? 'working' : 'waiting', now.last)
  }
}

type Look = { busy: boolean; isTaken: boolean; last: string; answers?: RawEntry[] }

/** How the session stands, with all answers once it is at rest and the newest is whole; undefined while nobody is there. */
async function look(run: Run): Promise<Look | undefined> {
  const { client, message, session, signal } = run
  try {
    const busy = await client.isBusy(session, signal)
    const { entries } = await client.page(session, undefined, signal)
    const newest = entries.findLast(({ info }) => info.parentID === message)
    const isTaken = busy || entries.some(({ info }) => info.id === message)
    const isDone = !busy && isWhole(newest)
    return { busy, isTaken, last: lastWords(newest), ...(isDone && { answers: await allAnswers(run) }) }
  } catch (thrown) {
    if (!isAway(thrown)) throw thrown
    return undefined
  }
}

/** A prompt that never arrived is sent again by the next attempt; one that was accepted and never shows was for nobody. */
function notTaken(given: boolean): EffectFailure {
  return given
    ? new EffectFailure('OPENCODE_ERROR', 'opencode did not take the prompt; is there such an agent?')
    : new EffectFailure('OPENCODE_AWAY', 'the prompt did not reach opencode', { transient: true })
}

/** Every message that answers the prompt, oldest first: the history is read back to the prompt. */
async function allAnswers({ client, message, session, signal }: Run): Promise<RawEntry[]> {
  const found: RawEntry[] = []
  let before: string | undefined
  for (let page = 1; page <= pages_max; page++) {
    const { entries, before: next } = await client.page(session, before, signal)
    found.unshift(...entries.filter(({ info }) => info.parentID === message))
    if (next === undefined || entries.some(({ info }) => info.id === message)) break
    before = next
  }
  return found
}

function isWhole(entry: RawEntry | undefined): boolean {
  return typeof entry?.info.time?.completed === 'number'
}

/** One prompt may be answered by several messages, one a step; the last one's words are the answer. */
function doneFrom(session: string, directory: string, found: readonly RawEntry[]): OpencodeRunDone {
  const last = found.at(-1)
  const error = last?.info.error
  if (typeof error?.name === 'string') {
    const code = error.name === 'MessageAbortedError' ? 'OPENCODE_CANCELLED' : 'OPENCODE_ERROR'
    throw new EffectFailure(code, `${error.name}: ${String(error.data?.message ?? '')}`.slice(0, progressUnits_max))
  }
  const files = new Set(
    found
      .flatMap(({ parts }) => parts)
      .flatMap(filesOf)
      .map((file) => insideOf(directory, file)),
  )
  const sum = (of: (entry: RawEntry) => number): number => found.reduce((all, entry) => all + of(entry), 0)
  return {
    session,
    text: textsOf(last).join('\n').slice(-textUnits_max).toWellFormed(),
    files: [...files].sort(),
    tokens: sum(
      ({ info: { tokens } }) => numberOf(tokens?.total) || numberOf(tokens?.input) + numberOf(tokens?.output),
    ),
    cost: sum(({ info }) => numberOf(info.cost)),
    finish: typeof last?.info.finish === 'string' ? last.info.finish : '',
  }
}

function filesOf({ type, tool, files, state }: RawPart): string[] {
  if (type === 'patch' && Array.isArray(files)) return files.filter((file) => typeof file === 'string')
  const path = state?.input?.filePath
  const edited = type === 'tool' && typeof tool === 'string' && editing.has(tool) && state?.status === 'completed'
  return edited && typeof path === 'string' ? [path] : []
}

function textsOf(entry: RawEntry | undefined): string[] {
  return (entry?.parts ?? []).flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : []))
}

function lastWords(entry: RawEntry | undefined): string {
  return (textsOf(entry).at(-1) ?? '').slice(-progressUnits_max).toWellFormed()
}

/** Says how far it is, when that changes and not too often. */
function teller(outside: RunOutside, about: { directory: string; session: string; effect: number }) {
  const { directory, effect, session } = about
  const source = { kind: 'opencode', channel: directory, thread: session }
  let last = ''
  let next_ms = 0
  let told = 0
  return (state: OpencodeProgress['state'], text: string): void => {
    const now_ms = performance.now()
    if (`${state} ${text}` === last || now_ms < next_ms) return
    const id = `run ${session} ${++told}`
    if (!outside.publish({ type: OpencodeProgress.name, id, source, payload: { effect, state, text } })) return
    last = `${state} ${text}`
    next_ms = now_ms + progress_ms
  }
}

/** It must not work on when nobody waits; where it cannot be told so, that is said and no more can be done. */
async function stop(client: OpencodeFolderClient, session: string, log: Log): Promise<void> {
  try {
    await client.abort(session, AbortSignal.timeout(usualTimes.taken_ms))
  } catch (thrown) {
    log.warn({ session, reason: String(thrown) }, 'opencode could not be told to stop')
  }
}

/** What was waited for; when the signal came first, why that is. */
async function orElse<T>(work: Promise<T>, signal: AbortSignal, why: () => EffectFailure): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    throw signal.aborted ? why() : thrown
  }
}

function isAway(thrown: unknown): boolean {
  return thrown instanceof EffectFailure && thrown.code === 'OPENCODE_AWAY'
}

function insideOf(directory: string, file: string): string {
  const inside = relative(directory, file)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? file : inside.split(sep).join('/')
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}
