import { setImmediate as nextTurn } from 'node:timers/promises'
import type { View } from '../../../engine/flow/adapter.ts'
import { Memory } from '../../../systems/components.ts'
import { textOf } from '../../../systems/memory/text-of.ts'
import { memoryOf, stateOf } from '../desk/memory.ts'

/** A memory that only one of two worlds has. */
export type MemoryBrief = {
  readonly memory_id: number
  readonly kind: string
  readonly id: string
  readonly state: string
  readonly text: string
}

/** A memory that both worlds have, and what differs: how it stands, or what it says. */
export type MemoryChange = { readonly recorded: MemoryBrief; readonly fork: MemoryBrief }

export type MemoryDifferences = {
  readonly recorded: number
  readonly fork: number
  readonly only_recorded: readonly MemoryBrief[]
  readonly only_recorded_count: number
  readonly only_fork: readonly MemoryBrief[]
  readonly only_fork_count: number
  readonly changed: readonly MemoryChange[]
  readonly changed_count: number
}

const toldMax = 1_000
const textUnitsMax = 2_000
const rowsAtOnce = 4_096

/**
 * How the memories of two worlds differ that were one until row `common`. Later ones are the same when they have the same identity,
 * or the same kind and words. Chunks go with their documents. O(memories), and the texts of those that came later.
 */
export async function memoryDifferences(recorded: View, fork: View, common: number): Promise<MemoryDifferences> {
  const changed: MemoryChange[] = []
  let changed_count = 0
  const compare = (a: number, b: number, texts: boolean): void => {
    const same = stateOf(recorded, a) === stateOf(fork, b) && (!texts || textOf(recorded, a) === textOf(fork, b))
    if (same) return
    if (++changed_count <= toldMax) changed.push({ recorded: briefOf(recorded, a), fork: briefOf(fork, b) })
  }
  const documents = recorded.world.of(Memory)
  for (let row = 1; row <= common; row++) {
    if (documents.parent[row] === 0) compare(row, row, false)
    if (row % rowsAtOnce === 0) await nextTurn()
  }
  const [ours, theirs] = [await laterRows(recorded, common), await laterRows(fork, common)]
  for (const key of [identityOf, wordsOf]) {
    const left = byKey(recorded, ours, key)
    for (const row of [...theirs]) {
      const found = left.get(key(fork, row))?.shift()
      if (found === undefined) continue
      ours.delete(found)
      theirs.delete(row)
      compare(found, row, true)
    }
  }
  return {
    recorded: countOf(recorded),
    fork: countOf(fork),
    ...{ only_recorded: briefs(recorded, ours), only_recorded_count: ours.size },
    ...{ only_fork: briefs(fork, theirs), only_fork_count: theirs.size },
    ...{ changed, changed_count },
  }
}

async function laterRows({ world }: View, common: number): Promise<Set<number>> {
  const { parent } = world.of(Memory)
  const rows = new Set<number>()
  for (let row = common + 1; row <= world.rows(Memory); row++) {
    if (parent[row] === 0) rows.add(row)
    if (row % rowsAtOnce === 0) await nextTurn()
  }
  return rows
}

function byKey(view: View, rows: ReadonlySet<number>, key: (view: View, row: number) => string): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const row of rows) {
    const same = found.get(key(view, row))
    if (same === undefined) found.set(key(view, row), [row])
    else same.push(row)
  }
  return found
}

function identityOf({ world }: View, row: number): string {
  const { source_high, source_low } = world.of(Memory)
  return `${source_high[row]} ${source_low[row]}`
}

function wordsOf(view: View, row: number): string {
  return `${view.world.of(Memory).kind[row]} ${textOf(view, row)}`
}

function countOf({ world }: View): number {
  const { parent } = world.of(Memory)
  let count = 0
  for (let row = 1; row <= world.rows(Memory); row++) if (parent[row] === 0) count++
  return count
}

function briefs(view: View, rows: ReadonlySet<number>): MemoryBrief[] {
  return [...rows].slice(0, toldMax).map((row) => briefOf(view, row))
}

function briefOf(view: View, row: number): MemoryBrief {
  const { memory_id = row, kind = '', id = '', state = '', text = '' } = memoryOf(view, row) ?? {}
  return { memory_id, kind, id, state, text: text.slice(0, textUnitsMax).toWellFormed() }
}
