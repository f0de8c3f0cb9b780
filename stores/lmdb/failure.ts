import { statfs } from 'node:fs/promises'
import { EngineError, reasonOf } from '../../engine/errors.ts'

/** What a disk must have left, beyond the commit itself, before a failed write is not blamed on space, in bytes. */
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
 * Why a commit failed. LMDB says "input/output error" for a full disk as well, so the free space decides.
 * @param bytes how much the commit wanted to write
 */
export async function commitFailure(folder: string, thrown: unknown, bytes: number): Promise<EngineError> {
  const cause = await causeOf(thrown)
  const options = { value: bytes, cause }
  const code = cause instanceof Error && 'code' in cause ? Number(cause.code) : 0
  if (fullCodes.has(code) || (await isFull(folder, bytes))) {
    return new EngineError(
      'STORE_FULL',
      `no space is left for ${bytes} bytes in ${folder}; free some, the commit is tried again`,
      options,
    )
  }
  const message = `the disk failed under ${folder}: ${reasonOf(cause)}; restart after the disk has been looked at`
  return new EngineError('STORE_IO', message, options)
}

async function isFull(folder: string, bytes: number): Promise<boolean> {
  const found = await statfs(folder)
  return found.bavail * found.bsize < 2 * bytes + roomBytes
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
