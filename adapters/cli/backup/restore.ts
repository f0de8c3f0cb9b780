import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../../stores/lmdb/files.ts'
import { layoutFormat } from '../../../stores/lmdb/manifest.ts'
import { CliError, exitCodes } from '../exit.ts'
import { standsAt, wholeFolder } from './aside.ts'
import { copyFile, fileOf } from './files.ts'
import { type BackupFile, type BackupManifest, readBackupManifest, refused } from './manifest.ts'

/**
 * Puts a backup in place as a data directory. Every file is checked before anything is written, and once more as it is copied;
 * the directory appears whole or not at all.
 * @throws CliError 65 for a backup that is damaged or of another format, and for a target that is not empty;
 * EngineError STORE_FULL, STORE_IO, STORE_PERMISSION
 */
export async function restoreTo(from: string, target: string): Promise<BackupManifest> {
  await refuseOccupied(target)
  const manifest = await readBackupManifest(from)
  if (manifest.layout > layoutFormat) {
    throw refused(from, `holds a record of layout ${manifest.layout} and this version knows up to ${layoutFormat}`)
  }
  for (const file of manifest.files) compare(from, file, await found(from, () => fileOf(file.name, from), file))
  return wholeFolder(target, async (folder) => {
    for (const file of manifest.files) {
      compare(from, file, await found(from, () => copyFile(file.name, from, folder), file))
    }
    return manifest
  })
}

async function refuseOccupied(target: string): Promise<void> {
  const stands = await standsAt(target)
  if (stands === 'nothing') return
  if (stands === 'a file')
    throw new CliError(exitCodes.data, `${target} is a file; name a folder that is not there yet`)
  const names = await readdir(target)
  if (names.length === 0) return
  const what = names.includes('data.mdb') ? 'holds a record' : 'is not empty'
  throw new CliError(exitCodes.data, `${target} ${what}; name a folder that is not there yet, nothing was restored`)
}

async function found(from: string, look: () => Promise<BackupFile>, file: BackupFile): Promise<BackupFile> {
  try {
    return await look()
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown
    throw refused(from, `is not whole: ${join(from, file.name)} is missing`)
  }
}

function compare(from: string, said: BackupFile, is: BackupFile): void {
  if (is.bytes !== said.bytes) {
    throw refused(from, `is damaged: ${said.name} has ${is.bytes} bytes of ${said.bytes}`)
  }
  if (is.sha256 !== said.sha256) throw refused(from, `is damaged: ${said.name} does not fit its checksum`)
}
