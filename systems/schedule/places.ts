import type { World } from '../../engine/world/world.ts'
import { laneName, laneRow } from '../agents/budget.ts'
import { Call, CallState, OpenCall, Running, Turn, TurnState } from '../agents/columns.ts'
import type { SchedulerPolicy } from '../agents/policy.ts'
import type { Waiting } from './waiting.ts'

/** Which lane the next turn goes to. */

/** Every so many turns, one goes to a lane that waits and has none under way, however busy the more urgent ones are. */
const trickle = 8

const working = new Set<number>()

/**
 * Counts the turns that are at work, by lane, into `counts`. A turn that waits for the operator's yes or for a model that
 * is down holds no place, or a few of them would stop all others. O(turns under way and their calls).
 */
export function countTurns(world: World, counts: Uint32Array): void {
  counts.fill(0)
  const running = world.each(Running)
  if (running.length === 0) return
  const { turn: turnOf } = world.of(Running)
  const { state, lane } = world.of(Turn)
  working.clear()
  const open = world.each(OpenCall)
  for (let index = 0; index < open.length; index++) {
    const entity = open[index]!
    const { call, turn } = world.of(OpenCall)
    if (world.of(Call).state[call[entity]!] !== CallState.asked) working.add(turn[entity]!)
  }
  for (let index = 0; index < running.length; index++) {
    const turn = turnOf[running[index]!]!
    if (state[turn] === TurnState.waiting) continue
    if (state[turn] === TurnState.calling && open.length > 0 && !working.has(turn)) continue
    counts[laneRow(world, lane[turn]!)]!++
  }
}

/** What is being asked: who waits, how many turns each lane has at work, and which lanes have spent their minute. */
export type Asked = { readonly waiting: Waiting; readonly counts: Uint32Array; readonly spent: Uint8Array }

/** The lane that gets the next turn, or 0: urgent lanes first, within what each must leave to the others. */
export function nextLane(world: World, policy: SchedulerPolicy, asked: Asked): number {
  const turns = world.rows(Turn) + 1
  if (turns % trickle === 0) {
    const first = (turns / trickle) % 2 === 0 ? 3 : 2
    const second = first === 3 ? 2 : 3
    if (asked.counts[first] === 0 && mayStart(policy, asked, first)) return first
    if (asked.counts[second] === 0 && mayStart(policy, asked, second)) return second
  }
  for (let lane = 1; lane <= 3; lane++) if (mayStart(policy, asked, lane)) return lane
  return 0
}

/**
 * A lane may always use its own places. They are free unless turns that had waited all went on at once, and then a few
 * turns too many are better than a person who waits for upkeep.
 */
function mayStart(policy: SchedulerPolicy, { waiting, counts, spent }: Asked, lane: number): boolean {
  if (waiting.lanes[lane]!.size === 0 || spent[lane] === 1) return false
  const most = policy.turns_in_flight_max
  let total = 0
  let owed = 0
  let own = 0
  let left = most - 1 // One place at least is everybody's, or a lane without places of its own would never get one.
  for (let each = 1; each <= 3; each++) {
    const reserved = Math.max(0, Math.min(left, policy.lanes[laneName(each)].reserved))
    left -= reserved
    total += counts[each]!
    if (each === lane) own = reserved
    else owed += Math.max(0, reserved - counts[each]!)
  }
  return counts[lane]! < own || total + owed < most
}
