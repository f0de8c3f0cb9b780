import type { Archetype } from './archetype.ts'
import { allocate, type ColumnArray, enlarge } from './columns.ts'
import { SortedIds } from './ids.ts'
import { Names } from './names.ts'
import { PairIndex } from './pairs.ts'

/** Smaller tables are grown at one go: that takes less than a millisecond. */
const aheadFrom = 16_384

/**
 * The columns of one archetype or table. They hold twice as much when they are full; those of a large table are replaced one a tick
 * before that, because copying all of a million rows in one tick takes a tenth of a second.
 */
export class Slot {
  readonly archetype: Archetype
  /** One object for ever: growing replaces its arrays, so code that reads `columns.name[id]` is never stale. */
  readonly columns: Record<string, ColumnArray>
  readonly component: object = {}
  readonly ids: SortedIds = new SortedIds()
  readonly keys: Names = new Names()
  readonly pairs: PairIndex = new PairIndex()
  rows: number
  /** Every column has room for ids up to this. */
  capacity: number
  readonly #names: readonly string[]
  /** Columns that have room for more already, from the first on. */
  #ahead = 0

  constructor(archetype: Archetype) {
    this.archetype = archetype
    this.columns = allocate(archetype.schema, archetype.capacity)
    this.rows = archetype.rows_min
    this.capacity = archetype.capacity
    this.#names = Object.keys(archetype.schema)
  }

  /** Whether it is time to grow ahead. Only tables: of entities the length of columns is in a snapshot. O(1) */
  get crowded(): boolean {
    const { archetype, capacity, rows } = this
    return archetype.kind === 'row' && capacity >= aheadFrom && rows > capacity * 0.875 && capacity < archetype.rows_max
  }

  /** Makes room for ids up to `last`, and as many again. O(bytes) */
  grow(last: number): void {
    let capacity = this.capacity
    while (capacity < last) capacity *= 2
    this.#reach(Math.max(last, Math.min(capacity, this.archetype.rows_max)), this.#names.length)
  }

  /** Replaces one more column by a longer one. O(bytes of it) */
  growAhead(): void {
    this.#reach(Math.min(this.capacity * 2, this.archetype.rows_max), this.#ahead + 1)
  }

  #reach(capacity: number, columns: number): void {
    for (const name of this.#names.slice(0, columns)) {
      if (this.columns[name]!.length <= capacity) enlarge(this.columns, this.archetype.schema, name, capacity)
    }
    this.pairs.watch(this.columns)
    this.#ahead = columns
    if (columns < this.#names.length) return
    this.capacity = capacity
    this.#ahead = 0
  }
}
