import type { World } from '../../engine/world/world.ts'
import { LaneBudget, Session } from '../agents/columns.ts'

/**
 * Fair queueing within a lane. A turn costs a session `1 / weight` of virtual time. A session that begins to wait stands at
 * the lane's virtual time or where its last turn ended, whichever is later; the next turn goes to the one whose turn would
 * end first. Virtual time moves on with the turns that are given and, so that waiting counts too, by one for each
 * `ageing_ms` of world time: whoever has waited that long stands a whole turn of weight 1 before those who come now.
 * Since time moves for all alike, the order of those who wait never changes, and a heap can hold it.
 */

/** The virtual time of a lane (row in LaneBudget). */
export function virtualTime(world: World, lane: number, now_ms: number, ageing_ms: number): number {
  return world.of(LaneBudget).virtual[lane]! + (ageing_ms > 0 ? now_ms / ageing_ms : 0)
}

/**
 * A session begins to wait. It is never further ahead of its lane than its last turn cost, whatever the policy made of
 * lanes, weights and ageing since. Where it has waited before, it keeps its place.
 */
export function enter(world: World, session: number, virtual: number, waited: boolean): void {
  const { finish } = world.of(Session)
  const start = waited ? finish[session]! : Math.max(finish[session]!, virtual)
  finish[session] = Math.min(start, virtual + costOf(world, session))
}

/** What the sessions of a lane are ordered by: when its turn would end, in virtual time. */
export function claimOf(world: World, session: number): number {
  return world.of(Session).finish[session]! + costOf(world, session)
}

/** A session gets its turn: its lane's virtual time comes to where the turn begins, the session's to where it ends. */
export function serve(world: World, session: number, lane: number, virtual: number): void {
  const { finish } = world.of(Session)
  const ahead = finish[session]! - virtual
  if (ahead > 0) world.of(LaneBudget).virtual[lane]! += ahead
  finish[session]! += costOf(world, session)
}

function costOf(world: World, session: number): number {
  const weight = world.of(Session).weight[session]!
  return weight > 0 ? 1 / weight : 1
}
