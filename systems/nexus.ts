import { system } from '../engine/system.ts'
import type { World } from '../engine/world/world.ts'
import { Edge, Gauge, Key, Memory, MentionField } from './components.ts'
import { type Minted, mintedOf } from './minted.ts'

/** Who shares what: each mention of a new memory becomes an edge to its key. O(1) an edge, nothing is searched. */
export const nexus = system('nexus', ({ world }) => {
  const minted = mintedOf(world)
  for (let n = 0; n < minted.count; n++) link(world, minted, n)
})

function link(world: World, minted: Minted, n: number): void {
  const memory_id = minted.first + n
  const from = minted.mentionStart[n]!
  const to = minted.mentionStart[n + 1]!
  if (from === to) return
  const memory = world.of(Memory)
  const at_ms = memory.happened_at_ms[memory_id]!
  let row = world.append(Edge, to - from)
  memory.first_edge[memory_id] = row
  memory.edges[memory_id] = to - from
  const edge = world.of(Edge)
  const keys = world.of(Key)
  for (let at = from; at < to; at++, row++) {
    const key = minted.key[at]!
    edge.memory_id[row] = memory_id
    edge.key[row] = key
    edge.older[row] = keys.newest_edge[key]!
    edge.signature[row] = minted.signature[at]!
    edge.word[row] = minted.word[at]!
    edge.field[row] = minted.field[at]!
    edge.times[row] = minted.times[at]!
    keys.newest_edge[key] = row
    if (minted.field[at] === MentionField.title) keys.title_edge[key] = row
    keys.degree[key]!++
    if (minted.field[at] !== MentionField.opening) keys.named[key]!++
    if (at_ms > keys.last_at_ms[key]!) keys.last_at_ms[key] = at_ms
  }
  world.of(Gauge).edges[1]! += to - from
}
