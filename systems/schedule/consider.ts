import type { Tick } from '../../engine/system.ts'
import { laneRow, limitsOf, policyOf, sayAgent, spentBySession } from '../agents/budget.ts'
import { Session, SessionState } from '../agents/columns.ts'
import { BudgetExhausted } from '../events.ts'
import { claimOf, enter, virtualTime } from './fair.ts'
import { botsHaveHadTheirTurns, dropAll } from './inputs.ts'
import type { Waiting } from './waiting.ts'

/** Looks at one session anew: it waits for a turn, or for a time, or for nothing. O(log sessions). */
export function consider(tick: Tick, waiting: Waiting, session: number): void {
  const { world } = tick
  const sessions = world.of(Session)
  const lane = waiting.lanes[laneRow(world, sessions.lane[session]!)]!
  if (sessions.running[session] !== 0 || lane.has(session)) return
  waiting.timers.remove(session)
  const limits = limitsOf(tick, session)
  if (sessions.present[session] === 0 || limits === undefined) {
    sessions.state[session] = SessionState.idle
    return
  }
  setDue(tick, session, limits.session.interval_ms)
  if (blocks(tick, waiting, session)) return
  if (botsHaveHadTheirTurns(world, session, limits.session.bot_turns_max)) dropAll(world, session)
  if (sessions.queued[session]! > 0 || isDue(tick, session)) {
    waits(tick, waiting, session)
    return
  }
  sessions.state[session] = SessionState.idle
  if (sessions.due_at_ms[session]! > 0) waiting.timers.put(session, sessions.due_at_ms[session]!)
}

/** Whether the time of a session's next turn of its own accord has come. */
export function isDue(tick: Tick, session: number): boolean {
  const due_at_ms = tick.world.of(Session).due_at_ms[session]!
  return due_at_ms > 0 && due_at_ms <= tick.now_ms
}

/** Blocks a session that has spent a budget, until the budget is whole again, and says so once. False when it may go on. */
export function blocks(tick: Tick, waiting: Waiting, session: number): boolean {
  const spent = spentBySession(tick, session)
  const sessions = tick.world.of(Session)
  if (spent === undefined) {
    sessions.blocked_until_ms[session] = 0
    return false
  }
  const said = sessions.blocked_until_ms[session] === spent.until_ms
  sessions.state[session] = SessionState.blocked
  sessions.blocked_until_ms[session] = spent.until_ms
  waiting.timers.put(session, spent.until_ms)
  if (spent.scope === 'agent') sayAgent(tick, session)
  else if (!said) tick.emit(BudgetExhausted, spent)
  return true
}

function waits(tick: Tick, waiting: Waiting, session: number): void {
  const { world, now_ms } = tick
  const sessions = world.of(Session)
  const lane = laneRow(world, sessions.lane[session]!)
  const virtual = virtualTime(world, lane, now_ms, policyOf(tick).scheduler.ageing_ms)
  enter(world, session, virtual, sessions.state[session] === SessionState.ready)
  sessions.state[session] = SessionState.ready
  waiting.lanes[lane]!.put(session, claimOf(world, session))
}

/**
 * The first turn of its own accord comes one interval from now; a shorter interval counts at once, and one
 * taken back takes the turn with it.
 */
function setDue(tick: Tick, session: number, interval_ms: number): void {
  const { due_at_ms } = tick.world.of(Session)
  if (interval_ms <= 0) due_at_ms[session] = 0
  else if (due_at_ms[session] === 0 || due_at_ms[session]! > tick.now_ms + interval_ms) {
    due_at_ms[session] = tick.now_ms + interval_ms
  }
}
