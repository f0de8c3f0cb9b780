import { statfsSync, statSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EngineError, reasonOf } from '../../../engine/errors.ts'
import { runtimeName, version } from '../../../engine/version.ts'
import { dataPath } from '../../../stores/lmdb/create.ts'
import { openForReading } from '../../../stores/lmdb/environment.ts'
import { examine } from '../../../stores/lmdb/examine.ts'
import { codeOf, storeError, syncFile } from '../../../stores/lmdb/files.ts'
import { layoutFormat, newManifest, readManifest, writeManifest } from '../../../stores/lmdb/manifest.ts'
import { defaults } from '../../../stores/lmdb/options.ts'
import { CliError, exitCodes } from '../exit.ts'
import { wholeFolder } from './aside.ts'
import { copyFile, fileOf } from './files.ts'
import { type BackupFile, type BackupManifest, backupFormat, writeBackupManifest } from './manifest.ts'
import { soundness } from './sound.ts'

const triesMax = 5
const examineMs = 60_000
const spareBytes = 1 << 20

/**
 * Copies a record to a new folder, whether or not a daemon writes it meanwhile: LMDB's copy is of one moment between two commits,
 * which is between two ticks, and holds up nobody. Indexes stay behind, since they can be made anew, and so do locks, sockets
 * and the inspector's token. Pages that LMDB has freed are not copied, so what was forgotten is not in it.
 * @throws EngineError STORE_DAMAGED, STORE_FULL, STORE_IO; CliError 65 when the record changes faster than it can be copied
 */
export async function backUp(data: string, target: string): Promise<BackupManifest> {
  await examine(dataPath(data), examineMs)
  assertRoom(data, target)
  return wholeFolder(target, async (folder) => {
    const snapshots = await copyRecord(data, folder)
    const { last_tick, journal_entries, records, damage } = await soundness(folder, ticksOf(snapshots))
    await rm(`${dataPath(folder)}-lock`, { force: true })
    await keepManifest(data, folder)
    const manifest: BackupManifest = {
      format: backupFormat,
      made_at: new Date().toISOString(),
      version,
      runtime: `${runtimeName} ${process.platform} ${process.arch}`,
      layout: layoutFormat,
      last_tick,
      journal_entries,
      records,
      snapshots: ticksOf(snapshots),
      damage,
      files: [await fileOf('data.mdb', folder), await fileOf('manifest.json', folder), ...snapshots],
    }
    await writeBackupManifest(folder, manifest)
    return manifest
  })
}

/**
 * Snapshots first: the journal that is copied after them leads on from each. Where the past was dropped in between, the journal
 * may begin after them, so it is done again.
 */
async function copyRecord(data: string, folder: string): Promise<BackupFile[]> {
  for (let tries = 0; tries < triesMax; tries++) {
    const before = await snapshotNames(data)
    const copied = await copySnapshots(before, data, folder)
    if (copied !== undefined) {
      await copyData(data, folder)
      const after = await snapshotNames(data)
      const kept = copied.filter(({ name }) => after.includes(name))
      const goesOn = before.length === 0 ? after.length === 0 : after.includes(before[0]!)
      if (goesOn) {
        for (const { name } of copied) if (!after.includes(name)) await rm(join(folder, name))
        return kept
      }
    }
    for (const name of [...before, 'data.mdb', 'data.mdb-lock']) await rm(join(folder, name), { force: true })
  }
  throw new CliError(exitCodes.data, `the record in ${data} changed faster than it could be copied; try again`)
}

/** Undefined when one of them was replaced by a newer one before it could be opened. */
async function copySnapshots(
  names: readonly string[],
  data: string,
  folder: string,
): Promise<BackupFile[] | undefined> {
  const copied: BackupFile[] = []
  for (const name of names) {
    try {
      copied.push(await copyFile(name, data, folder))
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return undefined
      throw thrown
    }
  }
  return copied
}

async function copyData(data: string, folder: string): Promise<void> {
  // As much address space as the daemon reserves, so that the file may grow meanwhile.
  const map_bytes = Math.max(defaults.map_bytes, 2 * statSync(dataPath(data)).size)
  const environment = await openForReading(dataPath(data), map_bytes)
  try {
    await environment.backup(dataPath(folder), true)
    await syncFile(dataPath(folder))
  } catch (thrown) {
    // LMDB says "input/output error" for a full disk as well, so the free space decides.
    if (roomAt(folder) < spareBytes) throw full(folder, thrown)
    throw storeError(thrown, `${dataPath(data)} cannot be copied`)
  } finally {
    await environment.close()
  }
}

/** The copy is shorter than the original, so its manifest says how long it is. */
async function keepManifest(data: string, folder: string): Promise<void> {
  const { size } = await stat(dataPath(folder))
  const found = await readManifest(data)
  const manifest = found === undefined || found === 'unreadable' ? newManifest(size) : found
  await writeManifest(folder, { ...manifest, bytes_min: size })
}

/** Names of the snapshots in a data directory, newest first. */
async function snapshotNames(data: string): Promise<string[]> {
  const names = (await readdir(data)).filter((name) => /^snapshot-\d{1,16}$/.test(name))
  return names.sort((a, b) => tickOf(b) - tickOf(a))
}

function tickOf(name: string): number {
  return Number(name.slice('snapshot-'.length))
}

function ticksOf(files: readonly BackupFile[]): number[] {
  return files.map(({ name }) => tickOf(name))
}

function assertRoom(data: string, target: string): void {
  const bytes = statSync(dataPath(data)).size
  if (roomAt(dirname(target)) < bytes + spareBytes) throw full(dirname(target), bytes)
}

/** Free bytes of a file system; infinite where it does not say. */
function roomAt(folder: string): number {
  const { blocks, bavail, bsize } = statfsSync(folder)
  return blocks > 0 ? bavail * bsize : Number.POSITIVE_INFINITY
}

function full(folder: string, cause: unknown): EngineError {
  const why = typeof cause === 'number' ? `${cause} bytes are needed` : reasonOf(cause)
  return new EngineError('STORE_FULL', `no space is left in ${folder} for the backup: ${why}`, { cause })
}
