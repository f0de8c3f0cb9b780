import { effectType } from '../../engine/flow/effect.ts'
import { eventType, objectOf } from '../../engine/flow/event.ts'
import { count, flag, hash, path, text, time } from './schemas.ts'

/** Events and effects of files. */

/** What `lstat` says of a file: enough to tell whether it must be read again. Times in milliseconds since 1970. */
export type FileStat = { path: string; size_bytes: number; modified_ms: number; changed_ms: number }
const fileStat = { path, size_bytes: count, modified_ms: time, changed_ms: time }

/** One page of a scan; the last page has `complete: true`, and then what no page of this `scan` named is gone. */
export type FsScanned = { scan: number; complete: boolean; files: [string, number, number, number][] }
export const FsScanned = eventType<FsScanned>(
  'fs.scanned',
  objectOf({
    scan: count,
    complete: flag,
    files: {
      type: 'array',
      maxItems: 1024,
      items: { type: 'array', items: [path, count, time, time], minItems: 4, maxItems: 4, additionalItems: false },
    },
  }),
)
export const FsFileCreated = eventType<FileStat>('fs.file.created', objectOf(fileStat))
export const FsFileChanged = eventType<FileStat>('fs.file.changed', objectOf(fileStat))
export const FsFileDeleted = eventType<{ path: string }>('fs.file.deleted', objectOf({ path }))
/** Something named like a note that is none: a FIFO, a link, a folder, too large. */
export type FsFileSkipped = { path: string; code: string; reason: string }
export const FsFileSkipped = eventType<FsFileSkipped>('fs.file.skipped', objectOf({ path, code: text, reason: text }))

export type FsReadDone = FileStat & { hash: string; text: string; links: number }
/** Reads one note. Fails with GONE, NOT_REGULAR, OUTSIDE, TOO_LARGE, NOT_UTF8, PERMISSION or IO. */
export const FsRead = effectType<{ path: string }, FsReadDone>('fs.read', {
  retry: 'safe',
  deadline_ms: 10_000,
  attempts_max: 3,
  in_flight_max: 64,
  request: { path },
  done: { ...fileStat, hash, text, links: count },
})

export type FsWriteRequest = {
  path: string
  /** The file must still have this hash, or nothing is written. */
  before_hash: string
  /** What the file's hash will be; if it already is, the write has happened and is not repeated. */
  after_hash: string
  /** The first `cut_bytes` bytes of the file are replaced by `head`; every other byte stays. */
  cut_bytes: number
  head: string
}
export type FsWriteDone = FileStat & { hash: string; repeated: boolean }
/** Replaces the head of a note, atomically and guarded by its hash. Fails with CHANGED, GONE, and those of `fs.read`. */
export const FsWrite = effectType<FsWriteRequest, FsWriteDone>('fs.write', {
  retry: 'safe',
  deadline_ms: 20_000,
  attempts_max: 4,
  in_flight_max: 64,
  request: { path, before_hash: hash, after_hash: hash, cut_bytes: count, head: text },
  done: { ...fileStat, hash, repeated: flag },
})
