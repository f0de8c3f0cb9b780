import { Effect } from '../../engine/flow/effect.ts'
import type { World } from '../../engine/world/world.ts'
import { laneRow } from '../agents/budget.ts'
import { Lane, Turn } from '../agents/columns.ts'

/** Which questions to the model go first when not all can. */

/** By how long a question of a lane is older than it is: a less urgent one goes first once it has waited so much longer. */
const headStart_ms: readonly number[] = [0, 60_000, 45_000, 0]
/** Of so many places one goes to the oldest question, whoever asks it. */
const placesForOldest = 4

/** The lane of a question: that of the turn that asks it; whoever else asks, a sentinel say, can wait. */
export function laneOf(world: World, entity: number): number {
  const { owner, effect_id } = world.of(Effect)
  const turn = owner[entity]!
  // An owner may be any row or entity; it is this turn only if the turn waits for this very effect.
  const asks = turn > 0 && turn <= world.rows(Turn) && world.of(Turn).effect_id[turn] === effect_id[entity]
  return asks ? laneRow(world, world.of(Turn).lane[turn]!) : Lane.maintenance
}

/**
 * Takes the questions that go now out of those that wait, of which there are more than places.
 *
 * The more urgent lane goes first, with a head start and not for ever: each question is older than all that come a minute
 * after it. And while fewer than a quarter of the places are held by questions that are not urgent, the oldest of all goes.
 * @param waiting entities in the order in which they were asked for; what goes is taken out
 * @param lesser how many questions of other lanes than the interactive one are out
 */
export function urgent(
  world: World,
  waiting: number[],
  limit: { readonly places: number; readonly most: number; readonly lesser: number },
): number[] {
  const going: number[] = []
  const quarter = Math.floor(limit.most / placesForOldest)
  let { lesser } = limit
  while (going.length < limit.places && waiting.length > 0) {
    const at = lesser < quarter ? 0 : mostUrgent(world, waiting)
    const [entity = 0] = waiting.splice(at, 1)
    if (laneOf(world, entity) !== Lane.interactive) lesser++
    going.push(entity)
  }
  return going
}

/** O(those that wait). */
function mostUrgent(world: World, waiting: readonly number[]): number {
  const { requested_at_ms } = world.of(Effect)
  let best = 0
  let earliest = Number.POSITIVE_INFINITY
  for (let at = 0; at < waiting.length; at++) {
    const entity = waiting[at]!
    const claim = requested_at_ms[entity]! - headStart_ms[laneOf(world, entity)]!
    if (claim >= earliest) continue
    best = at
    earliest = claim
  }
  return best
}
