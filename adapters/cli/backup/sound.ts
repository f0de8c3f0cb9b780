import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../../engine/errors.ts'
import { isWhole, recordName } from '../../../engine/record/frame.ts'
import { chain, decodeEntry } from '../../../engine/record/journal.ts'
import { decodeSnapshot } from '../../../engine/record/snapshot.ts'
import { journalName } from '../../../stores/keys.ts'
import { dataPath } from '../../../stores/lmdb/create.ts'
import {
  entryCount,
  type Journal,
  openForReading,
  openJournal,
  openRecords,
  type Records,
  tableNames,
} from '../../../stores/lmdb/environment.ts'
import { journalEntries, newestTick, recordKeys } from '../../../stores/lmdb/pages.ts'

/** What was counted in a copied record, and a sentence for everything in it that does not fit its checksum. */
export type Soundness = {
  readonly last_tick: number
  readonly journal_entries: number
  readonly records: number
  readonly damage: readonly string[]
}

const namedMax = 20

/** Reads every journal entry, record and snapshot of a copied record against its checksum. O(bytes). */
export async function soundness(folder: string, snapshots: readonly number[]): Promise<Soundness> {
  const path = dataPath(folder)
  const environment = await openForReading(path, 2 * statSync(path).size)
  try {
    // Opening a table ends the read transaction: all are opened before the first is walked through.
    const journal = openJournal(environment)
    const names = tableNames(environment).filter((name) => name !== journalName)
    const tables = names.map((name) => ({ name, records: openRecords(environment, name) }))
    const damage = journalDamage(journal)
    for (const table of tables) damage.push(...tableDamage(table))
    for (const tick of snapshots) damage.push(...(await snapshotDamage(folder, tick)))
    const records = tables.reduce((sum, table) => sum + entryCount(table.records), 0)
    return { last_tick: newestTick(journal), journal_entries: entryCount(journal), records, damage }
  } finally {
    await environment.close()
  }
}

/** The first entry that is not whole or does not follow on the one before it; what comes after it is not judged. */
function journalDamage(journal: Journal): string[] {
  let digest: string | undefined
  for (const { tick, bytes } of journalEntries(journal, 1, Number.MAX_SAFE_INTEGER)) {
    try {
      const { head, batchText } = decodeEntry(bytes, tick)
      // Where the past was dropped, the first entry follows on what is gone: it is taken at its word, which its checksum keeps.
      const begins = digest === undefined && tick > 1
      digest = begins ? head.digest : chain(digest ?? '0'.repeat(32), tick, batchText, head.outputs)
      if (digest !== head.digest) return [`journal: entry ${tick} does not follow on the one before it`]
    } catch (thrown) {
      if (thrown instanceof EngineError) return [`journal: ${thrown.message}`]
      throw thrown
    }
  }
  return []
}

function tableDamage({ name, records }: { name: string; records: Records }): string[] {
  const bad: number[] = []
  for (const key of recordKeys(records)) {
    const framed = records.get(key)
    if (framed === undefined || !isWhole(framed, recordName(name, key))) bad.push(key)
  }
  if (bad.length === 0) return []
  const more = bad.length > namedMax ? ' and more' : ''
  return [`table ${name}: ${bad.length} damaged: ${bad.slice(0, namedMax).join(', ')}${more}`]
}

async function snapshotDamage(folder: string, tick: number): Promise<string[]> {
  try {
    decodeSnapshot(new Uint8Array(await readFile(join(folder, `snapshot-${tick}`))))
    return []
  } catch (thrown) {
    if (thrown instanceof EngineError) return [`snapshot ${tick}: ${thrown.message}`]
    throw thrown
  }
}
