import { system, type Tick } from '../engine/system.ts'
import type { World } from '../engine/world/world.ts'
import { laneRow, policyOf, spentByLane } from './agents/budget.ts'
import { LaneBudget, Session } from './agents/columns.ts'
import { forgetWoken, wokenSessions } from './agents/ready.ts'
import { Policy } from './components.ts'
import { consider } from './schedule/consider.ts'
import { countTurns, nextLane } from './schedule/places.ts'
import { giveTurn, roomForTurn } from './schedule/turns.ts'
import { nobodyWaits, type Waiting, waitingOf } from './schedule/waiting.ts'

/**
 * Gives sessions fair turns within their budgets. O(sessions that something happened to, and turns given), each times
 * log(sessions that wait); a tick in which nobody waits looks at the turns under way and no more.
 */
export const schedule = system('schedule', (tick) => {
  const { world } = tick
  let waiting = known.get(world)
  if (waiting === undefined) {
    waiting = waitingOf(world)
    known.set(world, waiting)
  }
  const policy = world.rows(Policy)
  if (policy > 0 && world.of(Policy).set_tick[policy] === tick.tick) waiting = considerAll(tick)
  considerWoken(tick, waiting)
  considerDue(tick, waiting)
  giveTurns(tick, waiting)
})

/** A projection of columns: made anew for a world that was not met before. */
const known = new WeakMap<World, Waiting>()
const counts = new Uint32Array(4)
const spent = new Uint8Array(4)
const inOrder: number[] = []

/** Another policy: lanes, weights, budgets and intervals may all be different. O(sessions). */
function considerAll(tick: Tick): Waiting {
  const { world } = tick
  const waiting = nobodyWaits()
  known.set(world, waiting)
  for (let session = 1; session <= world.rows(Session); session++) consider(tick, waiting, session)
  return waiting
}

/** In the order of their rows, which a restored world knows too. */
function considerWoken(tick: Tick, waiting: Waiting): void {
  const woken = wokenSessions(tick.world)
  if (woken.length === 0) return
  inOrder.length = 0
  for (const session of woken) inOrder.push(session)
  inOrder.sort((a, b) => a - b)
  for (const session of inOrder) consider(tick, waiting, session)
  forgetWoken(tick.world)
}

/** Those whose time has come: of a turn of their own accord, or of being blocked no longer. */
function considerDue(tick: Tick, waiting: Waiting): void {
  const { timers } = waiting
  while (timers.topKey <= tick.now_ms) {
    const session = timers.top
    timers.remove(session)
    consider(tick, waiting, session)
  }
}

function giveTurns(tick: Tick, waiting: Waiting): void {
  const { world } = tick
  const { lanes } = waiting
  const ready = lanes[1]!.size + lanes[2]!.size + lanes[3]!.size
  if (world.rows(LaneBudget) === 0 && ready === 0) return
  countTurns(world, counts)
  if (ready > 0) {
    const { scheduler } = policyOf(tick)
    for (let lane = 1; lane <= 3; lane++) spent[lane] = spentByLane(tick, lane) === undefined ? 0 : 1
    const asked = { waiting, counts, spent }
    for (;;) {
      if (!roomForTurn(world)) break
      const lane = nextLane(world, scheduler, asked)
      if (lane === 0) break
      if (!giveTurn(tick, waiting, lane)) continue
      counts[lane]!++
      spent[lane] = spentByLane(tick, lane) === undefined ? 0 : 1
    }
  }
  const { ready: readyOf, running } = world.of(LaneBudget)
  for (let lane = 1; lane <= 3; lane++) {
    readyOf[laneRow(world, lane)] = lanes[lane]!.size
    running[laneRow(world, lane)] = counts[lane]!
  }
}
