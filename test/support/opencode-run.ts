import { isAbsolute, relative, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../engine/errors.ts'
import { type Adapter, type EffectCall, EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { OpencodeRun, type OpencodeRunDone, type OpencodeRunRequest } from '../../systems/events.ts'

/**
 * Carries out `opencode.run` against a server of opencode, by questions alone: what the end-to-end tests hold the effect's
 * contract against. It hears no events and answers no permissions.
 */

type Where = { readonly base_url: string; readonly password: string }
type Message = {
  readonly info: {
    readonly id: string
    readonly role: string
    readonly parentID?: string
    readonly finish?: string
    readonly cost?: number
    readonly tokens?: { readonly total?: number; readonly input: number; readonly output: number }
    readonly time: { readonly completed?: number }
    readonly error?: { readonly name: string; readonly data?: { readonly message?: string } }
  }
  readonly parts: readonly Part[]
}
type Part = {
  readonly type: string
  readonly text?: string
  readonly tool?: string
  readonly files?: readonly string[]
  readonly state?: { readonly status: string; readonly input?: { readonly filePath?: string } }
}

const look_ms = 200
const question_ms = 20_000
/** A prompt that was taken shows among the messages within this time; an agent that is none never does. */
const taken_ms = 30_000
const editing = new Set(['write', 'edit', 'multiedit', 'patch'])

/** An adapter that carries out `opencode.run`. */
export function opencodeRuns(where: Where): Adapter {
  const run = async (payload: Payload, call: EffectCall): Promise<Payload> =>
    runPrompt(where, payload as unknown as OpencodeRunRequest, call)
  return { name: 'opencode-run', effects: { [OpencodeRun.name]: run } }
}

async function runPrompt(
  where: Where,
  request: OpencodeRunRequest,
  { effect_id, signal }: EffectCall,
): Promise<OpencodeRunDone> {
  const { directory, prompt, agent, title = 'promethean', deadline_ms = 600_000 } = request
  const ask = questions(where, directory)
  const session = ((await ask('POST', '/session', { title })) as { id: string }).id
  const message = `msg_promethean${effect_id}${session.slice(4)}`
  const end_ms = performance.now() + deadline_ms
  try {
    const parts = [{ type: 'text', text: prompt }]
    await ask('POST', `/session/${session}/prompt_async`, { messageID: message, parts, ...(agent && { agent }) })
  } catch (thrown) {
    // Where nobody answered it may have been taken all the same; it is never sent twice.
    if (!(thrown instanceof EffectFailure) || thrown.code !== 'OPENCODE_AWAY') throw thrown
  }
  try {
    const answers = await answersTo(ask, session, { message, end_ms, signal })
    return doneFrom(session, directory, answers)
  } catch (thrown) {
    // It must not work on when nobody waits; where it cannot be told so, nothing more can be done.
    await ask('POST', `/session/${session}/abort`).catch((away: unknown) => reasonOf(away))
    throw thrown
  }
}

type Awaited = { readonly message: string; readonly end_ms: number; readonly signal: AbortSignal }

/** Waits until the session is at rest and the newest answer to a message is whole; a server that goes away may come back. */
async function answersTo(ask: Ask, session: string, { message, end_ms, signal }: Awaited): Promise<Message[]> {
  const began_ms = performance.now()
  for (;;) {
    if (signal.aborted) throw new EffectFailure('OPENCODE_CANCELLED', 'nobody waits for opencode any more')
    if (performance.now() > end_ms) throw new EffectFailure('OPENCODE_DEADLINE', 'opencode did not finish in time')
    try {
      const busy = Object.hasOwn((await ask('GET', '/session/status')) as object, session)
      const all = busy ? [] : ((await ask('GET', `/session/${session}/message`)) as Message[])
      const answers = all.filter(({ info }) => info.parentID === message)
      if (answers.at(-1)?.info.time.completed !== undefined) return answers
      const isTaken = busy || all.some(({ info }) => info.id === message)
      if (!isTaken && performance.now() > began_ms + taken_ms) {
        throw new EffectFailure('OPENCODE_ERROR', 'opencode did not take the prompt; is there such an agent?')
      }
    } catch (thrown) {
      if (!(thrown instanceof EffectFailure) || thrown.code !== 'OPENCODE_AWAY') throw thrown
    }
    await sleep(look_ms)
  }
}

/** One prompt may be answered by several messages, one a step. */
function doneFrom(session: string, directory: string, answers: readonly Message[]): OpencodeRunDone {
  const { info, parts } = answers.at(-1)!
  if (info.error !== undefined) {
    const code = info.error.name === 'MessageAbortedError' ? 'OPENCODE_CANCELLED' : 'OPENCODE_ERROR'
    throw new EffectFailure(code, `${info.error.name}: ${info.error.data?.message ?? ''}`.slice(0, 300))
  }
  const files = new Set<string>()
  for (const part of answers.flatMap((each) => each.parts)) {
    for (const file of filesOf(part)) files.add(insideOf(directory, file))
  }
  const total = (pick: (each: Message['info']) => number): number =>
    answers.reduce((sum, each) => sum + pick(each.info), 0)
  return {
    session,
    text: parts.flatMap(({ type, text = '' }) => (type === 'text' ? [text] : [])).join('\n'),
    files: [...files].sort(),
    tokens: total(({ tokens }) => tokens?.total ?? (tokens === undefined ? 0 : tokens.input + tokens.output)),
    cost: total(({ cost = 0 }) => cost),
    finish: info.finish ?? '',
  }
}

function filesOf({ type, tool = '', files = [], state }: Part): readonly string[] {
  if (type === 'patch') return files
  const path = state?.input?.filePath
  return type === 'tool' && editing.has(tool) && state?.status === 'completed' && path !== undefined ? [path] : []
}

function insideOf(directory: string, file: string): string {
  const inside = relative(directory, file)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? file : inside.split(sep).join('/')
}

type Ask = (method: string, path: string, body?: object) => Promise<unknown>

function questions({ base_url, password }: Where, directory: string): Ask {
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
  return async (method, path, body) => {
    const url = new URL(path, base_url)
    url.searchParams.set('directory', directory)
    const headers = { authorization, 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(question_ms)
    const response = await fetch(url, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) }).catch(
      (thrown: unknown) => {
        throw new EffectFailure('OPENCODE_AWAY', `opencode does not answer: ${reasonOf(thrown)}`, { transient: true })
      },
    )
    if (response.status >= 500)
      throw new EffectFailure('OPENCODE_AWAY', `opencode answers ${response.status}`, { transient: true })
    if (!response.ok) throw new EffectFailure('OPENCODE_REFUSED', `opencode answers ${response.status}`)
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }
}
