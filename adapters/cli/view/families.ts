import type { View } from '../../../engine/flow/adapter.ts'
import { Deleted, Family, Memory } from '../../../systems/components.ts'
import { DiscordChannel } from '../../../systems/discord/columns.ts'
import { templateOf } from '../../../systems/memory/floods/template.ts'
import type { FamilyBrief } from '../../inspector/shapes.ts'

/** Families that are looked at, the newest: looking must not hold up the world. */
const lookedAtMax = 10_000

/** The largest families that are still remembered. O(families). */
export function familiesOf(view: View, limit: number): FamilyBrief[] {
  const { world } = view
  const family = world.of(Family)
  const { deleted } = world.of(Memory)
  const newest = world.rows(Family)
  const rows: number[] = []
  for (let row = newest; row >= Math.max(1, newest - lookedAtMax + 1); row--) {
    if (deleted[family.memory_id[row]!] === Deleted.none) rows.push(row)
  }
  rows.sort((a, b) => family.count[b]! - family.count[a]! || a - b)
  return rows.slice(0, limit).map((row) => ({
    family: row,
    memory_id: family.memory_id[row]!,
    template: templateOf(view, row),
    author: world.names.text(family.author[row]!),
    channel: family.channel[row] === 0 ? '' : world.keyOf(DiscordChannel, family.channel[row]!),
    count: family.count[row]!,
    first_at_ms: family.first_at_ms[row]!,
    last_at_ms: family.last_at_ms[row]!,
  }))
}
