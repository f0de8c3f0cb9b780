import { statSync } from 'node:fs'
import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, replaceFile, storeError, syncFolder } from './files.ts'

const kept = 2
const named = /^snapshot-(\d{1,16})$/
const unfinished = /^(snapshot-\d+|manifest\.json|holder\.json)\.part$/

/** Snapshot files of one folder: each is whole or absent, and the two newest stay. */
export type Snapshots = {
  /** Ticks, newest first. */
  ticks(): readonly number[]
  save(tick: number, chunks: Iterable<Uint8Array>): Promise<void>
  load(tick: number): Promise<Uint8Array | undefined>
  /** Fills `into` from `at` on; resolves with how many bytes there were. */
  read(tick: number, at: number, into: Uint8Array): Promise<number | undefined>
  /** Removes the snapshots older than this one. */
  removeBefore(tick: number): Promise<void>
  /** Bytes of all files. */
  bytes(): number
}

/**
 * Finds the snapshots of a folder and removes what a crash left half-written.
 * @param which of more than two stay: those of the highest ticks, or the `latest` that was saved and the highest of the others
 */
export async function openSnapshots(folder: string, which: 'highest' | 'latest' = 'highest'): Promise<Snapshots> {
  let ticks: number[] = []
  let saving: Promise<void> = Promise.resolve()
  for (const name of await readdir(folder)) {
    const match = named.exec(name)
    if (match !== null) ticks.push(Number(match[1]))
    else if (unfinished.test(name)) await rm(join(folder, name), { force: true })
  }
  ticks.sort((a, b) => b - a)
  const pathOf = (tick: number) => join(folder, `snapshot-${tick}`)

  async function write(tick: number, chunks: Iterable<Uint8Array>): Promise<void> {
    try {
      await replaceFile(pathOf(tick), chunks)
      const all = [tick, ...ticks.filter((other) => other !== tick)]
      if (which === 'highest') all.sort((a, b) => b - a)
      ticks = all.slice(0, kept).sort((a, b) => b - a)
      for (const old of all.slice(kept)) await rm(pathOf(old), { force: true })
      await syncFolder(folder)
    } catch (thrown) {
      throw storeError(thrown, `snapshot ${tick} cannot be written`)
    }
  }

  async function removeOlder(tick: number): Promise<void> {
    const older = ticks.filter((other) => other < tick)
    ticks = ticks.filter((other) => other >= tick)
    for (const old of older) await rm(pathOf(old), { force: true })
    await syncFolder(folder)
  }

  return {
    ticks: () => [...ticks],
    removeBefore(tick) {
      const run = saving.then(() => removeOlder(tick))
      saving = settled(run)
      return run
    },
    save(tick, chunks) {
      const run = saving.then(() => write(tick, chunks))
      saving = settled(run)
      return run
    },
    load: (tick) => (ticks.includes(tick) ? readFileAligned(pathOf(tick)) : Promise.resolve(undefined)),
    read: (tick, at, into) => (ticks.includes(tick) ? readPart(pathOf(tick), at, into) : Promise.resolve(undefined)),
    bytes: () => ticks.reduce((sum, tick) => sum + (statSync(pathOf(tick), { throwIfNoEntry: false })?.size ?? 0), 0),
  }
}

/** Resolves when the work has ended either way; whoever asked for the work is told how. */
export async function settled(work: Promise<unknown>): Promise<void> {
  await Promise.allSettled([work])
}

/** The file in one buffer of its own, so that typed arrays can be laid over it; undefined when it cannot be read. */
function readFileAligned(path: string): Promise<Uint8Array | undefined> {
  return orUnreadable(async () => {
    const handle = await open(path, 'r')
    try {
      const { size } = await handle.stat()
      const bytes = new Uint8Array(size)
      return (await fill(handle, bytes, 0)) === size ? bytes : undefined
    } finally {
      await handle.close()
    }
  })
}

/** Part of the file, to where the caller wants it; fewer bytes than asked for where it ends. */
function readPart(path: string, at: number, into: Uint8Array): Promise<number | undefined> {
  return orUnreadable(async () => {
    const handle = await open(path, 'r')
    try {
      return await fill(handle, into, at)
    } finally {
      await handle.close()
    }
  })
}

async function fill(handle: FileHandle, into: Uint8Array, from: number): Promise<number> {
  let read = 0
  while (read < into.byteLength) {
    const { bytesRead } = await handle.read(into, read, Math.min(into.byteLength - read, 1 << 26), from + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return read
}

/** An unreadable snapshot is no worse than none: the older one and the journal stand behind it. */
async function orUnreadable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (thrown) {
    if (codeOf(thrown) !== '') return undefined
    throw thrown
  }
}
