import type { View } from '../../../engine/flow/adapter.ts'
import { Effect, EffectStatus } from '../../../engine/flow/effect.ts'
import { limitsOf } from '../../../systems/agents/budget.ts'
import { Call, CallState, Session, Turn } from '../../../systems/agents/columns.ts'
import { defaultSession } from '../../../systems/agents/policy.ts'
import { agentRecord } from '../../../systems/agents/quotes.ts'
import { Risk } from '../../../systems/agents/tools.ts'
import { shownHash } from '../../../systems/cephalon/approvals.ts'
import { verdictOf } from '../../../systems/cephalon/permissions.ts'
import type { ApprovalLine } from '../chat/lines.ts'
import { askedCalls } from './sessions.ts'

/** An effect that has no answer yet. */
export type EffectView = {
  readonly effect_id: number
  readonly type: string
  readonly state: string
  readonly attempts: number
  readonly age_ms: number
  /** When it is tried again; 0 = it is not waiting for that. */
  readonly retry_at_ms: number
}
/** A tool call that has not ended, or of which nobody knows whether it happened. */
export type CallView = {
  readonly call: number
  readonly turn: number
  readonly session: string
  readonly tool: string
  readonly state: string
  readonly arguments: string
  readonly effect_id: number
  readonly age_ms: number
}
export type OutboxView = { readonly effects: readonly EffectView[]; readonly calls: readonly CallView[] }

const statuses = Object.keys(EffectStatus)
const callStates = Object.keys(CallState)
/** The newest calls that are shown when there are very many. */
const callsMax = 1_000

/** What is on its way out: open effects, oldest first, and calls that run, wait or are unknown. O(effects + calls ever made). */
export function outboxOf(view: View): OutboxView {
  const { world, now_ms } = view
  const effect = world.of(Effect)
  const effects = [...world.each(Effect)].map((entity): EffectView => {
    const effect_id = effect.effect_id[entity]!
    const { type = '' } = JSON.parse(view.read('outbox', effect_id) ?? '{}') as { type?: string }
    return {
      effect_id,
      type,
      state: statuses[effect.status[entity]!] ?? '',
      attempts: effect.attempts[entity]!,
      age_ms: Math.max(0, now_ms - effect.requested_at_ms[entity]!),
      retry_at_ms: effect.retry_at_ms[entity]!,
    }
  })
  return { effects: effects.sort((a, b) => a.effect_id - b.effect_id), calls: openCalls(view) }
}

function openCalls(view: View): CallView[] {
  const { world, now_ms } = view
  const { state, turn, tool, effect_id, asked_at_ms } = world.of(Call)
  const open: readonly number[] = [CallState.asked, CallState.approved, CallState.running, CallState.unknown]
  const found: CallView[] = []
  for (let call = world.rows(Call); call >= 1 && found.length < callsMax; call--) {
    if (!open.includes(state[call]!)) continue
    found.push({
      call,
      turn: turn[call]!,
      session: sessionOf(view, turn[call]!),
      tool: world.names.text(tool[call]!),
      state: callStates[state[call]!] ?? '',
      arguments: argumentsOf(view, call),
      effect_id: effect_id[call]!,
      age_ms: Math.max(0, now_ms - (asked_at_ms[call]! || world.of(Turn).opened_at_ms[turn[call]!]!)),
    })
  }
  return found.reverse()
}

/** The calls that wait for the operator's yes, oldest first, as they were asked. */
export function approvalsOf(view: View): ApprovalLine[] {
  const { world } = view
  const calls = world.of(Call)
  return askedCalls(view).map((call) => {
    const session = sessionOf(view, calls.turn[call]!)
    const { permissions } = limitsOf(view, world.of(Turn).session[calls.turn[call]!]!)?.session ?? defaultSession
    const risk = calls.risk[call]!
    const trust = world.of(Turn).trust[calls.turn[call]!]!
    return {
      call,
      hash: shownHash(calls.hash_high[call]!, calls.hash_low[call]!),
      session,
      tool: world.names.text(calls.tool[call]!),
      arguments: argumentsOf(view, call),
      risk: Object.keys(Risk)[risk] ?? 'destructive',
      why: verdictOf({ risk, mode: permissions, trust }).why,
      expires_ms: calls.expires_at_ms[call]!,
    }
  })
}

function sessionOf({ world }: View, turn: number): string {
  return world.keyOf(Session, world.of(Turn).session[turn]!)
}

function argumentsOf(view: View, call: number): string {
  const { arguments: given } = JSON.parse(agentRecord(view, 'call', call) ?? '{}') as { arguments?: unknown }
  return typeof given === 'string' ? given : JSON.stringify(given ?? {})
}
