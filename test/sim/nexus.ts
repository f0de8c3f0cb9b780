import type { World } from '../../engine/world/world.ts'
import { Deleted, Edge, Gauge, Key, Memory } from '../../systems/components.ts'
import type { Court } from './violation.ts'

/** Holds what is counted and threaded through the nexus against the edges themselves. O(edges + keys) */
export function auditNexus(court: Court, world: World): void {
  const { degree, newest_edge } = world.of(Key)
  const { key, older, memory_id } = world.of(Edge)
  const { deleted } = world.of(Memory)
  const [keys, edges] = [world.rows(Key), world.rows(Edge)]
  const counted = new Uint32Array(keys + 1)
  const newest = new Uint32Array(keys + 1)
  /** Mentions by what is forgotten: where nobody else mentioned a key, it began to count anew. */
  const forgotten = new Uint32Array(keys + 1)
  for (let row = 1; row <= edges; row++) {
    const of = key[row]!
    court.holds(older[row] === newest[of], 'nexus', () => `edge ${row} comes after ${older[row]}, not ${newest[of]}`)
    counted[of]!++
    if (deleted[memory_id[row]!] === Deleted.forgotten) forgotten[of]!++
    newest[of] = row
  }
  for (let row = 1; row <= keys; row++) {
    court.holds(
      degree[row]! <= counted[row]! && degree[row]! >= counted[row]! - forgotten[row]!,
      'nexus',
      () => `key ${row} has ${counted[row]} edges and says ${degree[row]}`,
    )
    court.holds(newest_edge[row] === newest[row], 'nexus', () => `the newest edge of key ${row} is ${newest[row]}`)
  }
  const gauge = world.of(Gauge)
  court.holds(gauge.edges[1] === edges, 'gauges', () => `edges says ${gauge.edges[1]}, there are ${edges}`)
  court.holds(gauge.keys[1] === keys, 'gauges', () => `keys says ${gauge.keys[1]}, there are ${keys}`)
}
