import { hash as digest } from 'node:crypto'
import type { Event, Json } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { limitsOf } from '../agents/budget.ts'
import { Call, CallState, OpenCall, Session, Turn } from '../agents/columns.ts'
import { defaultSession } from '../agents/policy.ts'
import { agentRecord } from '../agents/quotes.ts'
import { Risk, type RiskName } from '../agents/tools.ts'
import { ApprovalAsked, ApprovalGiven } from '../events.ts'
import { verdictOf } from './permissions.ts'

/** The operator's yes: for one call with exactly these arguments, once, before it expires, and from nobody else. */

/**
 * The call waits for a yes: sets its state, hash and end of waiting, and emits `approval.asked` with the arguments whole.
 * Its record `call` holds the arguments as they will run, and an OpenCall stands for it until it has ended. O(arguments).
 */
export function askApproval(tick: Tick, call: number): void {
  const { world, now_ms } = tick
  const calls = world.of(Call)
  const turn = calls.turn[call]!
  const risk = calls.risk[call]!
  const row = world.of(Turn).session[turn]!
  const session = world.keyOf(Session, row)
  const { caps, permissions } = limitsOf(tick, row)?.session ?? defaultSession
  const tool = world.names.text(calls.tool[call]!)
  const text = argumentsOf(tick, call)
  const hash = hashOf(tool, text, turn, call)
  const expires_ms = now_ms + caps.approval_ms
  calls.state[call] = CallState.asked
  calls.hash_high[call] = Number.parseInt(hash.slice(0, 8), 16)
  calls.hash_low[call] = Number.parseInt(hash.slice(8), 16)
  calls.asked_at_ms[call] = now_ms
  calls.expires_at_ms[call] = expires_ms
  const { why } = verdictOf({ risk, mode: permissions, trust: world.of(Turn).trust[turn]! })
  const asked = { turn, session, call, tool, arguments: text, risk: riskName(risk), why, hash, expires_ms }
  tick.emit(ApprovalAsked, asked)
}

/**
 * The call that an `approval.given` answers, which leaves the state `asked` by it: a second answer finds none.
 * Undefined for anybody but the operator, for a hash that is not that of a call that waits now, and for an answer that
 * comes too late. O(open calls) for an answer of the operator, O(1) for every other event.
 */
export function approvalOf(tick: Tick, event: Event): { call: number; allow: boolean } | undefined {
  if (!ApprovalGiven.is(event) || event.source.kind !== 'operator') return undefined
  const { hash, allow } = event.payload
  const { state, hash_high, hash_low, expires_at_ms } = tick.world.of(Call)
  const open = tick.world.of(OpenCall)
  for (const id of tick.world.each(OpenCall)) {
    const call = open.call[id]!
    if (state[call] !== CallState.asked || shownHash(hash_high[call]!, hash_low[call]!) !== hash) continue
    if (tick.now_ms >= expires_at_ms[call]!) return undefined
    state[call] = allow ? CallState.approved : CallState.denied
    expires_at_ms[call] = 0
    return { call, allow }
  }
  return undefined
}

const none: readonly number[] = []

/** Calls whose wait for a yes has ended without one, ascending. Changes nothing. O(open calls); for none it allocates nothing. */
export function expired(tick: Pick<Tick, 'world' | 'now_ms'>): readonly number[] {
  const { state, expires_at_ms } = tick.world.of(Call)
  const open = tick.world.of(OpenCall)
  let found = none
  for (const id of tick.world.each(OpenCall)) {
    const call = open.call[id]!
    if (state[call] === CallState.asked && tick.now_ms >= expires_at_ms[call]!) found = [...found, call]
  }
  return found.length < 2 ? found : found.toSorted((a, b) => a - b)
}

/** What an approval is bound to, as 16 hex digits: the tool, its arguments in canonical form, the turn and the call. */
export function hashOf(tool: string, text: string, turn: number, call: number): string {
  return digest('sha256', JSON.stringify([tool, canonical(text), turn, call])).slice(0, 16)
}

/** A hash as `approval.asked` shows it, from a call's two columns. */
export function shownHash(high: number, low: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

function argumentsOf(tick: Tick, call: number): string {
  const text = agentRecord(tick, 'call', call)
  if (text === undefined) return ''
  const { arguments: given } = JSON.parse(text) as { arguments?: Json }
  return typeof given === 'string' ? given : JSON.stringify(given ?? {})
}

function canonical(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text) as Json))
  } catch {
    return text // No JSON: then it is bound to the text itself.
  }
}

function sorted(value: Json | undefined): Json {
  if (value === null || value === undefined || typeof value !== 'object') return value ?? null
  if (Array.isArray(value)) return ['array', ...value.map(sorted)]
  // Pairs and no object, because a key named `__proto__` would be lost.
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return ['object', ...pairs.map(([key, each]): Json => [key, sorted(each)])]
}

function riskName(risk: number): RiskName {
  if (risk === Risk.read_only) return 'read_only'
  return risk === Risk.side_effect ? 'side_effect' : 'destructive'
}
