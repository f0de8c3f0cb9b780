import { setImmediate as nextTurn } from 'node:timers/promises'
import { search } from '../../adapters/search.ts'
import { type Adapter, type EffectCall, EffectFailure } from '../../engine/flow/adapter.ts'
import type { Event, Payload, Source } from '../../engine/flow/event.ts'
import { createEngine, type Engine, type Limits, type Store } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Call, CallState, Message, OpenCall, Running, Session, Turn, TurnState } from '../../systems/agents/columns.ts'
import {
  type AgentPolicy,
  type AgentsPolicy,
  defaultAgent,
  defaultScheduler,
  defaultSession,
  type SessionPolicy,
  type TurnCaps,
} from '../../systems/agents/policy.ts'
import type { ToolSpec } from '../../systems/agents/tools.ts'
import {
  type ApprovalAsked,
  type ChatMessage,
  LlmChat,
  type LlmChatDone,
  type LlmChatRequest,
  type SessionSaid,
  type ToolCallDone,
  type ToolCallRequest,
  ToolOnce,
  ToolSafe,
  type TurnCalled,
  type TurnEnded,
  type TurnReturned,
} from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'

/** Whole agents in one process: the mind, a model that follows a script, and tools that count. Time moves as a test says. */

export const dawn_ms = 1_764_547_200_000

/** What a scripted model says: text, calls, or that it fails. `arguments` may be text that is no JSON. */
export type Reply =
  | { readonly say: string }
  | { readonly say?: string; readonly call: readonly Wanted[] }
  | { readonly fail: string; readonly transient?: boolean; readonly retry_after_ms?: number }
  | LlmChatDone
export type Wanted = { readonly name: string; readonly arguments: object | string; readonly id?: string }
export type Model = (request: LlmChatRequest, call: EffectCall) => Reply | Promise<Reply>

/** An adapter that answers `llm.chat` by a function of the request; all that it was asked stands in `asked`. */
export function modelAdapter(model: Model): Adapter & { readonly asked: LlmChatRequest[] } {
  const asked: LlmChatRequest[] = []
  let calls = 0
  const answer = async (payload: Payload, call: EffectCall): Promise<Payload> => {
    const request = payload as unknown as LlmChatRequest
    asked.push(request)
    const reply = await model(request, call)
    if ('fail' in reply) {
      const { transient = true, retry_after_ms } = reply
      throw new EffectFailure(reply.fail, `the script says ${reply.fail}`, { transient, retry_after_ms })
    }
    if ('content' in reply) return reply as unknown as Payload
    const wanted = 'call' in reply ? reply.call : []
    const tool_calls = wanted.map(({ id, name, arguments: given }) => ({
      id: id ?? `wanted-${++calls}`,
      name,
      arguments: typeof given === 'string' ? given : JSON.stringify(given),
    }))
    return {
      content: reply.say ?? '',
      model: 'script',
      finish: tool_calls.length > 0 ? 'tool_calls' : 'stop',
      ...(tool_calls.length > 0 ? { tool_calls } : {}),
      tokens_in: 10,
      tokens_out: 5,
    }
  }
  return { name: 'model', effects: { [LlmChat.name]: answer }, asked }
}

export type Ran = ToolCallRequest & { readonly effect: string }
export type Tools = (request: ToolCallRequest, call: EffectCall) => string | Partial<ToolCallDone> | Promise<string>

/** An adapter that runs tools by a function; every run that was begun stands in `ran`. */
export function toolAdapter(run: Tools = ({ tool }) => `${tool} is done`): Adapter & { readonly ran: Ran[] } {
  const ran: Ran[] = []
  const handler =
    (effect: string) =>
    async (payload: Payload, call: EffectCall): Promise<Payload> => {
      const request = payload as unknown as ToolCallRequest
      ran.push({ ...request, effect })
      const result = await run(request, call)
      const done = typeof result === 'string' ? { text: result } : result
      return { text: '', cut: false, failed: false, ...done }
    }
  const effects = { [ToolSafe.name]: handler(ToolSafe.name), [ToolOnce.name]: handler(ToolOnce.name) }
  return { name: 'tools', effects, ran }
}

const anything = { type: 'object' }

/** A tool as the policy knows it; without more it reads, takes any arguments and may be run again. */
export function spec(name: string, more: Partial<ToolSpec> = {}): ToolSpec {
  const plain: ToolSpec = {
    name,
    description: `The tool ${name}.`,
    parameters: anything,
    risk: 'read_only',
    retry: 'safe',
    deadline_ms: 10_000,
  }
  return { ...plain, ...more }
}

/** A session that may use no tool, unless told otherwise. */
export function sessionOf(name: string, more: Omit<Partial<SessionPolicy>, 'caps'> & Capped = {}): SessionPolicy {
  const caps = { ...defaultSession.caps, ...more.caps }
  return { ...defaultSession, name, filters: [], tools: [], ...more, caps }
}
type Capped = { readonly caps?: Partial<TurnCaps> }

export function agentOf(
  name: string,
  sessions: readonly SessionPolicy[],
  more: Partial<AgentPolicy> = {},
): AgentPolicy {
  return { ...defaultAgent, name, sessions, ...more }
}

/** One agent, `duck`, whose sessions may use all of these tools. */
export function duckPolicy(
  tools: readonly ToolSpec[],
  sessions: readonly SessionPolicy[] = [sessionOf('chat')],
  more: Partial<AgentPolicy> = {},
): AgentsPolicy {
  const names = tools.map(({ name }) => name)
  const all = sessions.map((session) => ({ ...session, tools: [...session.tools, ...names] }))
  return { agents: [agentOf('duck', all, more)], tools, scheduler: defaultScheduler, tokens: 'estimate' }
}

/** What a message says, as one text; data as JSON. */
export function textOf({ content }: ChatMessage): string {
  return typeof content === 'string' ? content : JSON.stringify(content)
}

/** The messages behind the newest one of a user: the turn's own questions and results. */
export function sinceUser({ messages }: LlmChatRequest): {
  readonly user: string
  readonly own: readonly ChatMessage[]
} {
  const at = messages.findLastIndex(({ role }) => role === 'user')
  return { user: at < 0 ? '' : textOf(messages[at]!), own: messages.slice(at + 1) }
}

export type Opening = {
  readonly store?: Store
  readonly model?: Model
  readonly tools?: Tools
  readonly policy?: Partial<AgentsPolicy>
  readonly adapters?: readonly Adapter[]
  readonly limits?: Partial<Limits>
  readonly clock?: () => number
}

/** Everything an engine of agents has said and done, and ways to talk to it. */
export class Troupe {
  readonly engine: Engine
  readonly asked: readonly LlmChatRequest[]
  readonly ran: readonly Ran[]
  readonly heard: Event[] = []
  #said = 0

  private constructor(engine: Engine, asked: readonly LlmChatRequest[], ran: readonly Ran[]) {
    this.engine = engine
    this.asked = asked
    this.ran = ran
    for (const type of heardTypes) engine.on(type, (event) => void this.heard.push(event))
  }

  /** A started engine under this policy, which is asked nothing yet. */
  static async open(opening: Opening = {}): Promise<Troupe> {
    const { store = ram(), policy, clock = () => dawn_ms, limits, adapters = [] } = opening
    const model = modelAdapter(opening.model ?? (() => ({ say: 'Yes.' })))
    const tools = toolAdapter(opening.tools)
    const engine = await createEngine({
      ...mind(),
      store,
      adapters: [model, tools, search(), ...adapters],
      drive: 'manual',
      clock,
      seed: 11,
      limits: { stop_ms: 50, ...limits },
    })
    const troupe = new Troupe(engine, model.asked, tools.ran)
    await engine.start()
    if (policy !== undefined) troupe.obey(policy)
    await troupe.settle()
    return troupe
  }

  /** Sets the policy; what it does not say is as without one. */
  obey(policy: Partial<AgentsPolicy>): void {
    const scheduler = policy.scheduler ?? defaultScheduler
    const set = JSON.parse(JSON.stringify({ ...policy, scheduler })) as Payload
    this.publish({ type: 'config.set', payload: { policy: set } })
  }

  publish(event: Parameters<Engine['publish']>[0]): void {
    if (!this.engine.publish(event)) throw new Error('the ring is full')
  }

  /** The operator says something in a session, and no tick runs yet. */
  tell(session: string, text: string): void {
    const source: Source = { kind: 'operator', channel: session, author: 'operator' }
    this.publish({
      type: 'chat.message',
      id: `said-${++this.#said}`,
      ts: this.engine.now_ms,
      source,
      payload: { text },
    })
  }

  /** Somebody says something in a channel, and no tick runs yet. */
  overhear(channel: string, author: string, text: string, more: Payload = {}): void {
    const source: Source = { kind: 'discord', channel, author }
    const payload = { text, ...more }
    this.publish({ type: 'discord.message.new', id: `said-${++this.#said}`, ts: this.engine.now_ms, source, payload })
  }

  /** The operator says something, and all that it leads to happens, until nothing moves. */
  async say(session: string, text: string): Promise<void> {
    this.tell(session, text)
    await this.settle()
  }

  /** Answers a question for the operator's yes. */
  async answer(hash: string, { allow = true, kind = 'operator' } = {}): Promise<void> {
    this.publish({ type: 'approval.given', source: { kind }, payload: { hash, allow } })
    await this.settle()
  }

  /** Ticks until nothing waits and nothing is out; with `now_ms` the first tick sets the time. */
  async settle(now_ms?: number): Promise<void> {
    let still = 0
    await this.engine.step(now_ms)
    for (let steps = 0; still < 3; steps++) {
      if (steps > 5_000) throw new Error('it never comes to rest')
      await nextTurn()
      still = this.engine.quiet ? still + 1 : 0
      await this.engine.step()
    }
  }

  /** Payloads of one type, in order. */
  all<P>(type: string): P[] {
    return this.heard.filter((event) => event.type === type).map(({ payload }) => payload as P)
  }

  get said(): SessionSaid[] {
    return this.all('session.said')
  }
  get ended(): TurnEnded[] {
    return this.all('turn.ended')
  }
  get called(): TurnCalled[] {
    return this.all('turn.called')
  }
  get returned(): TurnReturned[] {
    return this.all('turn.returned')
  }
  get approvals(): ApprovalAsked[] {
    return this.all('approval.asked')
  }

  /** A session's conversation, oldest first, as the record has it. */
  history(session: string): ChatMessage[] {
    return historyOf(this.engine, session)
  }

  /** What is under way: 0 when every turn has ended. */
  get running(): number {
    return this.engine.world.each(Running).length
  }
}

const heardTypes = [
  'session.said',
  'turn.started',
  'turn.asked',
  'turn.called',
  'turn.returned',
  'turn.waiting',
  'turn.ended',
  'approval.asked',
  'budget.exhausted',
  'config.set',
  'session.subscription',
  'memory.stored',
] as const

/** A session's conversation, oldest first, as the record has it. */
export function historyOf(engine: Engine, session: string): ChatMessage[] {
  const { previous } = engine.world.of(Message)
  const messages: ChatMessage[] = []
  const row = engine.world.find(Session, session)
  if (row === 0) return messages
  for (let at = engine.world.of(Session).newest_message[row]!; at !== 0; at = previous[at]!) {
    messages.push(JSON.parse(engine.read('message', at)!) as ChatMessage)
  }
  return messages.reverse()
}

/** What is wrong with a conversation: calls without their results, results without their calls, in order. */
export function illFormed(messages: readonly ChatMessage[]): string[] {
  const wrong: string[] = []
  let awaited: string[] = []
  for (const { role, tool_calls, tool_call_id } of messages) {
    if (role === 'tool') {
      if (awaited.shift() !== tool_call_id) wrong.push(`a result of ${tool_call_id} that was not asked for here`)
      continue
    }
    if (awaited.length > 0) wrong.push(`no result of ${awaited.join(', ')} before ${role}`)
    awaited = (tool_calls ?? []).map(({ id }) => id)
    if (new Set(awaited).size < awaited.length) wrong.push('an id twice')
  }
  if (awaited.length > 0) wrong.push(`no result of ${awaited.join(', ')} at the end`)
  return wrong
}

/** Names of the states of all turns and calls, by row from 1. */
export function statesOf(engine: Engine): { turns: string[]; calls: string[]; open: number } {
  const { world } = engine
  const named = (states: Readonly<Record<string, number>>, state: number): string =>
    Object.entries(states).find(([, value]) => value === state)?.[0] ?? String(state)
  const turn = world.of(Turn).state
  const call = world.of(Call).state
  return {
    turns: Array.from({ length: world.rows(Turn) }, (_, at) => named(TurnState, turn[at + 1]!)),
    calls: Array.from({ length: world.rows(Call) }, (_, at) => named(CallState, call[at + 1]!)),
    open: world.each(OpenCall).length,
  }
}
