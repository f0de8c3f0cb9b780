import { statSync } from 'node:fs'
import { open, readdir, rm } from 'node:fs/promises'
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
  /** Bytes of all files. */
  bytes(): number
}

/** Finds the snapshots of a folder and removes what a crash left half-written. */
export async function openSnapshots(folder: string): Promise<Snapshots> {
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
      const all = [tick, ...ticks.filter((other) => other !== tick)].sort((a, b) => b - a)
      ticks = all.slice(0, kept)
      for (const old of all.slice(kept)) await rm(pathOf(old), { force: true })
      await syncFolder(folder)
    } catch (thrown) {
      throw storeError(thrown, `snapshot ${tick} cannot be written`)
    }
  }

  return {
    ticks: () => [...ticks],
    save(tick, chunks) {
      const run = saving.then(() => write(tick, chunks))
      saving = settled(run)
      return run
    },
    load: (tick) => (ticks.includes(tick) ? readFileAligned(pathOf(tick)) : Promise.resolve(undefined)),
    bytes: () => ticks.reduce((sum, tick) => sum + (statSync(pathOf(tick), { throwIfNoEntry: false })?.size ?? 0), 0),
  }
}

/** Resolves when the work has ended either way; whoever asked for the work is told how. */
export async function settled(work: Promise<unknown>): Promise<void> {
  await Promise.allSettled([work])
}

/** The file in one buffer of its own, so that typed arrays can be laid over it; undefined when it cannot be read. */
async function readFileAligned(path: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(path, 'r')
    try {
      const { size } = await handle.stat()
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; ) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(size - at, 1 << 26), at)
        if (bytesRead === 0) return undefined
        at += bytesRead
      }
      return bytes
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    // An unreadable snapshot is no worse than none: the older one and the journal stand behind it.
    if (codeOf(thrown) !== '') return undefined
    throw thrown
  }
}
