import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { FsReadDone } from '../../systems/events.ts'
import { failureOf } from './failure.ts'
import { checkFolder, closeFolder, type Folder, openFolder, type Root } from './folder.ts'
import { checkPath, splitPath } from './paths.ts'

/** Reads a note without following a link, waiting on a pipe or trusting a size. */

const attemptsMax = 3

/** A note that is open, with the bytes it had while its size and times stood still. */
export type OpenNote = {
  readonly descriptor: number
  readonly stat: Stats
  readonly bytes: Buffer
  /** SHA-256 of the bytes, in hex. */
  readonly hash: string
}

/**
 * Reads a note: its bytes as text (a byte order mark stays), their hash, and the status of the very file that was read.
 * @throws EffectFailure GONE, NOT_REGULAR, OUTSIDE, TOO_LARGE, NOT_UTF8, PERMISSION, BUSY or IO
 */
export async function readNote(root: Root, path: string, bytesMax: number): Promise<FsReadDone> {
  checkPath(path)
  const { folder: folderPath, name } = splitPath(path)
  try {
    const folder = openFolder(root, folderPath)
    try {
      const note = openNote(folder, name, bytesMax)
      closeSync(note.descriptor)
      return {
        path,
        size_bytes: note.stat.size,
        modified_ms: note.stat.mtimeMs,
        changed_ms: note.stat.ctimeMs,
        hash: note.hash,
        text: note.bytes.toString('utf8'),
        links: note.stat.nlink,
      }
    } finally {
      closeFolder(folder)
    }
  } catch (thrown) {
    throw failureOf(thrown, path)
  }
}

/** Opens a note in a folder that is held, and reads it. The caller closes the file. @throws as `readNote` does */
export function openNote(folder: Folder, name: string, bytesMax: number): OpenNote {
  const at = folder.prefix + name
  // Opening a device can already act on it, so what is not a regular file is refused by its name first.
  checkRegular(lstatSync(at), bytesMax)
  const descriptor = openSync(at, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  try {
    checkFolder(folder)
    const { bytes, stat } = readStill(descriptor, bytesMax)
    if (!isUtf8(bytes)) {
      throw new EffectFailure('NOT_UTF8', `the file is not UTF-8 text: byte ${invalidByteAt(bytes)} is invalid`)
    }
    return { descriptor, stat, bytes, hash: hash('sha256', bytes) }
  } catch (thrown) {
    closeSync(descriptor)
    throw thrown
  }
}

function checkRegular(stat: Stats, bytesMax: number): void {
  if (!stat.isFile()) throw new EffectFailure('NOT_REGULAR', `the path is ${kindOf(stat)}, not a regular file`)
  if (stat.size > bytesMax) {
    throw new EffectFailure('TOO_LARGE', `the file has ${stat.size} bytes; at most ${bytesMax} are read`)
  }
}

/** What a path is when it is not a regular file, as a phrase. */
export function kindOf(stat: Stats): string {
  if (stat.isSymbolicLink()) return 'a symbolic link'
  if (stat.isDirectory()) return 'a folder'
  if (stat.isFIFO()) return 'a pipe'
  if (stat.isSocket()) return 'a socket'
  return 'a device'
}

function readStill(descriptor: number, bytesMax: number): { bytes: Buffer; stat: Stats } {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const before = fstatSync(descriptor)
    checkRegular(before, bytesMax)
    const bytes = readUpTo(descriptor, before.size + 1)
    const after = fstatSync(descriptor)
    if (bytes.length === after.size && sameStatus(before, after)) return { bytes, stat: after }
  }
  throw new EffectFailure('BUSY', 'the file is being written', { transient: true })
}

function readUpTo(descriptor: number, bytesMax: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytesMax)
  let length = 0
  while (length < bytesMax) {
    const bytesRead = readSync(descriptor, buffer, length, bytesMax - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}

/** True when two looks at one path saw the same file with the same size and times. */
export function sameStatus(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs
}

/** Where the first byte is that is not UTF-8; the length when there is none. */
export function invalidByteAt(bytes: Buffer): number {
  const text = bytes.toString('utf8')
  let offset = 0
  let from = 0
  // Decoding puts U+FFFD for what it cannot read; only where the bytes do not spell that character was it put there.
  for (let at = text.indexOf('\uFFFD'); at >= 0; at = text.indexOf('\uFFFD', from)) {
    offset += Buffer.byteLength(text.slice(from, at))
    if (bytes.readUIntBE(offset, Math.min(3, bytes.length - offset)) !== 0xefbfbd) return offset
    offset += 3
    from = at + 1
  }
  return bytes.length
}
