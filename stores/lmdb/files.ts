import { constants } from 'node:fs'
import { access, chmod, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EngineError, reasonOf } from '../../engine/errors.ts'

/** Only the owner may enter the folder or read its files, whatever the umask says. */
export const folderMode = 0o700
export const fileMode = 0o600

/** The code of an error of the operating system, or an empty string. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}

/** Runs `work`, and says what `ENOENT` means here instead of throwing it. */
export async function orWhenMissing<T, M>(work: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await work
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return missing
    throw thrown
  }
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const permissionCodes = new Set(['EACCES', 'EPERM', 'EROFS'])

/** Turns an error of the file system into the error a store promises. */
export function storeError(thrown: unknown, what: string): EngineError {
  if (thrown instanceof EngineError) return thrown
  const code = codeOf(thrown)
  const options = { value: code, cause: thrown }
  if (fullCodes.has(code)) return new EngineError('STORE_FULL', `${what}: no space is left`, options)
  if (permissionCodes.has(code)) return new EngineError('STORE_PERMISSION', `${what}: ${reasonOf(thrown)}`, options)
  if (code === 'ENOENT') return new EngineError('STORE_GONE', `${what}: ${reasonOf(thrown)}`, options)
  return new EngineError('STORE_IO', `${what}: ${reasonOf(thrown)}`, options)
}

/**
 * Makes the folder, or checks that this user may write the one that stands.
 * @returns warnings about a folder that others can enter or own
 * @throws EngineError STORE_PERMISSION, STORE_IO
 */
export async function prepareFolder(folder: string): Promise<string[]> {
  try {
    const made = await mkdir(folder, { recursive: true, mode: folderMode })
    if (made !== undefined) {
      await chmod(folder, folderMode)
      await syncFolder(dirname(folder))
      return []
    }
    return await checkFolder(folder)
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST' || codeOf(thrown) === 'ENOTDIR') {
      throw new EngineError('STORE_PERMISSION', `${folder} is not a folder; name another data directory`, {
        value: folder,
      })
    }
    // Making a folder on a read-only disk is answered with "no such file".
    if (codeOf(thrown) === 'ENOENT') {
      throw new EngineError('STORE_PERMISSION', `${folder} cannot be made: ${reasonOf(thrown)}`, { value: folder })
    }
    throw storeError(thrown, `the data directory ${folder} cannot be used`)
  }
}

async function checkFolder(folder: string): Promise<string[]> {
  const found = await stat(folder)
  const user = process.geteuid?.()
  const foreign = user !== undefined && found.uid !== user
  if (foreign && user !== 0) {
    const message = `${folder} belongs to user ${found.uid} and this process runs as ${user}; change the owner or run as that user`
    throw new EngineError('STORE_PERMISSION', message, { value: folder })
  }
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  const warnings: string[] = []
  if (foreign) warnings.push(`${folder} belongs to user ${found.uid}, but root is writing to it`)
  if ((found.mode & 0o077) !== 0 && process.platform !== 'win32') {
    warnings.push(`${folder} can be entered by other users; \`chmod 700\` would keep its records private`)
  }
  return warnings
}

/** Creates an empty private file unless it exists; one that exists is not even opened. */
export async function createPrivateFile(path: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', fileMode)
    await handle.close()
    await chmod(path, fileMode)
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown
  }
}

/** Writes a whole buffer: one write may take less than it was given. */
export async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0
  while (at < bytes.byteLength) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.byteLength - at)
    at += bytesWritten
  }
}

/**
 * Replaces a file so that, whenever the power fails, either the old or the new one is there.
 * The chunks are written one by one, and each is asked for when the one before has been written.
 */
export async function replaceFile(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const aside = `${path}.part`
  try {
    const handle = await open(aside, 'w', fileMode)
    try {
      await handle.chmod(fileMode)
      for (const chunk of chunks) await writeWhole(handle, chunk)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(aside, path)
    await syncFolder(dirname(path))
  } catch (thrown) {
    await rm(aside, { force: true })
    throw thrown
  }
}

/** Makes renames and removals in a folder durable; Windows does that by itself and cannot be asked. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(join(folder, '.'), 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Syncs a file that something else has written. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
