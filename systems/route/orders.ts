import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { limitsOf } from '../agents/budget.ts'
import { LockedBy, Session, Subscription } from '../agents/columns.ts'
import { filterOf, filterText, isWithin } from '../agents/filters.ts'
import { filterTextOf, subscribe, unsubscribe } from '../agents/sessions.ts'
import { SessionRefused, type SessionSubscription } from '../events.ts'
import { matcherOf } from './projection.ts'

/** Filters that the tools of one session may have in force at once. */
export const ownFiltersMax = 64

/**
 * Adds a filter, or takes one back, as a tool of the session or the operator wishes: only filters that `session` locks, and
 * only within the envelope. What is refused is kept as a row that was never in force, with its reason, and said aloud.
 * O(filters of the session).
 */
export function orderSubscription(tick: Tick, event: Event & { readonly payload: SessionSubscription }): void {
  const { session: key, order, filter } = event.payload
  const session = tick.world.find(Session, key)
  const text = filterText(filter)
  const reason = session === 0 ? 'there is no such session' : refusalOf(tick, event, session, text)
  if (reason === 'as it is') return
  if (reason !== '') {
    refuse(tick, session, { session: key, order, filter: text, reason })
    return
  }
  if (order === 'add') subscribe(tick, session, LockedBy.session, text)
  else unsubscribe(tick.world, rowOf(tick, session, text))
}

/** Why a wish is refused; empty when it is not, `as it is` when there is nothing to do. */
function refusalOf(
  tick: Tick,
  event: Event & { readonly payload: SessionSubscription },
  session: number,
  text: string,
): string {
  const { world } = tick
  const { session: key, order } = event.payload
  const { kind, channel } = event.source
  if (kind !== 'operator' && !(kind === 'tool' && channel === key)) return 'only a tool of the session itself may ask'
  const row = rowOf(tick, session, text)
  const locked_by = world.of(Subscription).locked_by[row]!
  if (order === 'remove') {
    if (row === 0) return 'it has no such filter'
    return locked_by === LockedBy.session ? '' : 'this filter is locked'
  }
  if (row !== 0) return 'as it is'
  const envelope = limitsOf(tick, session)?.session.envelope ?? []
  if (!isWithin(filterOf(text), envelope)) return 'it hears more than the envelope allows'
  if (text === '{}') return 'it asks for nothing'
  const { locked_by: locks } = world.of(Subscription)
  const own = matcherOf(tick).rowsOf(session)
  if (own.filter((each) => locks[each] === LockedBy.session).length >= ownFiltersMax)
    return `it has ${ownFiltersMax} filters of its own already`
  return ''
}

/** The row of a session's filter that is in force, or 0; one that a tool may take back comes before one that is locked. */
function rowOf(tick: Tick, session: number, text: string): number {
  const { locked_by } = tick.world.of(Subscription)
  let found = 0
  for (const row of matcherOf(tick).rowsOf(session)) {
    if (filterTextOf(tick, row) !== text) continue
    if (locked_by[row] === LockedBy.session) return row
    found = row
  }
  return found
}

function refuse(tick: Tick, session: number, refused: Omit<SessionRefused, 'row'>): void {
  const row = subscribe(tick, session, LockedBy.none, JSON.stringify(refused))
  if (row !== 0) tick.world.of(Subscription).ended[row] = 1
  tick.emit(SessionRefused, { ...refused, row })
}
