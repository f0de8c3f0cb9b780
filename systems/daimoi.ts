import { system } from '../engine/system.ts'
import { Walk } from './daimoi/columns.ts'
import { advance, spawnWalk } from './daimoi/walkers.ts'
import { DaimoiSent, DaimoiWalked } from './events.ts'

/**
 * The mind's own walks: walkers set out from seeds and make one hop a tick along what memories share, within a budget in
 * counts, until each has spent its hops or finds nowhere new. All that a walk is stands in columns, so it goes on after
 * a restart. O(walkers * keys_max * edges_max) in ticks with a walk under way.
 */
export const daimoi = system('daimoi', ({ world, events, emit }) => {
  if (world.each(Walk).length > 0) for (const walked of advance(world)) emit(DaimoiWalked, walked)
  for (const event of events) {
    if (!DaimoiSent.is(event) || spawnWalk(world, event.payload)) continue
    const spent = { walkers: 0, hops: 0, candidates: 0 }
    emit(DaimoiWalked, { walk_id: event.payload.walk_id, visited: [], spent })
  }
})
