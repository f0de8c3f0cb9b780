import { outboxTable, type Parts } from '../tick.ts'
import { frameText, recordName, recordText } from './frame.ts'
import { readRecord } from './recover.ts'
import { encodeSnapshot, type Snapshot } from './snapshot.ts'
import type { Commit, Put, Store } from './store.ts'

/** Where a fork's records rest: what it reads, and what its ticks put. */
export type ForkStore = {
  /** A record's text, or undefined. @throws EngineError RECORD_DAMAGED */
  read(table: string, id: number): string | undefined
  commit(commit: Commit): Promise<void>
}

/** The record that is forked, as it was when the fork begins. */
export type PastStore = Pick<Store, 'read' | 'keys' | 'journal'>

const putsAtOnce = 1_000

/** Memory over a record that is only read. */
export function scratchOver(store: PastStore): ForkStore {
  const own = new Map<string, Map<number, Uint8Array | undefined>>()
  return {
    read(table, id) {
      const records = own.get(table)
      if (records?.has(id) !== true) return readRecord(store, table, id)
      const framed = records.get(id)
      return framed === undefined ? undefined : recordText(framed, table, id)
    },
    async commit({ puts }) {
      for (const { table, key, bytes } of puts) {
        const records = own.get(table) ?? new Map<number, Uint8Array | undefined>()
        // The memory under the bytes is used again by the next tick.
        records.set(key, bytes === null ? undefined : bytes.slice())
        own.set(table, records)
      }
    },
  }
}

/**
 * An empty store becomes a record that begins with a copy of the world: its snapshot, the journal's entry that the snapshot holds
 * last, every record, and the requests of what is open. O(records).
 */
export async function copiedInto(
  into: Store,
  store: PastStore,
  { snapshot, parts, open }: { snapshot: Snapshot; parts: Parts; open: ReadonlyMap<number, string> },
): Promise<ForkStore> {
  const { journal_tick, state } = snapshot.head
  let puts: Put[] = []
  const flush = async (entry: Uint8Array | null): Promise<void> => {
    await into.commit({ tick: journal_tick, entry, puts })
    puts = []
  }
  const copy = async (table: string, key: number, bytes: Uint8Array | undefined): Promise<void> => {
    if (bytes !== undefined && puts.push({ table, key, bytes }) === putsAtOnce) await flush(null)
  }
  for (const table of parts.records)
    for (const key of [...store.keys(table)]) await copy(table, key, store.read(table, key))
  for (const [id, text] of open) await copy(outboxTable, id, frameText(text, recordName(outboxTable, id)))
  let newest: Uint8Array | null = null
  for (const { bytes } of store.journal(journal_tick, journal_tick)) newest = bytes
  await flush(newest)
  await into.saveSnapshot(state.tick, encodeSnapshot(snapshot))
  return { read: (table, id) => readRecord(into, table, id), commit: (commit) => into.commit(commit) }
}
