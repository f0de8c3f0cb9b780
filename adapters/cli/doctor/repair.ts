import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { assert } from '../../../engine/errors.ts'
import type { Store } from '../../../engine/record/store.ts'
import { dataPath } from '../../../stores/lmdb/create.ts'
import { syncFile, syncFolder } from '../../../stores/lmdb/files.ts'
import { lmdb } from '../../../stores/lmdb.ts'
import { standsAt, wholeFolder } from '../backup/aside.ts'
import { copyFile } from '../backup/files.ts'
import { type BadEntry, firstBadEntry } from './journal.ts'

/** Where the copy is repaired: inside the data directory, so that a rename can put it in place, and whoever holds its lock owns it. */
const workName = 'repair'

/** What a repair has done: how many entries it cut off, and where the original lies. */
export type Repaired = { readonly lost: number; readonly kept: string }

/**
 * Cuts the journal of a record off before a bad entry. The original is copied aside as a whole; a second copy is cut and checked, and takes the
 * place of the data file by a rename: a kill leaves the damaged record or the repaired one, and the next try begins anew.
 * O(bytes of the record), twice that on the disk.
 * @param store open, so that nobody else writes the record, after `clearRepair`; it has to be opened again to see the repaired one
 * @throws EngineError STORE_FULL, STORE_IO, JOURNAL_DAMAGED where the cut copy is still not sound
 */
export async function repairRecord(
  store: Store,
  data: string,
  bad: BadEntry,
  tables: readonly string[],
): Promise<Repaired> {
  const work = join(data, workName)
  const kept = await keepOriginal(data, bad.tick)
  await mkdir(work)
  await copyFile('data.mdb', data, work)
  await copyFile('manifest.json', data, work)
  const lost = await cut(work, bad.tick, tables)
  // Snapshots of later ticks go first: a world that the journal does not lead to must not be begun from.
  for (const tick of store.snapshots().filter((at) => at >= bad.tick)) await rm(join(data, `snapshot-${tick}`))
  await syncFolder(data)
  await rename(dataPath(work), dataPath(data))
  await syncFolder(data)
  await rm(work, { recursive: true })
  return { lost, kept }
}

/** Removes what a repair left behind that was killed. */
export async function clearRepair(data: string): Promise<void> {
  await rm(join(data, workName), { recursive: true, force: true })
}

/** A copy of the data directory beside it; an earlier one of the same name stays what it is. */
async function keepOriginal(data: string, tick: number): Promise<string> {
  const plain = `${data}.before-repair-${tick}`
  let kept = plain
  for (let again = 2; (await standsAt(kept)) !== 'nothing'; again++) kept = `${plain}-${again}`
  const passed = (path: string): boolean => !/(lock|\.sock)$/.test(path) && basename(path) !== workName
  return wholeFolder(kept, async (folder) => {
    await cp(data, folder, { recursive: true, filter: (path) => path === data || passed(path) })
    await syncFile(dataPath(folder))
    return kept
  })
}

/** @returns how many entries were cut off */
async function cut(work: string, tick: number, tables: readonly string[]): Promise<number> {
  const copy = lmdb(work)
  await copy.open(tables)
  try {
    const before = copy.journalCount()
    await copy.truncateJournal(tick)
    const left = firstBadEntry(copy)
    assert(left === undefined, 'JOURNAL_DAMAGED', `the repaired copy is still damaged: ${left?.reason}`, left?.tick)
    return before - copy.journalCount()
  } finally {
    await copy.close()
    await syncFile(dataPath(work))
  }
}
