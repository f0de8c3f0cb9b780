import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Keyframes } from '../../engine/record/store.ts'
import { prepareFolder, storeError } from './files.ts'
import { openSnapshots, type Snapshots } from './snapshots.ts'

/** Keyframes in a folder of their own, which is made when the first is saved. */
export type KeyframeFolder = Keyframes & {
  /** Removes all of them. */
  clear(): Promise<void>
}

/** The keyframes of a data directory: two at most, each as large as a snapshot. Nothing is looked at before it is asked for. */
export function keyframesIn(folder: string): KeyframeFolder {
  const place = join(folder, 'travel')
  let opened: Promise<Snapshots> | undefined
  const use = async <T>(work: (snapshots: Snapshots) => T | Promise<T>): Promise<T> => {
    try {
      opened ??= openSnapshots(place, 'latest')
      return await work(await opened)
    } catch (thrown) {
      opened = undefined
      throw storeError(thrown, `${place} cannot be used`)
    }
  }
  return {
    ticks: async () => (existsSync(place) ? use((snapshots) => snapshots.ticks()) : []),
    read: (tick, at, into) => use((snapshots) => snapshots.read(tick, at, into)),
    async save(tick, chunks) {
      await prepareFolder(place)
      await use((snapshots) => snapshots.save(tick, chunks))
    },
    async clear() {
      opened = undefined
      try {
        await rm(place, { recursive: true, force: true })
      } catch (thrown) {
        throw storeError(thrown, `${place} cannot be removed`)
      }
    },
  }
}
