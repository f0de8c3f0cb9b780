import { Memory } from '../components.ts'
import { dateFit } from './calendar.ts'
import type { Scene } from './direct.ts'
import type { Demand } from './query.ts'

/**
 * How sure it is that memory answers a query, 0 to 1: the share of what it demands (its words by rarity, named things doubly,
 * a date) that the best hit covers, and that the best two cover together; the mean of both,
 * because a question over two hops needs two.
 */
export function confidenceOf(scene: Scene, ranked: readonly number[]): number {
  const { query, settings } = scene
  let full = 0
  for (const { weight } of query.demands) full += weight
  if (full === 0 || ranked.length === 0) return 0
  const covers = ranked.slice(0, settings.sure_max).map((slot) => coverOf(scene, slot))
  let one = 0
  let two = 0
  covers.forEach((cover, at) => {
    one = Math.max(
      one,
      cover.reduce((sum, value) => sum + value, 0),
    )
    for (let other = 0; other <= at && at < covers.length; other++) {
      two = Math.max(
        two,
        cover.reduce((sum, value, index) => sum + Math.max(value, covers[other]![index]!), 0),
      )
    }
  })
  return (one + two) / 2 / full
}

function coverOf(scene: Scene, slot: number): number[] {
  const { world, pool, query } = scene
  const row = pool.rows[slot]!
  const memory = world.of(Memory)
  const near = [memory.previous[row]!, memory.next[row]!]
  return query.demands.map((demand) => demand.weight * covers(scene, demand, slot, near))
}

function covers(scene: Scene, { date, author, term }: Demand, slot: number, near: readonly number[]): number {
  const { world, pool, query, settings } = scene
  const memory = world.of(Memory)
  const row = pool.rows[slot]!
  if (date) return dateFit(query.date!, memory.happened_at_ms[row]!, settings.date_days) > 0 ? 1 : 0
  // Who is spoken to counts like who speaks.
  if (author !== 0) return [row, ...near].some((each) => each !== 0 && memory.author[each] === author) ? 1 : 0
  return pool.word(slot, term) > 0 ? 1 : 0
}
