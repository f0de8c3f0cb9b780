import type { Engine } from '../../engine/index.ts'
import { hop, Links } from '../../systems/daimoi/walk.ts'
import { circuitWeights } from '../../systems/daimoi/weights.ts'
import { readQuery } from '../../systems/recall/query.ts'
import { settings } from '../../systems/recall/settings.ts'
import { conditionOf } from '../../systems/recall/spread.ts'
import { lanesOf } from '../../systems/recall.ts'
import { type Stats, statsFrom } from '../support.ts'

const { walkers_max, keys_max, edges_max, candidates_max, onward_max, secondHop } = settings
const budget = { keys_max, edges_max, candidates_max }

/** What so many walks cost, in microseconds, and how many memories one reaches on average. */
export type Walked = {
  /** In microseconds, one sample a walk. */
  readonly stats: Stats
  readonly reached: number
}

/**
 * The walk of a recall and nothing else: walkers from the best memories by words, conditioned on the query, then on from the
 * best of what they reach. Each query gives several walks, from other memories each.
 */
export function timeWalks({ world }: Engine, queries: readonly string[], walks: number): Walked {
  const { text } = lanesOf(world)
  const links = new Links(candidates_max)
  const samples: number[] = []
  const each = Math.ceil(walks / queries.length)
  let reached = 0
  for (const asked of queries) {
    const query = readQuery(world, text, asked)
    const condition = conditionOf(query, text.documents, circuitWeights(undefined))
    const { rows, count } = text.search(query.terms, walkers_max * each)
    for (let first = 0; first + walkers_max <= count && samples.length < walks; first += walkers_max) {
      const began = performance.now()
      links.clear()
      for (let at = first; at < first + walkers_max; at++) hop(world, rows[at]!, 1, condition, budget, links)
      for (const at of bestOf(links, onward_max)) {
        hop(world, links.row[at]!, secondHop * links.value[at]!, condition, budget, links)
      }
      samples.push((performance.now() - began) * 1000)
      reached += links.count
    }
  }
  return {
    stats: statsFrom(samples),
    reached: reached / samples.length,
  }
}

/** Places of the best links, best first. */
function bestOf({ count, value }: Links, most: number): number[] {
  const best: number[] = []
  for (let at = 0; at < count; at++) {
    let place = best.length
    while (place > 0 && value[best[place - 1]!]! < value[at]!) place--
    if (place >= most) continue
    best.splice(place, 0, at)
    if (best.length > most) best.pop()
  }
  return best
}
