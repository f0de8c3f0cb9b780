import {
  closeSync,
  constants,
  existsSync,
  fsync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { promisify } from 'node:util'
import { EffectFailure } from '../../engine/flow/adapter.ts'

/** Where things really are: the notes folder itself, and a note's folder held open while the note is handled. */

/** Linux names every open file, so a folder can be held and checked; elsewhere its path is resolved again. */
const byDescriptor = process.platform === 'linux' && existsSync('/proc/self/fd')

/** The notes folder: its resolved path, and which folder on which device that was when it was last seen in place. */
export type Root = { readonly path: string; dev: number; ino: number }

/** Resolves the notes folder. @throws Error that says what to do, when there is no such folder */
export function openRoot(path: string): Root {
  let real: string
  let stat: Stats
  try {
    real = realpathSync(path)
    stat = lstatSync(real)
  } catch (thrown) {
    throw new Error(`the notes folder ${path} cannot be opened: create it, or name another one as root`, {
      cause: thrown,
    })
  }
  if (!stat.isDirectory()) throw new Error(`the notes folder ${path} is not a folder: name a folder as root`)
  return { path: real, dev: stat.dev, ino: stat.ino }
}

/** True while the folder is where it was, and is the same one. */
export async function rootInPlace(root: Root): Promise<boolean> {
  const stat = await rootStatus(root)
  return stat !== undefined && stat.dev === root.dev && stat.ino === root.ino
}

/**
 * True when the folder is in place, or another one has taken its place; that one is the root from now on. Only a folder
 * in which something lies is taken, because the empty mount point of an unmounted folder must not look like a folder
 * that somebody emptied.
 */
export async function takeRoot(root: Root): Promise<boolean> {
  if (await rootInPlace(root)) return true
  const stat = await rootStatus(root)
  if (stat === undefined || (await readdir(root.path)).length === 0) return false
  root.dev = stat.dev
  root.ino = stat.ino
  return true
}

async function rootStatus(root: Root): Promise<Stats | undefined> {
  try {
    const stat = await lstat(root.path)
    return stat.isDirectory() ? stat : undefined
  } catch {
    // Whatever keeps the folder from being looked at, it cannot tell which notes are gone.
    return undefined
  }
}

/** A folder below the root that is held while one of its notes is handled. */
export type Folder = {
  /** Put before a name, it reaches that name in this very folder, wherever the folder's path leads by now. */
  readonly prefix: string
  /** Where the folder must be for its notes to count as inside. */
  readonly expected: string
  /** Undefined where a folder cannot be opened (Windows). */
  readonly descriptor: number | undefined
}

/** Waits until the disk has what was written through a descriptor; the only part of a write that is worth a thread. */
export const sync: (descriptor: number) => Promise<void> = promisify(fsync)

/**
 * Opens the folder of a note, following nothing out of the root. Notes are small and mostly in the page cache, where a
 * synchronous call takes a tenth of the time that handing it to a thread would.
 * @throws EffectFailure OUTSIDE; system errors
 */
export function openFolder(root: Root, path: string): Folder {
  const expected = path === '' ? root.path : join(root.path, path)
  if (process.platform === 'win32') {
    const folder = { prefix: expected + sep, expected, descriptor: undefined }
    checkFolder(folder)
    return folder
  }
  const descriptor = openSync(expected, constants.O_RDONLY | constants.O_DIRECTORY)
  const prefix = byDescriptor ? `/proc/self/fd/${descriptor}/` : expected + sep
  const folder = { prefix, expected, descriptor }
  try {
    checkFolder(folder)
  } catch (thrown) {
    closeSync(descriptor)
    throw thrown
  }
  return folder
}

/** Lets go of a folder. */
export function closeFolder({ descriptor }: Folder): void {
  if (descriptor !== undefined) closeSync(descriptor)
}

/** Makes the names in a folder durable. */
export async function syncFolder({ descriptor }: Folder): Promise<void> {
  if (descriptor !== undefined) await sync(descriptor)
}

/**
 * Refuses a folder that is reached through a link or was moved meanwhile. Synchronous, so that a caller can act at once
 * on the answer. @throws EffectFailure OUTSIDE or GONE
 */
export function checkFolder(folder: Folder): void {
  const real =
    byDescriptor && folder.descriptor !== undefined
      ? readlinkSync(`/proc/self/fd/${folder.descriptor}`)
      : realpathSync(folder.expected)
  if (real === folder.expected) return
  if (real === `${folder.expected} (deleted)`) throw new EffectFailure('GONE', 'the folder of the note was removed')
  throw new EffectFailure('OUTSIDE', 'the folder of the note is reached through a link, or was moved')
}
