import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { fileMode, writeWhole } from '../../../stores/lmdb/files.ts'
import type { BackupFile } from './manifest.ts'

const chunkBytes = 1 << 20

/**
 * Copies one file to a new private one, synced, and says what was copied: the checksum is of the very bytes that were written.
 * O(bytes), one chunk in memory.
 */
export async function copyFile(name: string, from: string, to: string): Promise<BackupFile> {
  const source = await open(join(from, name), 'r')
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
  const source = await open(join(folder, name), 'r')
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
