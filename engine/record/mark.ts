import { crc32 } from 'node:zlib'
import type { Core } from '../tick.ts'
import type { WorldMark } from './journal.ts'

/** CRC-32 of every column, and of the few things a world holds besides columns. O(bytes of the world). */
export function markOf(core: Core): WorldMark {
  return new Marker().mark(core)
}

/**
 * Marks one world again and again. Rows of `fixed` tables stay as they are, so only those that came since are read;
 * a row that was changed all the same shows as a difference in replay, which reads all.
 */
export class Marker {
  readonly #fixed = new Map<string, { bytes: number; sum: number }>()

  /** Begins with sums that are known for the columns as they stand. */
  know(core: Core, sums: ReadonlyMap<string, number>): void {
    for (const { name, bytes, fixed } of core.world.bytes()) {
      const sum = sums.get(name)
      if (fixed && sum !== undefined) this.#fixed.set(name, { bytes: bytes.byteLength, sum })
    }
  }

  mark(core: Core): WorldMark {
    const mark: Record<string, number> = {}
    for (const { name, bytes, fixed } of core.world.bytes()) mark[name] = fixed ? this.#sum(name, bytes) : crc32(bytes)
    const shape = core.world.shape()
    mark['names'] = crc32(JSON.stringify(shape.names))
    mark['free'] = crc32(JSON.stringify([shape.free, shape.entities]))
    mark['keys'] = crc32(JSON.stringify(shape.slots))
    mark['engine'] = crc32(JSON.stringify({ ...core.state(), digest: '' }))
    return mark
  }

  #sum(name: string, bytes: Uint8Array): number {
    const known = this.#fixed.get(name) ?? { bytes: 0, sum: 0 }
    const sum = crc32(bytes.subarray(known.bytes), known.sum)
    this.#fixed.set(name, { bytes: bytes.byteLength, sum })
    return sum
  }
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
