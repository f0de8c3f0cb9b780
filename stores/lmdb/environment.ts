import type { Database, Key, RootDatabase } from 'lmdb'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import { journalName } from '../keys.ts'
import { storeError } from './files.ts'

/** One LMDB environment: a file with named tables, of which the journal is one. */
export type Environment = RootDatabase<Uint8Array, Key>
/** A table of records under unsigned 32-bit keys. */
export type Records = Database<Uint8Array, number>
/** The journal, under ticks as `tickKey` writes them. */
export type Journal = Database<Uint8Array, Uint8Array>

/** The part of LMDB's statistics that is used here. */
type Statistics = { readonly entryCount: number; readonly lastPageNumber: number; readonly pageSize: number }

const tablesMax = 128
const mode = 0o600

/**
 * Opens the file for writing, creating it when it is missing.
 * Every commit is synced before it resolves: with overlapping syncs a failed sync is never reported.
 * @param map_bytes address space to reserve; it costs no disk, and more is taken when it is used up
 */
export function openForWriting(path: string, map_bytes: number): Promise<Environment> {
  return openWith(path, { mapSize: map_bytes, permissionsMode: mode })
}

/**
 * Opens the file for reading only; `mode` still matters because a lock file may be made.
 * @param map_bytes address space to reserve
 */
export function openForReading(path: string, map_bytes: number): Promise<Environment> {
  return openWith(path, { readOnly: true, mapSize: map_bytes, permissionsMode: mode })
}

async function openWith(
  path: string,
  options: { mapSize?: number; readOnly?: boolean; permissionsMode: number },
): Promise<Environment> {
  const { open } = await load()
  return open<Uint8Array, Key>(path, {
    noSubdir: true,
    maxDbs: tablesMax,
    eventTurnBatching: false,
    overlappingSync: false,
    ...options,
  })
}

/** The native module, loaded by the first who opens a file: importing a store costs nothing. */
async function load(): Promise<typeof import('lmdb')> {
  try {
    return await import('lmdb')
  } catch (thrown) {
    const reason = `the package 'lmdb' cannot be loaded here: ${reasonOf(thrown)}; use another store, or a platform it is built for`
    throw new EngineError('PACKAGE_MISSING', reason, { cause: thrown })
  }
}

/** Opens or creates a table of records. */
export function openRecords(environment: Environment, table: string): Records {
  return environment.openDB<Uint8Array, number>(table, { encoding: 'binary', keyEncoding: 'uint32' })
}

/** Opens or creates the journal. */
export function openJournal(environment: Environment): Journal {
  return environment.openDB<Uint8Array, Uint8Array>(journalName, { encoding: 'binary', keyEncoding: 'binary' })
}

/** Names of all tables in the environment, the journal among them. */
export function tableNames(environment: Environment): string[] {
  return [...environment.getKeys({ snapshot: false })].map(String)
}

/** How many entries a table holds, without counting them. */
export function entryCount(table: Records | Journal): number {
  return (table.getStats() as Statistics).entryCount
}

/** How long the file must be for every page that may be in use to exist, in bytes. */
export function pagesEnd(environment: Environment): number {
  const { lastPageNumber, pageSize } = environment.getStats() as Statistics
  return (lastPageNumber + 1) * pageSize
}

const low = 0x1_0000_0000

/** A tick as eight bytes whose order is the order of ticks, up to 2^53. */
export function tickKey(tick: number): Uint8Array {
  const key = Buffer.allocUnsafe(8)
  key.writeUInt32BE(Math.floor(tick / low), 0)
  key.writeUInt32BE(tick % low, 4)
  return key
}

/** The tick that `tickKey` wrote. */
export function keyTick(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return view.getUint32(0) * low + view.getUint32(4)
}

/** A copy that nobody else holds; LMDB lends its buffers only until the next read. */
export function ownCopy(lent: Uint8Array): Uint8Array {
  const copy = new Uint8Array(lent.length)
  copy.set(lent.subarray(0, lent.length))
  return copy
}

/** Opens the data file with its journal and its tables of records. @throws EngineError of the store */
export async function openEnvironment(
  path: string,
  tables: readonly string[],
  map_bytes: number,
): Promise<{ environment: Environment; journal: Journal; records: ReadonlyMap<string, Records> }> {
  let environment: Environment | undefined
  try {
    environment = await openForWriting(path, map_bytes)
    const opened = environment
    const records = new Map(tables.map((table) => [table, openRecords(opened, table)]))
    return { environment, journal: openJournal(environment), records }
  } catch (thrown) {
    // The close is not waited for: nothing was written, and the reason is what matters.
    environment?.close()
    throw storeError(thrown, `${path} cannot be opened`)
  }
}
