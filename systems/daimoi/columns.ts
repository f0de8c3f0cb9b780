import { archetype } from '../../engine/world/archetype.ts'

/** Walkers that were sent together, and what they may spend. It dies when all of them are done and it has been told. */
export const Walk = archetype('Walk', {
  walk_id: 'f64', //        as the sender named it
  circuit: 'u8', //         see circuits in systems/daimoi/walkers.ts; 0 = none
  memories: 'u32', //       how many there were when it began, for the rarity of keys
  keys_max: 'u8', //        keys followed from a memory
  edges_max: 'u16', //      edges read of a key
  candidates_max: 'u16', // memories that all of its walkers may bring
  walkers: 'u8', //         that were sent
  hops: 'u16', //           made by all of them
})

/** A word that the walkers of a walk look for near mentions. */
export const WalkWord = archetype('WalkWord', {
  walk: 'u32',
  bit: 'u8', //             of a signature, from 0
  weight: 'f64', //         those of a walk add up to 1
})

/** One of the walkers: it makes a hop a tick, and dies when it has none left or nowhere to go. */
export const Walker = archetype('Walker', {
  walk: 'u32',
  at: 'u32', //             row in Memory
  strength: 'f64', //       1 for the one at the best seed
  hops_left: 'u8',
})

/** A memory that a walk has reached, by its best link. */
export const WalkLink = archetype('WalkLink', {
  walk: 'u32',
  memory_id: 'u32',
  from: 'u32', //           row in Memory
  edge: 'u32', //           of that memory, which was followed
  arrival: 'u32', //        edge by which it arrived
  value: 'f64',
})

/** The archetypes of daimoi. */
export const daimoiArchetypes = [Walk, WalkWord, Walker, WalkLink] as const
