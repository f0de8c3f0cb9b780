import { createHash } from 'node:crypto'
import { chmod, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileMode, orWhenMissing, syncFile, syncFolder } from '../lmdb/files.ts'

/** The part of the package's index that is used here. Keys are 64 bits there and labels of 32 bits here. */
export type Graph = {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void
  remove(keys: BigUint64Array): number | number[]
  search(vector: Float32Array, k: number, threads: number): { keys: BigUint64Array }
  size(): number
  dimensions(): number
  save(path: string): void
  load(path: string): void
}

const pageBytes = 1 << 20

/**
 * Saves a graph aside, syncs it and gives it its name: a process killed in the package's own `save` leaves a file that
 * would kill the next one.
 * @returns the SHA-256 of the file, in hex
 */
export async function saveGraph(graph: Graph, path: string): Promise<string> {
  const aside = `${path}.part`
  try {
    graph.save(aside)
    await chmod(aside, fileMode)
    await syncFile(aside)
    const hash = await hashOf(aside)
    await rename(aside, path)
    await syncFolder(dirname(path))
    return hash ?? ''
  } catch (thrown) {
    await rm(aside, { force: true })
    throw thrown
  }
}

/** The SHA-256 of a file in hex, read page by page; undefined when there is no such file. */
export async function hashOf(path: string): Promise<string | undefined> {
  const handle = await orWhenMissing(open(path, 'r', fileMode), undefined)
  if (handle === undefined) return undefined
  try {
    const hash = createHash('sha256')
    const page = new Uint8Array(pageBytes)
    for (;;) {
      const { bytesRead } = await handle.read(page, 0, pageBytes)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(page.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}
