import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { reasonOf } from '../../../engine/errors.ts'
import type { PastEntry } from '../../../engine/record/past.ts'
import { fileMode, folderMode, orWhenMissing, replaceFile, syncFolder } from '../../../stores/lmdb/files.ts'
import { CliError, exitCodes } from '../exit.ts'

/** What was written: `name` is `journal-<first tick>-<last tick>.jsonl.gz`. */
export type Archived = {
  readonly name: string
  readonly entries: number
  readonly bytes: number
  readonly sha256: string
}

/** Sums of all archives of a folder, as `sha256sum -c` reads them. */
export const sumsName = 'SHA256SUMS'
/** Entries that are compressed before other work gets its turn. */
const slice = 200

/**
 * Writes entries of a journal to a folder, compressed: a line for the head of each tick, then one for each of its events. Synced and under its
 * final name when this resolves, its checksum beside it; what was begun and not ended is removed. O(entries), a few of them in memory.
 * @param entries each the lines of one tick
 * @returns undefined when there is none
 * @throws CliError 74 when it cannot be written
 */
export async function archive(entries: Iterable<PastEntry>, folder: string): Promise<Archived | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: folderMode })
    return await write(entries, folder)
  } catch (thrown) {
    throw new CliError(exitCodes.io, `the journal cannot be archived in ${folder}: ${reasonOf(thrown)}`)
  }
}

async function write(entries: Iterable<PastEntry>, folder: string): Promise<Archived | undefined> {
  const begun = join(folder, `.journal-${process.pid}.tmp`)
  const seen = { first: 0, last: 0, entries: 0 }
  const hash = createHash('sha256')
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  try {
    // It is synced before it is closed, which is when the pipeline ends.
    const file = createWriteStream(begun, { flags: 'wx', mode: fileMode, flush: true })
    await pipeline(Readable.from(linesOf(entries, seen)), createGzip(), counted, file)
    if (seen.entries === 0) return undefined
    const name = `journal-${seen.first}-${seen.last}.jsonl.gz`
    const sha256 = hash.digest('hex')
    await refuseOther(join(folder, name), sha256)
    await addSum(folder, `${sha256}  ${name}\n`)
    await rename(begun, join(folder, name))
    await syncFolder(folder)
    return { name, entries: seen.entries, bytes, sha256 }
  } finally {
    await rm(begun, { force: true })
  }
}

/** An archive is never overwritten by another record's, which may well have the same ticks. */
async function refuseOther(path: string, sha256: string): Promise<void> {
  const known = await orWhenMissing(sumOf(path), sha256)
  if (known !== sha256) throw new Error(`${path} is the archive of another record; each needs a folder of its own`)
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function* linesOf(
  entries: Iterable<PastEntry>,
  seen: { first: number; last: number; entries: number },
): AsyncGenerator<string> {
  for (const { tick, lines } of entries) {
    if (seen.entries === 0) seen.first = tick
    seen.last = tick
    seen.entries++
    yield `${lines}\n`
    if (seen.entries % slice === 0) await nextTurn()
  }
}

/** The sums are replaced as a whole, so that a crash leaves the old ones or the new. */
async function addSum(folder: string, line: string): Promise<void> {
  const path = join(folder, sumsName)
  const before = await orWhenMissing(readFile(path, 'utf8'), '')
  if (before.includes(line)) return
  await replaceFile(path, [Buffer.from(`${before}${line}`)])
}
