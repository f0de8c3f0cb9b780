import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Session } from '../agents/columns.ts'
import { clearQueue } from '../agents/queue.ts'
import type { SessionCancel } from '../events.ts'
import { endTurn } from './ending.ts'
import { isUnderWay } from './step.ts'

/** The operator ends a session's turn; what waits in its queue goes with it, unless it is to be kept. O(what waits). */
export function cancel(tick: Tick, { source, payload }: Event & { readonly payload: SessionCancel }): void {
  if (source.kind !== 'operator') return
  const { world } = tick
  const session = world.find(Session, payload.session)
  if (session === 0) return
  const turn = world.of(Session).running[session]!
  if (payload.keep !== true) clearQueue(world, session)
  if (turn === 0 || !isUnderWay(tick, turn)) return
  endTurn(tick, turn, { state: 'cancelled', code: 'CANCELLED', reason: 'the operator cancelled it' })
}
