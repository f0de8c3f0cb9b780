import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Pool, Subscription } from '../agents/columns.ts'
import { filterOf } from '../agents/filters.ts'
import { filterTextOf } from '../agents/sessions.ts'
import { Matcher } from './matcher.ts'

/** What is needed of a tick or of a view to look at its subscriptions. */
export type Looking = Pick<Tick, 'world' | 'read'>

/** A matcher and how much of the table Subscription it knows. */
type Held = { matcher: Matcher; version: number; rows: number }

/** When this many filters have ended and more than are in force, a new matcher forgets their texts. */
const deadMax = 4096

const held = new WeakMap<World, Held>()

/**
 * The matcher of a world's subscriptions: nothing but a projection of them, made when a world is first asked about and
 * then kept up to date. O(1) when nothing changed; new filters O(1) each; when some have ended, a look at one byte of each row.
 */
export function matcherOf(looking: Looking): Matcher {
  const { world } = looking
  let known = held.get(world)
  if (known === undefined) {
    known = { matcher: new Matcher(), version: 0, rows: 0 }
    held.set(world, known)
  }
  if (known.version !== world.of(Pool).version[1]) bringUp(looking, known)
  return known.matcher
}

function bringUp(looking: Looking, known: Held): void {
  const { world } = looking
  const { ended } = world.of(Subscription)
  const version = world.of(Pool).version[1]!
  const added = world.rows(Subscription) - known.rows
  // Each row that was added and each that ended has made the version one greater.
  if (version - known.version !== added) {
    for (let row = 1; row <= known.rows; row++)
      if (ended[row] === 1 && known.matcher.has(row)) known.matcher.remove(row)
  }
  if (known.matcher.dead > deadMax && known.matcher.dead > known.matcher.live) {
    known.matcher = new Matcher()
    known.rows = 0
  }
  if (takesAll(looking, known)) known.version = version
}

/**
 * New rows, and the records of those that are in force. Who looks from outside while a tick is being made durable sees rows
 * whose records are not there yet: these are left to whoever comes next. False when there were such.
 */
function takesAll(looking: Looking, known: Held): boolean {
  const { world } = looking
  const { session, ended } = world.of(Subscription)
  for (let row = known.rows + 1; row <= world.rows(Subscription); row++) {
    if (ended[row] === 0) {
      const text = filterTextOf(looking, row)
      if (text === undefined) return false
      known.matcher.add(row, session[row]!, filterOf(text))
    }
    known.rows = row
  }
  return true
}
