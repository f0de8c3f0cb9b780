import type { Tick } from '../../engine/system.ts'
import { type Limits, limitsOf } from '../agents/budget.ts'
import { Session, Turn, TurnState } from '../agents/columns.ts'
import { Trust } from '../components.ts'

/** What every step of a turn needs: the tick, the turn, its session, and what the policy says of it. */
export type Step = {
  readonly tick: Tick
  /** Row in Turn. */
  readonly turn: number
  /** Row in Session. */
  readonly session: number
  /** `agent/name`. */
  readonly key: string
  readonly limits: Limits
}

/** The step of a turn; undefined when the policy no longer knows its session. O(1). */
export function stepOf(tick: Tick, turn: number): Step | undefined {
  const session = tick.world.of(Turn).session[turn]!
  const limits = limitsOf(tick, session)
  return limits === undefined ? undefined : { tick, turn, session, key: tick.world.keyOf(Session, session), limits }
}

/** Whether a turn has not ended. */
export function isUnderWay(tick: Tick, turn: number): boolean {
  const state = tick.world.of(Turn).state[turn]!
  return state !== TurnState.none && state < TurnState.done
}

/** The name of a Trust; `unknown` for what is none. */
export function trustName(trust: number): string {
  return Object.entries(Trust).find(([, value]) => value === trust && value !== Trust.none)?.[0] ?? 'unknown'
}

/** The least of two Trusts, where 0 is nobody's and counts as unknown. */
export function leastTrust(a: number, b: number): number {
  return Math.max(Trust.unknown, Math.min(a, b))
}

/** A text of at most so many bytes of UTF-8, cut between characters, with a marker that says how much is missing. O(length). */
export function capped(text: string, bytes_max: number): string {
  const whole = text.toWellFormed()
  if (whole.length * 3 <= bytes_max) return whole
  const bytes = Buffer.from(whole)
  if (bytes.length <= bytes_max) return whole
  let end = bytes_max
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return `${bytes.toString('utf8', 0, end)}\n[cut: ${bytes.length - end} more bytes]`
}
