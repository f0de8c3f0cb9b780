import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, fileMode, writeWhole } from '../../../stores/lmdb/files.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { BackupFile } from './manifest.ts'

const chunkBytes = 1 << 20

/**
 * Opens a regular file for reading. Somebody may have put a link out of the folder, a pipe or a device under its name: none of
 * them is followed or waited for.
 * @throws CliError 65 for anything but a regular file
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await opened(path)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw irregular(path)
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (thrown) {
    // A link is answered with ELOOP, a socket with ENXIO.
    if (codeOf(thrown) === 'ELOOP' || codeOf(thrown) === 'ENXIO') throw irregular(path)
    throw thrown
  }
}

function irregular(path: string): CliError {
  return new CliError(exitCodes.data, `${path} is not a regular file; nothing was copied`)
}

/**
 * Copies one file to a new private one, synced, and says what was copied: the checksum is of the very bytes that were written.
 * O(bytes), one chunk in memory.
 */
export async function copyFile(name: string, from: string, to: string): Promise<BackupFile> {
  const source = await openRegular(join(from, name))
  try {
    const target = await open(join(to, name), 'wx', fileMode)
    try {
      const copied = await walk(name, source, (chunk) => writeWhole(target, chunk))
      await target.sync()
      return copied
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Length and checksum of a file. O(bytes). */
export async function fileOf(name: string, folder: string): Promise<BackupFile> {
  const source = await openRegular(join(folder, name))
  try {
    return await walk(name, source, () => Promise.resolve())
  } finally {
    await source.close()
  }
}

type Readable = { read(into: Uint8Array, at: number, length: number): Promise<{ bytesRead: number }> }

async function walk(name: string, source: Readable, see: (chunk: Uint8Array) => Promise<void>): Promise<BackupFile> {
  const hash = createHash('sha256')
  const buffer = new Uint8Array(chunkBytes)
  for (let bytes = 0; ; ) {
    const { bytesRead } = await source.read(buffer, 0, chunkBytes)
    if (bytesRead === 0) return { name, bytes, sha256: hash.digest('hex') }
    const chunk = buffer.subarray(0, bytesRead)
    hash.update(chunk)
    await see(chunk)
    bytes += bytesRead
  }
}
