import type { World } from '../engine/world/world.ts'

/**
 * Rows of memories whose words have been removed since the indexes beside the world last looked. Nothing that decides reads it, and no snapshot
 * holds it: an index that is made anew finds no words there.
 */
const ofWorld = new WeakMap<World, Set<number>>()

/** Notes that a memory has no words any more. */
export function noteErased(world: World, row: number): void {
  const known = ofWorld.get(world)
  if (known === undefined) ofWorld.set(world, new Set([row]))
  else known.add(row)
}

/** What was noted since the last time, in the order in which it was. */
export function takeErased(world: World): readonly number[] {
  const known = ofWorld.get(world)
  if (known === undefined) return none
  ofWorld.delete(world)
  return [...known]
}

const none: readonly number[] = []
