import { crc32 } from 'node:zlib'
import type { Core } from '../tick.ts'
import type { WorldMark } from './journal.ts'

/** CRC-32 of every column, and of the few things a world holds besides columns. O(bytes of the world). */
export function markOf(core: Core): WorldMark {
  const mark: Record<string, number> = {}
  for (const { name, bytes } of core.world.bytes()) mark[name] = crc32(bytes)
  const shape = core.world.shape()
  mark['names'] = crc32(JSON.stringify(shape.names))
  mark['free'] = crc32(JSON.stringify([shape.free, shape.entities]))
  mark['keys'] = crc32(JSON.stringify(shape.slots))
  mark['engine'] = crc32(JSON.stringify({ ...core.state(), digest: '' }))
  return mark
}

/** The first column in which two marks differ, in the order of the first; undefined when they agree. */
export function firstDifference(recorded: WorldMark, computed: WorldMark): string | undefined {
  return Object.keys(recorded).find((name) => recorded[name] !== computed[name])
}

/** How many bytes of columns a mark has to read. */
export function worldBytes(core: Core): number {
  let total = 0
  for (const { bytes } of core.world.bytes()) total += bytes.byteLength
  return total
}
