import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Input, Overflow, Pool, Session, Slot } from './columns.ts'
import { markReady } from './ready.ts'

/**
 * The queues of all sessions, threaded through one pool of slots. Nothing is lost without being counted:
 * - `block` takes inputs beyond `queue_max`, up to twice as many. While any queue is beyond, `Pool.held` says by how many
 *   inputs all of them are, so that whoever has sources to slow down can see it. At the hard bound the oldest is dropped.
 * - `coalesce` lets an input take the place of one that waits and is the same, and drops the oldest when it is full.
 * - `drop_oldest` drops the oldest when it is full.
 * What is dropped is counted in `Session.dropped` and `Pool.dropped`, what coalesces in `Pool.coalesced`.
 */

/** 64-bit hash of what makes two inputs the same; neither half is 0. */
export type SameKey = { readonly high: number; readonly low: number }

/**
 * Puts an input (row in Input) behind the others of a session; `same` counts for a session that coalesces. O(1).
 * Where the pool has no room left at all, what the session holds longest makes room, or the input is dropped: counted both.
 */
export function enqueue(
  tick: Pick<Tick, 'world' | 'now_ms'>,
  session: number,
  input: number,
  same: SameKey = different,
): void {
  const { world, now_ms } = tick
  const sessions = world.of(Session)
  const coalesces = sessions.overflow[session] === Overflow.coalesce && same.high !== 0
  if (coalesces && takesPlace(world, session, input, same)) return
  const bound = boundOf(sessions.overflow[session]!, sessions.queue_max[session]!)
  while (sessions.queued[session]! >= bound) dropOldest(world, session)
  const slot = freeSlot(world, session)
  if (slot === 0) {
    countDropped(world, session)
    return
  }
  const slots = world.of(Slot)
  slots.input[slot] = input
  slots.session[slot] = session
  slots.next[slot] = 0
  slots.key_high[slot] = coalesces ? same.high : 0
  slots.key_low[slot] = coalesces ? same.low : 0
  if (coalesces) sameOf(world).set(nameOf(session, same.high, same.low), slot)
  const tail = sessions.queue_tail[session]!
  if (tail === 0) {
    sessions.queue_head[session] = slot
    sessions.ready_at_ms[session] = now_ms
  } else slots.next[tail] = slot
  sessions.queue_tail[session] = slot
  const pool = world.of(Pool)
  pool.used[1]!++
  pool.routed[1]!++
  pool.held[1]! -= heldOf(world, session)
  sessions.queued[session]!++
  pool.held[1]! += heldOf(world, session)
  markReady(world, session)
}

/** Takes the oldest input out of a session's queue: its row in Input, or 0 when none waits. O(1). */
export function dequeue(world: World, session: number): number {
  const sessions = world.of(Session)
  const slots = world.of(Slot)
  const pool = world.of(Pool)
  const slot = sessions.queue_head[session]!
  if (slot === 0) return 0
  const input = slots.input[slot]!
  const next = slots.next[slot]!
  if (slots.key_high[slot] !== 0) sameOf(world).delete(nameOf(session, slots.key_high[slot]!, slots.key_low[slot]!))
  pool.held[1]! -= heldOf(world, session)
  sessions.queued[session]!--
  pool.held[1]! += heldOf(world, session)
  sessions.queue_head[session] = next
  if (next === 0) sessions.queue_tail[session] = 0
  sessions.ready_at_ms[session] = next === 0 ? 0 : world.of(Input).at_ms[slots.input[next]!]!
  slots.input[slot] = 0
  slots.session[slot] = 0
  slots.key_high[slot] = 0
  slots.key_low[slot] = 0
  slots.next[slot] = pool.free[1]!
  pool.free[1] = slot
  pool.used[1]!--
  return input
}

/** Empties a session's queue at somebody's wish, which is no loss and not counted as one. Returns how many waited. O(these). */
export function clearQueue(world: World, session: number): number {
  let cleared = 0
  while (dequeue(world, session) !== 0) cleared++
  return cleared
}

/**
 * Takes an input out of all queues in which it waits, at somebody's wish, which is no loss and not counted as one.
 * @returns the sessions that had it, in the order of their slots; O(slots), and for each of these O(what waits there)
 */
export function takeOut(world: World, input: number): number[] {
  if (world.of(Pool).used[1] === 0) return []
  const slots = world.of(Slot)
  const sessions: number[] = []
  for (let slot = 1; slot <= world.rows(Slot); slot++) {
    if (slots.input[slot] === input && slots.session[slot] !== 0) sessions.push(slots.session[slot]!)
  }
  for (const session of sessions) unlink(world, session, input)
  return sessions
}

/** Whether an input waits in a session's queue. O(what waits there) */
export function isWaiting(world: World, session: number, input: number): boolean {
  const slots = world.of(Slot)
  for (let slot = world.of(Session).queue_head[session]!; slot !== 0; slot = slots.next[slot]!) {
    if (slots.input[slot] === input) return true
  }
  return false
}

/** Takes the first slot with an input out of a session's queue. */
function unlink(world: World, session: number, input: number): void {
  const { queue_head, queue_tail } = world.of(Session)
  const slots = world.of(Slot)
  let before = 0
  let slot = queue_head[session]!
  while (slot !== 0 && slots.input[slot] !== input) {
    before = slot
    slot = slots.next[slot]!
  }
  if (slot === 0) return
  if (before !== 0) {
    // It becomes the first, so that there is one way out of a queue.
    slots.next[before] = slots.next[slot]!
    if (queue_tail[session] === slot) queue_tail[session] = before
    slots.next[slot] = queue_head[session]!
    queue_head[session] = slot
  }
  const since_ms = world.of(Session).ready_at_ms[session]!
  dequeue(world, session)
  if (before !== 0) world.of(Session).ready_at_ms[session] = since_ms
}

/** Gives a queue its bound and what it does there. A queue that is already longer shrinks when the next input comes. O(1). */
export function boundQueue(world: World, session: number, queue_max: number, overflow: number): void {
  const sessions = world.of(Session)
  const pool = world.of(Pool)
  pool.held[1]! -= heldOf(world, session)
  sessions.queue_max[session] = Math.max(1, queue_max)
  sessions.overflow[session] = overflow
  pool.held[1]! += heldOf(world, session)
}

const different: SameKey = { high: 0, low: 0 }

function boundOf(overflow: number, queue_max: number): number {
  const most = Math.max(1, queue_max)
  return overflow === Overflow.block ? most * 2 : most
}

/** By how many inputs a queue that blocks is beyond what it should hold. */
function heldOf(world: World, session: number): number {
  const { overflow, queued, queue_max } = world.of(Session)
  if (overflow[session] !== Overflow.block) return 0
  return Math.max(0, queued[session]! - queue_max[session]!)
}

function dropOldest(world: World, session: number): void {
  dequeue(world, session)
  countDropped(world, session)
}

function countDropped(world: World, session: number): void {
  world.of(Session).dropped[session]!++
  world.of(Pool).dropped[1]!++
}

/** A slot out of the list of free ones, else a new row, else the one that the session's oldest input had; 0 when it had none. */
function freeSlot(world: World, session: number): number {
  const pool = world.of(Pool)
  if (pool.free[1] === 0) {
    if (world.room(Slot) > 0) return world.append(Slot)
    if (world.of(Session).queue_head[session] === 0) return 0
    dropOldest(world, session)
  }
  const slot = pool.free[1]!
  pool.free[1] = world.of(Slot).next[slot]!
  return slot
}

/** Whether an input that is the same waits: it keeps its place, and this one is what will be read there. */
function takesPlace(world: World, session: number, input: number, { high, low }: SameKey): boolean {
  const slot = sameOf(world).get(nameOf(session, high, low))
  if (slot === undefined) return false
  world.of(Slot).input[slot] = input
  world.of(Pool).coalesced[1]!++
  return true
}

/** The slots that have a key, by session and key: a projection of the columns of Slot, made anew for a world not met before. */
const sames = new WeakMap<World, Map<string, number>>()

function sameOf(world: World): Map<string, number> {
  const known = sames.get(world)
  if (known !== undefined) return known
  const made = new Map<string, number>()
  const { input, session, key_high, key_low } = world.of(Slot)
  for (let slot = 1; slot <= world.rows(Slot); slot++) {
    if (input[slot] === 0 || key_high[slot] === 0) continue
    made.set(nameOf(session[slot]!, key_high[slot]!, key_low[slot]!), slot)
  }
  sames.set(world, made)
  return made
}

function nameOf(session: number, high: number, low: number): string {
  return `${session} ${high} ${low}`
}
