import { assert } from '../errors.ts'
import type { Schema } from './columns.ts'

/** A stateless definition of columns; each world allocates its own from it. */
export type Archetype<S extends Schema = Schema> = {
  readonly name: string
  /** Counts the definitions of this process: by it a world finds its own columns at once. Means nothing elsewhere. */
  readonly serial: number
  readonly schema: S
  /** `entity`: comes and goes, ids are recycled. `row`: only appends, the row number is the id for ever. */
  readonly kind: 'entity' | 'row'
  /** Rows to allocate at first. A table doubles when three quarters full. */
  readonly capacity: number
  /** Hard limit of rows; there back-pressure begins. */
  readonly rows_max: number
  /** Rows that exist from the beginning. */
  readonly rows_min: number
  /** Rows are never changed after the tick that appended them. */
  readonly fixed: boolean
}

const column = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
const reserved = new Set(['data', 'component'])

/** Defines entities that come and go (sessions, jobs, sentinels). Column units go last in the name: `retry_at_ms`. */
export function archetype<const S extends Schema>(name: string, schema: S): Archetype<S> {
  return define(name, schema, { kind: 'entity', capacity: 64, rows_max: 1_000_000, rows_min: 0, fixed: false })
}

/**
 * Defines rows that only append (memories, keys, edges). Row ids start at 1; 0 means none.
 * @param options `fixed: true` promises that no row is changed after the tick that appended it: a snapshot then keeps
 * what stands instead of copying it, and a row changed later would be saved half-old.
 */
export function table<const S extends Schema>(
  name: string,
  schema: S,
  options: { capacity?: number; rows_max?: number; fixed?: boolean } = {},
): Archetype<S> {
  const { capacity = 1024, rows_max = 4_000_000, fixed = false } = options
  return define(name, schema, { kind: 'row', capacity: Math.min(capacity, rows_max), rows_max, rows_min: 0, fixed })
}

/** Defines a table of exactly one row, number 1, which every new world has: running counts and the like. */
export function singleton<const S extends Schema>(name: string, schema: S): Archetype<S> {
  return define(name, schema, { kind: 'row', capacity: 1, rows_max: 1, rows_min: 1, fixed: false })
}

function define<const S extends Schema>(
  name: string,
  schema: S,
  bounds: Pick<Archetype, 'kind' | 'capacity' | 'rows_max' | 'rows_min' | 'fixed'>,
): Archetype<S> {
  for (const key of Object.keys(schema)) {
    assert(
      column.test(key) && !reserved.has(key),
      'COLUMN_NAME',
      `${name}.${key} must be snake_case and not reserved`,
      key,
    )
  }
  return Object.freeze({ name, serial: serial++, schema: Object.freeze(schema), ...bounds })
}

let serial = 0

/** `states('queued', 'running')` is `{ queued: 0, running: 1 }` with literal keys: the values of a status column. */
export function states<const N extends readonly string[]>(...names: N): { readonly [K in N[number]]: number } {
  const byName = {} as Record<N[number], number>
  names.forEach((name, index) => {
    byName[name as N[number]] = index
  })
  return Object.freeze(byName)
}
