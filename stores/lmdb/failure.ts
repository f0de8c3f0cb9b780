import { statfsSync } from 'node:fs'
import { EngineError, reasonOf } from '../../engine/errors.ts'

/** What a disk must have left beyond the commit itself, in bytes: pages are copied before they are changed. */
const roomBytes = 1 << 20
const fullCodes = new Set([-30792 /* the map is full */, 27 /* EFBIG */, 28 /* ENOSPC */, 122 /* EDQUOT */])
const causeDeadlineMs = 1000

/** Thrown when LMDB did not answer in time; after some failures it never does. */
export const unanswered: unique symbol = Symbol('unanswered')

/** Resolves with what the work resolves with, or with `unanswered` when that takes too long. */
export async function inTime<T>(work: Promise<T>, deadline_ms: number): Promise<T | typeof unanswered> {
  const { promise, resolve } = Promise.withResolvers<typeof unanswered>()
  const timer = setTimeout(() => resolve(unanswered), deadline_ms)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Refuses a commit for which the disk has no room, before LMDB is asked: after a commit that failed half-way LMDB 3.5.6
 * has been seen to write past its own buffers and take the process along. About 3 µs.
 * @param bytes how much the commit wants to write
 * @throws EngineError STORE_FULL
 */
export function assertRoom(folder: string, bytes: number): void {
  if (hasLess(folder, 1.25 * bytes + roomBytes)) throw storeFull(folder, bytes)
}

/**
 * Why a commit failed. LMDB says "input/output error" for a full disk as well, so the free space decides.
 * @param bytes how much the commit wanted to write
 */
export async function commitFailure(folder: string, thrown: unknown, bytes: number): Promise<EngineError> {
  const cause = await causeOf(thrown)
  const code = cause instanceof Error && 'code' in cause ? Number(cause.code) : 0
  if (fullCodes.has(code) || hasLess(folder, 2 * bytes + roomBytes)) return storeFull(folder, bytes, cause)
  const message = `the disk failed under ${folder}: ${reasonOf(cause)}; restart after the disk has been looked at`
  return new EngineError('STORE_IO', message, { value: bytes, cause })
}

function storeFull(folder: string, bytes: number, cause?: unknown): EngineError {
  const message = `no space is left for ${bytes} bytes in ${folder}; free some, the commit is tried again`
  return new EngineError('STORE_FULL', message, { value: bytes, cause })
}

/** False also where the file system does not say how much room it has. */
function hasLess(folder: string, bytes: number): boolean {
  const { blocks, bavail, bsize } = statfsSync(folder)
  return blocks > 0 && bavail * bsize < bytes
}

/** LMDB rejects with a general error that carries a promise of the real one, which must be listened to. */
async function causeOf(thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Error) || !('commitError' in thrown)) return thrown
  try {
    await inTime(Promise.resolve(thrown.commitError), causeDeadlineMs)
    return thrown
  } catch (cause) {
    return cause
  }
}
