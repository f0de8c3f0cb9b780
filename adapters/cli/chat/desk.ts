import type { Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import { limitsOf } from '../../../systems/agents/budget.ts'
import { Call, CallState, Input, Message, OpenCall, Session, Turn } from '../../../systems/agents/columns.ts'
import { type AgentsPolicy, agentsOf, sessionPolicy } from '../../../systems/agents/policy.ts'
import { agentRecord } from '../../../systems/agents/quotes.ts'
import { shownHash } from '../../../systems/cephalon/approvals.ts'
import { MemoryRole } from '../../../systems/components.ts'
import { ApprovalGiven, SessionCancel, SessionOpened } from '../../../systems/events.ts'
import { matchesTool } from '../config-agents.ts'
import { nearest } from '../config-problems.ts'
import type { Approved, PastMessage, ToolView } from './lines.ts'
import { operatorSource } from './talk.ts'

const roles = Object.keys(MemoryRole)

/**
 * The key of a session by what a person calls it: `agent/name`, `name` of the first agent's, or nothing for the first of all.
 * @throws EngineError EVENT_INVALID when there is no such agent, or the name is none
 */
export function sessionKey({ agents }: AgentsPolicy, word: string | undefined): string {
  const [first] = agents
  if (first === undefined) throw new EngineError('EVENT_INVALID', 'there is no agent to talk to')
  if (word === undefined || word === '') return `${first.name}/${first.sessions[0]?.name ?? 'chat'}`
  const slash = word.indexOf('/')
  const agent = slash < 0 ? first.name : word.slice(0, slash)
  const name = word.slice(slash + 1)
  const names = agents.map((each) => each.name)
  if (!names.includes(agent)) {
    const there = names.slice(0, 20).join(', ')
    throw new EngineError('EVENT_INVALID', `there is no agent ${agent}${nearest(agent, names)} (there is ${there})`)
  }
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name)) return `${agent}/${name}`
  throw new EngineError(
    'EVENT_INVALID',
    `${JSON.stringify(name)} is no name: letters, digits, _ . - and at most 64 of them`,
  )
}

/** A session that the policy does not name is opened; durable when this resolves. */
export async function openSession(engine: Engine, key: string): Promise<void> {
  const policy = agentsOf(engine)
  sessionKey(policy, key)
  const [agent, name] = key.split('/')
  const named = policy.agents.find((each) => each.name === agent)?.sessions.some((each) => each.name === name)
  const row = engine.world.find(Session, key)
  if (named === true || (row !== 0 && engine.world.of(Session).present[row] === 1)) return
  await engine.ingest({ type: SessionOpened.name, source: operatorSource(key), payload: { session: key } })
}

/** The operator's answer to an approval; what came of it is known when this resolves. */
export async function approve(engine: Engine, hash: string, allow: boolean): Promise<Approved> {
  const call = askedCall(engine, hash)
  if (call === 0) return { hash, allow, done: false, reason: 'no call waits for this yes any more' }
  const { turn } = engine.world.of(Call)
  const key = engine.world.keyOf(Session, engine.world.of(Turn).session[turn[call]!]!)
  await engine.ingest({ type: ApprovalGiven.name, source: operatorSource(key), payload: { hash, allow } })
  const done = askedCall(engine, hash) === 0
  return { hash, allow, done, reason: done ? '' : 'it was not accepted' }
}

/** The call that waits for a yes under this hash, or 0. O(open calls). */
function askedCall({ world }: View, hash: string): number {
  const { state, hash_high, hash_low } = world.of(Call)
  const open = world.of(OpenCall)
  for (const entity of world.each(OpenCall)) {
    const call = open.call[entity]!
    if (state[call] === CallState.asked && shownHash(hash_high[call]!, hash_low[call]!) === hash) return call
  }
  return 0
}

/** Ends the turn under way of a session, and drops what waits there. */
export async function cancel(engine: Engine, key: string): Promise<{ session: string; running: boolean }> {
  const row = engine.world.find(Session, key)
  const running = row !== 0 && engine.world.of(Session).running[row] !== 0
  await engine.ingest({ type: SessionCancel.name, source: operatorSource(key), payload: { session: key } })
  return { session: key, running }
}

/** The newest messages that people and the agent said in a session, oldest first. O(messages looked at). */
export function pastOf(view: View, key: string, count: number): PastMessage[] {
  const { world } = view
  const session = world.find(Session, key)
  if (session === 0) return []
  const message = world.of(Message)
  const past: PastMessage[] = []
  let row = world.of(Session).newest_message[session]!
  while (row !== 0 && past.length < count) {
    const role = roles[message.role[row]!] ?? ''
    const text = role === 'user' || role === 'assistant' ? messageText(view, row) : ''
    const turn = message.turn[row]!
    if (text !== '') past.push({ role, text, turn, at_ms: world.of(Turn).opened_at_ms[turn] ?? 0 })
    row = message.previous[row]!
  }
  return past.reverse()
}

/** What was said, as it came in: the message itself may hold it as data with where it comes from. */
function messageText(view: View, row: number): string {
  const input = view.world.of(Message).input[row]!
  if (input !== 0 && input <= view.world.rows(Input)) {
    const { payload } = JSON.parse(agentRecord(view, 'input', input) ?? '{}') as { payload?: { text?: unknown } }
    if (typeof payload?.text === 'string') return payload.text
  }
  const { content } = JSON.parse(agentRecord(view, 'message', row) ?? '{}') as { content?: unknown }
  if (typeof content === 'string') return content
  const { text } = (content ?? {}) as { text?: unknown }
  return typeof text === 'string' ? text : ''
}

/** The tools that a session may ask for. */
export function toolsOf(view: View, key: string): ToolView[] {
  const policy = agentsOf(view)
  const row = view.world.find(Session, key)
  const patterns = (row === 0 ? sessionPolicy(policy, key) : limitsOf(view, row))?.session.tools ?? []
  return policy.tools
    .filter(({ name }) => patterns.some((pattern) => matchesTool(pattern, name)))
    .map(({ name, risk, description }) => ({ name, risk, description }))
}
