import { assert, EngineError, reasonOf } from '../engine/errors.ts'
import {
  type Adapter,
  type EffectCall,
  EffectFailure,
  type EffectHandler,
  type Log,
  type Outside,
  silent,
} from '../engine/flow/adapter.ts'
import type { JsonSchema } from '../engine/schema.ts'
import { type ToolCallDone, type ToolCallRequest, ToolOnce, ToolSafe } from '../systems/events.ts'
import { argumentsCheck } from './tools/arguments.ts'
import { contextOf } from './tools/context.ts'
import { memoryForget } from './tools/memory-forget.ts'
import { memoryPin } from './tools/memory-pin.ts'
import { memoryRecall } from './tools/memory-recall.ts'
import { memoryRemember } from './tools/memory-remember.ts'
import type { NotesPort } from './tools/notes.ts'
import { notesList } from './tools/notes-list.ts'
import { notesRead } from './tools/notes-read.ts'
import { notesWrite } from './tools/notes-write.ts'
import { outcomeOf } from './tools/outcome.ts'
import { sessionSubscribe } from './tools/session-subscribe.ts'
import { sessionUnsubscribe } from './tools/session-unsubscribe.ts'
import type { FiltersPort } from './tools/subscription.ts'
import { timeNow } from './tools/time-now.ts'
import { type Tool, type ToolArguments, type ToolContext, ToolProblem } from './tools/tool.ts'
import { type WebFetchOptions, webFetch } from './tools/web-fetch.ts'

export type { NotesPort } from './tools/notes.ts'
export type { FiltersPort } from './tools/subscription.ts'
export type { Tool, ToolArguments, ToolContext, ToolEvent, ToolResult } from './tools/tool.ts'
export { ToolProblem } from './tools/tool.ts'
export type { WebFetchOptions } from './tools/web-fetch.ts'

export type ToolsOptions = {
  readonly tools: readonly Tool[]
  /** Finds memories, as the search adapter does. */
  readonly recall: ToolContext['recall']
  /** Takes out of a text what no model may see, such as the endpoint's key. */
  readonly redact?: (text: string) => string
}

export type ToolsAdapter = Adapter & {
  /** Runs that have not come to their end, those past their deadline included. */
  pending(): number
}

/** What the mind is told of a tool. */
export type ToolDescribed = {
  readonly name: string
  readonly description: string
  readonly parameters: JsonSchema
  readonly risk: Tool['risk']
  readonly retry: Tool['retry']
  readonly deadline_ms: number
}

/** What the policy says of tools: everything but how they run. */
export function toolSpecs(tools: readonly Tool[]): ToolDescribed[] {
  return tools.map(({ name, description, parameters, risk, retry, deadline_ms }) => {
    return { name, description, parameters, risk, retry, deadline_ms }
  })
}

export type AllToolsOptions = {
  /** Without a folder of notes there are no tools for it. */
  readonly notes?: NotesPort
  /** Says whether a session keeps to itself what is said in it, by its key. Without it every session does. */
  readonly isPrivate?: (session: string) => boolean
  /** Lets the tools of subscriptions see what came of their wish. */
  readonly filters?: FiltersPort
  /** Off unless it is given; `{}` is enough. */
  readonly web_fetch?: WebFetchOptions
}

/** The tools that come with the mind. */
export function allTools({ notes, isPrivate = () => true, filters, web_fetch }: AllToolsOptions): Tool[] {
  return [
    memoryRecall(isPrivate),
    memoryRemember(),
    memoryPin(isPrivate),
    memoryForget(isPrivate),
    ...(notes === undefined ? [] : [notesRead(notes), notesList(notes), notesWrite(notes)]),
    sessionSubscribe(filters),
    sessionUnsubscribe(filters),
    ...(web_fetch === undefined ? [] : [webFetch(web_fetch)]),
    timeNow(),
  ]
}

/** Runs of one tool that have not come to their end; one that ignores its deadline must not pile up. */
const pendingMax = 8
/** Calls whose outcome is kept, so that the same key runs nothing twice within one process. */
const keptMax = 1_024
const deadline_max_ms = 120_000
const namePattern = /^[A-Za-z0-9_.-]{1,64}$/

type Entry = { readonly tool: Tool; readonly check: (args: ToolArguments) => string[]; pending: number }

/**
 * Carries out `tool.safe` and `tool.once` with the tools given. Fails with TOOL_UNKNOWN, TOOL_ARGUMENTS, TOOL_RETRY (a tool
 * that must not run twice was asked for as if it might), TOOL_BUSY, TOOL_TIMEOUT, TOOL_RESULT, TOOL_FORBIDDEN, TOOL_FAILED
 * or the tool's own code.
 * @throws EngineError ADAPTER_OPTION, SCHEMA_INVALID
 */
export function tools(options: ToolsOptions): ToolsAdapter {
  return new Tools(options)
}

class Tools implements ToolsAdapter {
  readonly name = 'tools'
  readonly effects: { readonly [type: string]: EffectHandler }
  readonly #entries: Map<string, Entry>
  readonly #options: ToolsOptions
  readonly #redact: (text: string) => string
  readonly #kept = new Map<string, Promise<ToolCallDone>>()
  #outside: Outside | undefined
  #log: Log = silent

  constructor(options: ToolsOptions) {
    this.#options = options
    this.#redact = options.redact ?? ((text) => text)
    this.#entries = entriesOf(options.tools)
    this.effects = {
      [ToolSafe.name]: (payload, call) => this.#safe(payload as ToolCallRequest, call),
      [ToolOnce.name]: (payload, call) => this.#once(payload as ToolCallRequest, call),
    }
  }

  async start(outside: Outside): Promise<void> {
    this.#outside = outside
    this.#log = outside.log
  }

  pending(): number {
    let count = 0
    for (const { pending } of this.#entries.values()) count += pending
    return count
  }

  async #safe(request: ToolCallRequest, call: EffectCall): Promise<ToolCallDone> {
    if (this.#entries.get(request.tool)?.tool.retry === 'once') {
      throw new EffectFailure('TOOL_RETRY', `${request.tool} must not run twice and was asked for as if it might`)
    }
    return this.#run(request, call)
  }

  /** The same key again is given the outcome that it has, or will have. */
  #once(request: ToolCallRequest, call: EffectCall): Promise<ToolCallDone> {
    const known = this.#kept.get(request.key)
    if (known !== undefined) return known
    const outcome = this.#run(request, call)
    this.#kept.set(request.key, outcome)
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= keptMax) break
      this.#kept.delete(key)
    }
    return outcome
  }

  async #run(request: ToolCallRequest, call: EffectCall): Promise<ToolCallDone> {
    const entry = this.#entryOf(request)
    const { tool } = entry
    const ended = new AbortController()
    const timer = setTimeout(() => ended.abort(), tool.deadline_ms)
    const signal = AbortSignal.any([call.signal, ended.signal])
    entry.pending++
    const running = this.#begin(tool, request, signal).finally(() => entry.pending--)
    try {
      return outcomeOf(await orTimeout(running, tool, signal), this.#redact)
    } catch (thrown) {
      if (thrown instanceof ToolProblem) return outcomeOf(thrown.message, this.#redact, true)
      throw this.#failureOf(thrown, tool)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The tool that is asked for, when it may run with these arguments now. @throws EffectFailure */
  #entryOf({ tool: name, arguments: args }: ToolCallRequest): Entry {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw new EffectFailure('TOOL_UNKNOWN', `there is no tool ${JSON.stringify(name)}`)
    const problems = entry.check(args)
    if (problems.length > 0) {
      const text = problems.slice(0, 5).join('; ').slice(0, 500).toWellFormed()
      throw new EffectFailure('TOOL_ARGUMENTS', this.#redact(`the arguments ${text}`))
    }
    if (entry.pending >= pendingMax) {
      throw new EffectFailure('TOOL_BUSY', `${entry.pending} runs of ${name} have not ended`, { transient: true })
    }
    return entry
  }

  /** Asynchronous, so that what a tool throws at once is a rejection like any other. */
  async #begin(tool: Tool, request: ToolCallRequest, signal: AbortSignal): Promise<unknown> {
    if (this.#outside === undefined) throw new EffectFailure('TOOL_FAILED', 'the tools have not been started')
    const context = contextOf(request, this.#outside, this.#options.recall, signal, this.#log)
    return tool.run(request.arguments, context)
  }

  #failureOf(thrown: unknown, tool: Tool): EffectFailure {
    if (thrown instanceof EffectFailure) {
      const { code, message, transient, retry_after_ms } = thrown
      return new EffectFailure(code, this.#redact(message).slice(0, 1_000), { transient, retry_after_ms })
    }
    const reason = this.#redact(reasonOf(thrown)).slice(0, 1_000).toWellFormed()
    this.#log.warn({ tool: tool.name, reason }, 'a tool failed')
    return new EffectFailure(thrown instanceof EngineError ? thrown.code : 'TOOL_FAILED', reason)
  }
}

/** The run's result, unless its time is up first. What comes too late is dropped. */
async function orTimeout(running: Promise<unknown>, tool: Tool, signal: AbortSignal): Promise<unknown> {
  const late = Promise.withResolvers<never>()
  const end = (): void => {
    const known = tool.retry === 'safe' ? '' : '; whether it has done anything is unknown'
    late.reject(new EffectFailure('TOOL_TIMEOUT', `${tool.name} did not end in time${known}`))
  }
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([running, late.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

function entriesOf(given: readonly Tool[]): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  const told = new Set<string>()
  for (const tool of given) {
    const { name, deadline_ms } = tool
    assert(namePattern.test(name), 'ADAPTER_OPTION', 'a tool is named in 1 to 64 letters, digits, _, - and .', name)
    const fits = deadline_ms >= 1 && deadline_ms <= deadline_max_ms
    assert(fits, 'ADAPTER_OPTION', `the deadline of ${name} lies between 1 and ${deadline_max_ms} ms`, deadline_ms)
    const toldAs = name.replaceAll('.', '_')
    assert(!told.has(toldAs), 'ADAPTER_OPTION', `two tools are named ${toldAs} to a model`, name)
    told.add(toldAs)
    entries.set(name, { tool, check: argumentsCheck(tool), pending: 0 })
  }
  return entries
}
