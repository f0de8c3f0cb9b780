import { constants } from 'node:fs'
import { access, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../engine/errors.ts'
import { openForWriting, openJournal, openRecords } from './environment.ts'
import { damaged, examine } from './examine.ts'
import { orWhenMissing, storeError, syncFile, syncFolder } from './files.ts'
import { type Manifest, newManifest, readManifest, writeManifest } from './manifest.ts'

/** What was found or made: the manifest of a store that can be opened. */
export type Prepared = { readonly manifest: Manifest; readonly warnings: readonly string[] }

/** Less than LMDB's two head pages: no transaction can ever have been in such a file. */
const headBytes = 8192
const newMapBytes = 1 << 20

/** Where the records of a data directory rest. */
export function dataPath(folder: string): string {
  return join(folder, 'data.mdb')
}

/**
 * Brings a folder whose lock is held to where its store can be opened: checks the one that stands, or makes a new one.
 * @throws EngineError STORE_DAMAGED, STORE_PERMISSION, STORE_FULL, STORE_IO
 */
export async function prepareStore(folder: string, tables: readonly string[], preflight_ms: number): Promise<Prepared> {
  try {
    const manifest = await readManifest(folder)
    const found = await orWhenMissing(stat(dataPath(folder)), undefined)
    if (found !== undefined && !found.isFile()) throw damaged(dataPath(folder), 'it is not a file')
    if (manifest === undefined && (found === undefined || found.size < headBytes))
      return await createStore(folder, tables)
    return await checkStore(folder, manifest, found?.size, preflight_ms)
  } catch (thrown) {
    throw storeError(thrown, `the store in ${folder} cannot be used`)
  }
}

/** A crash while creating leaves a file that no manifest vouches for; it holds nothing, so it goes. */
async function createStore(folder: string, tables: readonly string[]): Promise<Prepared> {
  const warnings: string[] = []
  const names = await readdir(folder)
  if (names.some((name) => /^snapshot-\d+$/.test(name))) {
    throw damaged(folder, 'it holds snapshots, but data.mdb and manifest.json are missing')
  }
  const left = names.filter((name) => /^data\.mdb(\.new)?(-lock)?$/.test(name))
  for (const name of left) await rm(join(folder, name), { force: true, recursive: true })
  if (left.some((name) => !name.endsWith('-lock'))) {
    warnings.push(
      `an incomplete new store was found in ${folder}, left by a crash while it was created; it was removed and made anew`,
    )
  }
  const aside = join(folder, 'data.mdb.new')
  const environment = await openForWriting(aside, newMapBytes)
  openJournal(environment)
  for (const table of tables) openRecords(environment, table)
  await environment.close()
  await syncFile(aside)
  const { size } = await stat(aside)
  await rename(aside, dataPath(folder))
  await rm(`${aside}-lock`, { force: true })
  await syncFolder(folder)
  const manifest = newManifest(size)
  await writeManifest(folder, manifest)
  return { manifest, warnings }
}

async function checkStore(
  folder: string,
  manifest: Manifest | 'unreadable' | undefined,
  bytes: number | undefined,
  preflight_ms: number,
): Promise<Prepared> {
  const path = dataPath(folder)
  const known = manifest === 'unreadable' || manifest === undefined ? undefined : manifest
  if (bytes === undefined) throw damaged(path, 'it is missing, but the manifest says that there is a store')
  if (bytes === 0) throw damaged(path, 'it is empty, but the manifest says that there is a store')
  const bytes_min = Math.max(headBytes, known?.bytes_min ?? 0)
  if (bytes < bytes_min) throw damaged(path, `it is cut off: ${bytes} bytes of at least ${bytes_min}`)
  await access(path, constants.R_OK | constants.W_OK)
  const warnings: string[] = []
  const unread = await examine(path, preflight_ms)
  if (unread !== undefined) warnings.push(unread)
  if (known === undefined) {
    const state = manifest === undefined ? 'missing' : 'unreadable'
    warnings.push(`manifest.json was ${state} in ${folder}; the data file is sound, so the manifest was written anew`)
  }
  const current = { ...(known ?? newManifest(bytes)), bytes_min: bytes }
  if (bytes !== known?.bytes_min) await writeManifest(folder, current)
  return { manifest: current, warnings }
}

/** Notes how long the data file has become, so that a later cut is seen. On a full disk the older note stays, and stays true. */
export async function rememberSize(folder: string, manifest: Manifest): Promise<void> {
  const { size } = await stat(dataPath(folder))
  if (size < manifest.bytes_min) {
    throw new EngineError('STORE_GONE', `${dataPath(folder)} became shorter while it was open`, { value: size })
  }
  try {
    await writeManifest(folder, { ...manifest, bytes_min: size })
  } catch (thrown) {
    const failure = storeError(thrown, `${folder} cannot be written`)
    if (failure.code !== 'STORE_FULL') throw failure
  }
}
