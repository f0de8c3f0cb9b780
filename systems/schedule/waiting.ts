import type { World } from '../../engine/world/world.ts'
import { laneRow } from '../agents/budget.ts'
import { Session, SessionState } from '../agents/columns.ts'
import { markReady } from '../agents/ready.ts'
import { claimOf } from './fair.ts'
import { Heap } from './heap.ts'

/** Who waits for a turn, by lane, and who for a time to come. A projection of the columns of Session. */
export type Waiting = {
  /** By lane; 0 stays empty. */
  readonly lanes: readonly Heap[]
  /** Idle sessions by their next turn of their own accord, blocked ones by the end of it. */
  readonly timers: Heap
}

/** Nobody waits yet. */
export function nobodyWaits(): Waiting {
  return { lanes: [new Heap(), new Heap(), new Heap(), new Heap()], timers: new Heap() }
}

/** Finds in the columns who waits, and wakes whom the scheduler would have looked at next. O(sessions): after a restart. */
export function waitingOf(world: World): Waiting {
  const waiting = nobodyWaits()
  const { state, running, queued, due_at_ms, blocked_until_ms, lane } = world.of(Session)
  for (let session = 1; session <= world.rows(Session); session++) {
    if (running[session] !== 0) continue
    if (state[session] === SessionState.ready) {
      waiting.lanes[laneRow(world, lane[session]!)]!.put(session, claimOf(world, session))
    } else if (state[session] === SessionState.blocked) waiting.timers.put(session, blocked_until_ms[session]!)
    else if (state[session] === SessionState.running || queued[session]! > 0) markReady(world, session)
    else if (due_at_ms[session]! > 0) waiting.timers.put(session, due_at_ms[session]!)
  }
  return waiting
}
