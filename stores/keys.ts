import { assert } from '../engine/errors.ts'
import type { Put } from '../engine/record/store.ts'

/** The largest key of a record: keys are unsigned 32-bit integers and 0 means none. */
export const keyMax = 0xffff_ffff

/** The name no record table may have: the journal rests beside the records. */
export const journalName = 'journal'

/** Refuses a record key that a store cannot hold; a silent wrap would overwrite another record. */
export function assertKey(table: string, key: number): void {
  assert(
    Number.isInteger(key) && key >= 1 && key <= keyMax,
    'STORE_KEY',
    `the key ${key} of table ${table} is not an integer from 1 to ${keyMax}`,
    key,
  )
}

/** Refuses a put that would fail half-way through a commit. */
export function assertPut({ table, key, bytes }: Put): void {
  assertKey(table, key)
  assert(bytes === null || ArrayBuffer.isView(bytes), 'STORE_KEY', `record ${key} of table ${table} is not bytes`, key)
}

/** Refuses a tick that a store cannot order exactly. */
export function assertTick(tick: number): void {
  assert(
    Number.isSafeInteger(tick) && tick >= 0,
    'STORE_KEY',
    `the tick ${tick} is not an integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
    tick,
  )
}

/** Refuses table names that would not be safe as names of files, databases or collections. */
export function assertTables(tables: readonly string[]): void {
  for (const table of tables) {
    assert(
      /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(table) && table !== journalName,
      'STORE_KEY',
      `${JSON.stringify(table)} cannot name a table: use a letter, then letters, digits, "_", "." or "-", and not "${journalName}"`,
      table,
    )
  }
}
