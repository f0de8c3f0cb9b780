import { hash } from 'node:crypto'
import { createEngine, type Engine } from '../../../engine/engine.ts'
import { type Adapter, silent } from '../../../engine/flow/adapter.ts'
import { ram } from '../../../stores/ram.ts'
import { type AgentPolicy, defaultAgent, defaultSession } from '../../../systems/agents/policy.ts'
import type { ToolSpec } from '../../../systems/agents/tools.ts'
import { ChatSaid, ConfigSet, SentinelDone, SentinelFailed, SessionSaid, TurnEnded } from '../../../systems/events.ts'
import { mind } from '../../../systems/index.ts'
import { policyPayload } from '../../../systems/sentinel/policy.ts'
import { search } from '../../search.ts'
import { toolSpecs, tools } from '../../tools.ts'
import { operatorSource } from '../chat/talk.ts'
import { askedCalls } from './asked.ts'
import { cannedTools } from './canned.ts'
import type { Model } from './models.ts'
import { OneNote } from './one-note.ts'
import type { CallRun, Ended, Ending, Seen, Trial } from './seen.ts'
import type { Suite, Task } from './suite.ts'
import type { Judge } from './validate.ts'
import { Watch } from './watch.ts'

/** One run of one task, in a world of its own that lives in memory alone. */

export type TrialOrder = {
  readonly suite: Suite
  readonly task: Task
  readonly judge: Judge
  readonly model: Model
  /** Counts from 1. */
  readonly run: number
  /** Aborted: the run is broken off and not counted. */
  readonly signal: AbortSignal
  /** Hears the code with which a question to the model failed, or nothing when it was answered. */
  asked(code: string): void
}

/** A session's name is put before the model, so it must not tell what is expected. */
const agentName = 'assistant'
const sessionName = 'work'
/** A model that is down is asked again, but not for hours. */
const modelRetries_max = 1
const limits = { stop_ms: 100, backoff_max_ms: 5_000 }

/** Runs a task by the ordinary turn or the ordinary sentinel, and judges it; undefined when it was broken off. */
export async function runTrial(order: TrialOrder): Promise<Trial | undefined> {
  const watch = new Watch(order.model.adapters, order.asked)
  const { task, model, run } = order
  const came = task.note === undefined ? await turn(order, watch) : await repair(order, watch)
  if (came === undefined) return undefined
  const { seen, latency_ms } = came
  const { ending } = seen
  const hasFailed = ending.state !== 'done'
  const wrong = order.judge(seen)
  // What a turn that failed has said may look right and is no answer all the same; a note may rightly be left alone.
  const isExplained = hasFailed && (seen.note === undefined || wrong.length > 0)
  const reasons = [...(isExplained ? [`it failed: ${ending.code}: ${ending.reason}`] : []), ...wrong]
  return {
    task: task.name,
    model: model.name,
    run,
    seed: seedOf(order),
    passed: reasons.length === 0,
    reasons,
    unanswered: hasFailed ? watch.unanswered : '',
    seen,
    spent: { ...watch.spent(model.prices), latency_ms },
    messages: watch.messages,
    tools: watch.tools,
  }
}

/** The same for the same run of the same task, whatever else is run. */
function seedOf({ suite, task, run }: Pick<TrialOrder, 'suite' | 'task' | 'run'>): number {
  return Number.parseInt(hash('sha256', `${suite.name}/${task.name}/${run}`).slice(0, 8), 16)
}

type Came = { readonly seen: Seen; readonly latency_ms: number }

async function turn(order: TrialOrder, watch: Watch): Promise<Came | undefined> {
  const ran: CallRun[] = []
  const all = cannedTools(order.task.tools ?? [], ran)
  const specs = toolSpecs(all)
  const memory = search()
  const doers = tools({ tools: all, recall: (query, options) => memory.recall(query, options) })
  let answer = ''
  const ended = await live(order, [memory, doers, watch.adapter], specs, (engine, end) => {
    engine.on(SessionSaid.name, (event) => {
      if (SessionSaid.is(event)) answer = event.payload.text
    })
    engine.on(TurnEnded.name, (event) => {
      if (!TurnEnded.is(event)) return
      const { state, code, reason } = event.payload
      end({ state, code, reason })
    })
    engine.publish({
      type: ChatSaid.name,
      source: operatorSource(`${agentName}/${sessionName}`),
      payload: { text: order.task.prompt ?? '' },
    })
  })
  if (ended === undefined) return undefined
  const { ending, latency_ms } = ended
  return { seen: { answer, asked: askedCalls(watch.answers, specs), ran, ending }, latency_ms }
}

async function repair(order: TrialOrder, watch: Watch): Promise<Came | undefined> {
  const { path = 'note.md', text = '' } = order.task.note ?? {}
  const note = new OneNote(path, text)
  const before = note.text
  const ended = await live(order, [search(), note.adapter, watch.adapter], [], (engine, end) => {
    engine.on(SentinelDone.name, () => end({ state: 'done', code: '', reason: '' }))
    engine.on(SentinelFailed.name, (event) => {
      if (SentinelFailed.is(event)) end({ state: 'failed', code: event.payload.code, reason: event.payload.reason })
    })
  })
  const answer = watch.answers.at(-1)?.content ?? ''
  if (ended === undefined) return undefined
  const { ending, latency_ms } = ended
  const seen = { answer, asked: [], ran: [], ending, note: { path, before, after: note.text } }
  return { seen, latency_ms }
}

/** Lets a world live until what it was made for has ended, its time is up, or it is broken off (undefined). */
async function live(
  { suite, task, model, run, signal }: TrialOrder,
  adapters: readonly Adapter[],
  specs: readonly ToolSpec[],
  begin: (engine: Engine, end: (ending: Ending) => void) => void,
): Promise<Ended | undefined> {
  const seed = seedOf({ suite, task, run })
  const ended = Promise.withResolvers<Ending | undefined>()
  const engine = await createEngine({ ...mind(), store: ram(), adapters, limits, seed, log: silent })
  const late = { state: 'failed', code: 'RUN_TIMEOUT', reason: `it did not end within ${suite.run_ms} ms` }
  const timer = setTimeout(() => ended.resolve(late), suite.run_ms)
  const leave = (): void => ended.resolve(undefined)
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  try {
    engine.publish({
      type: ConfigSet.name,
      source: { kind: 'config' },
      payload: { policy: policyOf(suite, model, specs) },
    })
    begin(engine, ended.resolve)
    const before_ms = performance.now()
    await engine.start()
    const ending = await ended.promise
    return ending && { ending, latency_ms: performance.now() - before_ms }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    await engine.stop()
  }
}

function policyOf(suite: Suite, model: Model, specs: readonly ToolSpec[]): ReturnType<typeof policyPayload> {
  const caps = { ...defaultSession.caps, model_retries_max: modelRetries_max }
  const toolNames = specs.map(({ name }) => name)
  const agent: AgentPolicy = {
    ...defaultAgent,
    name: agentName,
    model: model.name,
    instructions: suite.instructions,
    answer_tokens_max: suite.answer_tokens_max,
    window_tokens: Math.max(defaultAgent.window_tokens, suite.answer_tokens_max * 2),
    sessions: [{ ...defaultSession, name: sessionName, filters: [], tools: toolNames, caps }],
  }
  const { contract, contracts } = suite
  const policy = {
    write: true,
    contract,
    contracts,
    model: model.name,
    agents: [agent],
    tools: specs,
    tokens: 'estimate',
  }
  return policyPayload(policy)
}
