import type { View } from '../../../engine/flow/adapter.ts'
import type { Stamps } from '../../../engine/index.ts'
import type { World } from '../../../engine/world/world.ts'
import { Memory } from '../../../systems/components.ts'
import { MemoryRecall } from '../../../systems/events.ts'
import { gaugesOf } from '../../../systems/olympia/gauges.ts'

/**
 * What recall finds depends on which memories there are: how many, whose, how long, and how many of them are served. A recorded
 * recall counts in a fork only while these are the same. O(memories that are new since the last recall).
 */
export function memoryStamps(): Stamps {
  const known = new WeakMap<World, { rows: number; sum: number }>()
  const stamp = ({ world }: View): string => {
    const { source_high, source_low, text_bytes } = world.of(Memory)
    const at = known.get(world) ?? { rows: 0, sum: 0 }
    known.set(world, at)
    while (at.rows < world.rows(Memory)) {
      const row = ++at.rows
      at.sum =
        Math.imul(at.sum ^ source_high[row]!, 0x9e3779b1) ^ Math.imul(source_low[row]! ^ text_bytes[row]!, 0x85ebca6b)
    }
    const { memories, duplicates } = gaugesOf(world)
    return `${at.rows} ${at.sum} ${memories} ${duplicates}`
  }
  return { [MemoryRecall.name]: stamp }
}
