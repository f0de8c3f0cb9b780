import { open as openFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../engine/errors.ts'
import { orWhenMissing, prepareFolder, replaceFile, storeError, syncFolder } from './lmdb/files.ts'

const ending = '.segment'
const nameAllowed = /^[a-z][a-z0-9-]{0,99}$/

/**
 * A folder of named files that are written once: each is whole under its name or absent. They are projections, so nothing here is
 * precious: what is missing or damaged is made anew from the record by whoever owns it. What the bytes mean is the owner's to check.
 */
export type Segments = {
  readonly folder: string
  /**
   * Makes the folder or looks through it, and removes what a crash left half-written.
   * @returns warnings about files that do not belong there, which are left alone
   * @throws EngineError STORE_PERMISSION, STORE_IO
   */
  open(): Promise<string[]>
  /** Names at hand, in code-unit order. */
  list(): Promise<string[]>
  /**
   * The bytes of a file, in a buffer of their own.
   * @throws EngineError SEGMENT_DAMAGED when it is missing or cannot be read to its end, STORE_PERMISSION, STORE_IO
   */
  load(name: string): Promise<Uint8Array>
  /**
   * Writes a file aside, syncs it and gives it its name. Each chunk is asked for when the one before has been written.
   * @throws EngineError STORE_KEY, STORE_FULL, STORE_PERMISSION, STORE_IO, STORE_GONE; the file is then as it was
   */
  save(name: string, chunks: Iterable<Uint8Array>): Promise<void>
  /** Removes a file for good; one that is not there is no error. */
  remove(name: string): Promise<void>
}

/** The files of an index in a folder of their own. Only one process at a time may hold it open. */
export function segments(folder: string): Segments {
  let saving: Promise<unknown> = Promise.resolve()
  const pathOf = (name: string) => join(folder, name + ending)

  async function open(): Promise<string[]> {
    const warnings = await prepareFolder(folder)
    return await said(`the folder ${folder} cannot be read`, async () => {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (entry.isFile() && isUnfinished(entry.name)) await rm(join(folder, entry.name), { force: true })
        else if (!entry.isFile() || nameOf(entry.name) === undefined) {
          warnings.push(`${entry.name} in ${folder} is no file of an index and is left alone`)
        }
      }
      return warnings
    })
  }

  function list(): Promise<string[]> {
    return said(`the folder ${folder} cannot be read`, async () => {
      const entries = await readdir(folder, { withFileTypes: true })
      return entries.flatMap((entry) => (entry.isFile() ? (nameOf(entry.name) ?? []) : [])).sort()
    })
  }

  async function load(name: string): Promise<Uint8Array> {
    checkName(name)
    const reading = () => orWhenMissing(readWhole(pathOf(name)), undefined)
    const bytes = await said(`the index file ${name} cannot be read`, reading)
    if (bytes !== undefined) return bytes
    throw new EngineError('SEGMENT_DAMAGED', `the index file ${name} is gone or ends before it should`, { value: name })
  }

  function save(name: string, chunks: Iterable<Uint8Array>): Promise<void> {
    const run = saving.then(() => {
      checkName(name)
      return said(`the index file ${name} cannot be written`, () => replaceFile(pathOf(name), chunks))
    })
    saving = Promise.allSettled([run])
    return run
  }

  async function remove(name: string): Promise<void> {
    checkName(name)
    await said(`the index file ${name} cannot be removed`, async () => {
      await rm(pathOf(name), { force: true })
      await syncFolder(folder)
    })
  }

  return { folder, open, list, load, save, remove }
}

/** Runs the work, and says in the words of a store what failed. */
async function said<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw storeError(thrown, what)
  }
}

/** The file in one buffer of its own, so that typed arrays can be laid over it; undefined when it ends before it should. */
async function readWhole(path: string): Promise<Uint8Array | undefined> {
  const handle = await openFile(path, 'r')
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
}

function nameOf(file: string): string | undefined {
  const name = file.slice(0, -ending.length)
  return file.endsWith(ending) && nameAllowed.test(name) ? name : undefined
}

function isUnfinished(file: string): boolean {
  return file.endsWith('.part') && nameOf(file.slice(0, -'.part'.length)) !== undefined
}

function checkName(name: string): void {
  if (nameAllowed.test(name)) return
  throw new EngineError('STORE_KEY', 'a name of an index file is a-z, 0-9 and hyphens, at most 100', { value: name })
}
