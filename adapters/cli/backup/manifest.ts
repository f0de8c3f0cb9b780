import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { orWhenMissing, replaceFile } from '../../../stores/lmdb/files.ts'
import { CliError, exitCodes } from '../exit.ts'
import { openRegular } from './files.ts'

/** What a backup is called by, and which versions of it there have been. */
export const backupFormat = 'promethean-backup/1'
/** The file of a backup that names all others. */
export const manifestName = 'backup.json'

/** A file of a backup; the checksum is in hexadecimal. */
export type BackupFile = { readonly name: string; readonly bytes: number; readonly sha256: string }

/** What a backup says of itself. */
export type BackupManifest = {
  readonly format: string
  readonly made_at: string
  /** Version of the program that made it, and what that ran on. */
  readonly version: string
  readonly runtime: string
  /** Version of the layout of the data directory. */
  readonly layout: number
  readonly last_tick: number
  readonly journal_entries: number
  readonly records: number
  readonly snapshots: readonly number[]
  /** Sentences about what was damaged in the record already; empty for a sound one. */
  readonly damage: readonly string[]
  readonly files: readonly BackupFile[]
}

/** Which names a backup may hold: nothing in it can lead out of its folder. */
const fileName = /^(data\.mdb|manifest\.json|snapshot-\d{1,16})$/

/** Without these there is no record to restore. */
const needed = ['data.mdb', 'manifest.json']
/** A manifest names a few files; sentences about damage are counted and short. */
const bytesMax = 4_194_304

/** Writes the manifest, with its own checksum, durably. */
export async function writeBackupManifest(folder: string, manifest: BackupManifest): Promise<void> {
  const text = `${JSON.stringify({ backup: manifest, sha256: digestOf(manifest) }, null, 2)}\n`
  await replaceFile(join(folder, manifestName), [Buffer.from(text)])
}

/** Reads the manifest of a backup. @throws CliError 65 when there is none, or it is damaged, or of another format */
export async function readBackupManifest(folder: string): Promise<BackupManifest> {
  const text = await orWhenMissing(textOf(folder), undefined)
  if (text === undefined) throw refused(folder, `is no backup: it has no ${manifestName}`)
  const { backup, sha256 } = parsed(folder, text) as { backup?: Partial<BackupManifest> | null; sha256?: unknown }
  if (typeof backup !== 'object' || backup === null) throw refused(folder, `has a ${manifestName} that is none`)
  if (backup.format !== backupFormat) {
    const found = JSON.stringify(backup.format)?.slice(0, 60)
    throw refused(folder, `has the format ${found}; this version restores ${backupFormat}`)
  }
  if (sha256 !== digestOf(backup)) throw refused(folder, `is damaged: ${manifestName} does not fit its checksum`)
  if (!isWhole(backup)) throw refused(folder, `has a ${manifestName} that does not say what a backup says`)
  const whole = backup
  const stray = whole.files.find(({ name }) => !fileName.test(name))
  if (stray !== undefined) throw refused(folder, `names a file that no record has: ${JSON.stringify(stray.name)}`)
  return whole
}

async function textOf(folder: string): Promise<string> {
  const handle = await openRegular(join(folder, manifestName))
  try {
    const { size } = await handle.stat()
    if (size > bytesMax) throw refused(folder, `has a ${manifestName} of ${size} bytes; ${bytesMax} are the most`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** A checksum keeps accidents out, not somebody who makes one that fits: every field is looked at before it is used. */
function isWhole(backup: Partial<BackupManifest>): backup is BackupManifest {
  const { made_at, version, runtime, layout, last_tick, journal_entries, records, snapshots, damage, files } = backup
  const texts: readonly unknown[] = [made_at, version, runtime]
  const counts: readonly unknown[] = [layout, last_tick, journal_entries, records]
  if (!Array.isArray(snapshots) || !Array.isArray(damage) || !Array.isArray(files)) return false
  if (!texts.every(isText) || !damage.every(isText)) return false
  if (!counts.every(isCount) || !snapshots.every(isCount)) return false
  if (!files.every(isFile)) return false
  const names = new Set(files.map(({ name }) => name))
  return names.size === files.length && needed.every((name) => names.has(name))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isFile(value: unknown): value is BackupFile {
  if (typeof value !== 'object' || value === null) return false
  const { name, bytes, sha256 } = value as Record<string, unknown>
  return isText(name) && isCount(bytes) && isText(sha256)
}

/** The error for a backup that cannot be restored. */
export function refused(folder: string, why: string): CliError {
  return new CliError(exitCodes.data, `${folder} ${why}; nothing was restored`)
}

function digestOf(manifest: object): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
}

function parsed(folder: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw refused(folder, `is damaged: ${manifestName} is not JSON`)
    throw thrown
  }
}
