import type { Event } from '../../engine/flow/event.ts'
import type { World } from '../../engine/world/world.ts'
import { LockedBy, Overflow, Session, Subscription } from '../agents/columns.ts'
import { type FilterField, filterOf } from '../agents/filters.ts'
import { filterTextOf, sessionKey } from '../agents/sessions.ts'
import type { Filter } from '../events.ts'
import { isOfTheWorld, isRoutable } from './fields.ts'
import { saidIn, unmet } from './meets.ts'
import { type Looking, matcherOf } from './projection.ts'
import { keptFrom, type Speaker, speakerOf } from './receivers.ts'

/** How full the queue of a session is, and what it does when it is full. */
export type QueueState = {
  readonly queued: number
  readonly queue_max: number
  readonly overflow: string
  readonly dropped: number
}
/** A session that gets the event, by which of its filters, and who locked that. */
export type Routed = {
  readonly session: string
  readonly filter: Filter
  readonly locked_by: string
  readonly queue: QueueState
}
/**
 * A session that does not: the first field of its nearest filter that the event does not meet, what that asks and what the
 * event says. Where a filter was met `field` is empty and `got` says why it is kept from the session all the same.
 */
export type NotRouted = {
  readonly session: string
  readonly filter: Filter
  readonly field: FilterField | ''
  readonly wanted: string
  readonly got: string
}
export type RouteExplained = {
  readonly routed: readonly Routed[]
  readonly others: readonly NotRouted[]
  /** Sessions beyond those that are listed. */
  readonly others_left: number
  /** Why nobody gets it whatever their filters are. */
  readonly reason?: string
}

/**
 * Who would get an event now, by which filter, and of the others, at most `sessions_max` in the order of their rows, why not.
 * Changes nothing. O(sessions + filters of those listed).
 */
export function explainRoute(view: Looking, event: Event, { sessions_max = 20 } = {}): RouteExplained {
  if (!isRoutable(event)) {
    const reason = `events of the type ${event.type} are what the machinery says to itself: they go to no session`
    return { routed: [], others: [], others_left: 0, reason }
  }
  const { world } = view
  const matcher = matcherOf(view)
  const count = matcher.match(event)
  const matched = new Set(matcher.hits.subarray(0, count))
  const speaker = speakerOf(view, event)
  const routed: Routed[] = []
  const others: NotRouted[] = []
  let left = 0
  for (let session = 1; session <= world.rows(Session); session++) {
    if (matched.has(session) && keptFrom(world, session, speaker) === '') routed.push(routedTo(view, session, event))
    else if (world.of(Session).present[session] === 0) continue
    else if (others.length >= sessions_max) left++
    else others.push(notRoutedTo(view, session, event, speaker))
  }
  return {
    routed,
    others,
    others_left: left,
    ...(world.rows(Session) > 0 ? {} : { reason: 'there are no sessions yet' }),
  }
}

type Filed = { readonly row: number; readonly filter: Filter }

/** The filters of a session that are in force, oldest first. */
function filtersOf(view: Looking, session: number): Filed[] {
  const rows = matcherOf(view)
    .rowsOf(session)
    .sort((a, b) => a - b)
  return rows.map((row) => ({ row, filter: filterOf(filterTextOf(view, row) ?? '{}') }))
}

function routedTo(view: Looking, session: number, event: Event): Routed {
  const { world } = view
  const met = filtersOf(view, session).find(({ filter }) => unmet(filter, event).length === 0)
  return {
    session: sessionKey(world, session),
    filter: met?.filter ?? {},
    locked_by: met === undefined ? '' : nameOf(LockedBy, world.of(Subscription).locked_by[met.row]!),
    queue: queueOf(world, session),
  }
}

function notRoutedTo(view: Looking, session: number, event: Event, speaker: Speaker): NotRouted {
  const { world } = view
  let nearest: { filter: Filter; fields: FilterField[] } | undefined
  for (const { filter } of filtersOf(view, session)) {
    const fields = unmet(filter, event)
    if (nearest === undefined || fields.length < nearest.fields.length) nearest = { filter, fields }
  }
  const name = sessionKey(world, session)
  if (nearest === undefined) return { session: name, filter: {}, field: '', wanted: '', got: 'it has no filter' }
  const [field] = nearest.fields
  if (field === undefined) {
    return {
      session: name,
      filter: nearest.filter,
      field: '',
      wanted: '',
      got: reasons[keptFrom(world, session, speaker)],
    }
  }
  const wanted = nearest.filter[field] ?? '*'
  const unnamed = field === 'type' && isOfTheWorld(event)
  const got = unnamed ? `${event.type}, which only a filter that names it hears` : saidIn(event, field)
  return { session: name, filter: nearest.filter, field, wanted, got }
}

const reasons = {
  '': 'it is not kept from it',
  absent: 'the policy no longer names it',
  'own words': 'its own agent says it',
  private: 'it was said in a private session',
} as const

function queueOf(world: World, session: number): QueueState {
  const { queued, queue_max, overflow, dropped } = world.of(Session)
  return {
    queued: queued[session]!,
    queue_max: queue_max[session]!,
    overflow: nameOf(Overflow, overflow[session]!),
    dropped: dropped[session]!,
  }
}

function nameOf(states: { readonly [name: string]: number }, value: number): string {
  return Object.keys(states).find((name) => states[name] === value) ?? 'none'
}
