import { setImmediate as breathe } from 'node:timers/promises'
import type { View } from '../../../engine/flow/adapter.ts'
import { File, Memory } from '../../../systems/components.ts'
import { metaOf } from './memory.ts'

/** Rows between two pauses: a long look must not hold up the world. */
export const rowsAtOnce = 4096

/**
 * The row of a memory, by its number, by the path of a note, or by the event's own id (`id:12` where that is a number
 * too). The newest memory of that id; 0 when there is none. An id is found by looking through the metadata.
 */
export async function findMemory(view: View, word: string): Promise<number> {
  const { world } = view
  const rows = world.rows(Memory)
  // A number is never taken for an event's id: an order about it cannot be taken back.
  if (/^\d{1,10}$/.test(word)) return Number(word) >= 1 && Number(word) <= rows ? documentOf(view, Number(word)) : 0
  const id = word.startsWith('id:') ? word.slice(3) : word
  const file = world.find(File, id)
  if (file !== 0 && world.of(File).memory_id[file] !== 0) return world.of(File).memory_id[file]!
  const needle = JSON.stringify(id)
  for (let row = rows; row >= 1; row--) {
    if (row % rowsAtOnce === 0) await breathe()
    if (world.of(Memory).parent[row] !== 0) continue
    if (view.read('meta', row)?.includes(needle) === true && metaOf(view, row).id === id) return row
  }
  return 0
}

function documentOf({ world }: View, row: number): number {
  return world.of(Memory).parent[row]! || row
}
