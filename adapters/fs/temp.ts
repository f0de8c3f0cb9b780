import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs'
import type { Log } from '../../engine/flow/adapter.ts'
import { errnoOf } from './failure.ts'
import { type Folder, sync } from './folder.ts'
import { tempName } from './paths.ts'
import type { OpenNote } from './read.ts'

/** The file that is filled beside a note before it takes the note's place. */

/** A filled and synced file that waits to take a note's place. */
export type Temp = {
  readonly path: string
  /** Stays open: it is the only sure way to know the new file again. */
  readonly descriptor: number
}

const createNew = constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
const permissions = 0o7777
const copyBytes = 65_536

/** Creates, fills and syncs a file with the owner and mode of the note. Leaves nothing behind when it throws. */
export async function createTemp(
  folder: Folder,
  like: Stats,
  bytes: Buffer,
  effectId: number,
  log: Log,
): Promise<Temp> {
  const path = folder.prefix + tempName(effectId)
  const descriptor = openSync(path, createNew | constants.O_RDWR, 0o600)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done)
    takeOwner(descriptor, like, log)
    fchmodSync(descriptor, like.mode & permissions)
    await sync(descriptor)
    return { path, descriptor }
  } catch (thrown) {
    closeSync(descriptor)
    rmSync(path, { force: true })
    throw thrown
  }
}

/** Gives the new file the owner of the old one where this user may; another's file is still replaced where not. */
function takeOwner(fd: number, like: Stats, log: Log): void {
  const mine = fstatSync(fd)
  if (mine.uid === like.uid && mine.gid === like.gid) return
  try {
    fchownSync(fd, like.uid, like.gid)
  } catch (thrown) {
    const errno = errnoOf(thrown)
    if (errno !== 'EPERM' && errno !== 'EINVAL') throw thrown
    log.warn({ errno, uid: like.uid, gid: like.gid }, 'the owner of a note cannot be kept')
  }
}

/** Whether the open file no longer holds the bytes that were read from it. Synchronous; reads from the page cache. */
export function bytesDiffer(note: Pick<OpenNote, 'descriptor' | 'bytes'>): boolean {
  const buffer = Buffer.allocUnsafe(note.bytes.length + 1)
  let length = 0
  while (length < buffer.length) {
    const bytesRead = readSync(note.descriptor, buffer, length, buffer.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return !buffer.subarray(0, length).equals(note.bytes)
}

/** Puts what the old file holds by now back in the note's place, atomically. Synchronous, so that nobody gets between. */
export function putBack(folder: Folder, name: string, note: OpenNote, log: Log): void {
  const path = folder.prefix + tempName(0)
  const file = openSync(path, createNew | constants.O_WRONLY, 0o600)
  try {
    const buffer = Buffer.allocUnsafe(copyBytes)
    for (let at = 0; ; ) {
      const bytesRead = readSync(note.descriptor, buffer, 0, copyBytes, at)
      if (bytesRead === 0) break
      for (let done = 0; done < bytesRead; ) done += writeSync(file, buffer, done, bytesRead - done, at + done)
      at += bytesRead
    }
    takeOwner(file, note.stat, log)
    fchmodSync(file, note.stat.mode & permissions)
    fsyncSync(file)
    renameSync(path, folder.prefix + name)
  } catch (thrown) {
    rmSync(path, { force: true })
    throw thrown
  } finally {
    closeSync(file)
  }
}
