import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf } from '../engine/errors.ts'
import { type Adapter, EffectFailure, type Log, type Outside, silent } from '../engine/flow/adapter.ts'
import { FsFileSkipped, FsRead, FsScanned, FsWrite, type FsWriteRequest } from '../systems/events.ts'
import { isGone } from './fs/failure.ts'
import { openRoot, type Root, rootInPlace } from './fs/folder.ts'
import { Follower } from './fs/follow.ts'
import type { NoteLook, SkippedLook } from './fs/look.ts'
import { readNote } from './fs/read.ts'
import { eventOf, offer } from './fs/report.ts'
import { scan } from './fs/scan.ts'
import { writeNote } from './fs/write.ts'

/** How many files one `fs.scanned` event names at most. */
const pageFiles = 512

/** Settings of the file adapter. */
export type FsOptions = {
  /** The notes folder. Everything outside of it is out of reach. */
  readonly root: string
  /** Whether changes are followed after the first scan. */
  readonly watch: boolean
  /** How long a file must stand still before it is reported, in milliseconds. */
  readonly settle_ms?: number
  /** Size of the largest note, in bytes; larger files are skipped. JSON can make a text six times longer. */
  readonly note_bytes_max?: number
  /** How often everything is scanned again in case a hint was lost, in milliseconds. */
  readonly rescan_ms?: number
}

/** The adapter for a folder of notes, with promises for those who want to wait for it. */
export type FsAdapter = Adapter & {
  /** Resolves when the first scan has been published. */
  readonly scanned: Promise<void>
  /** Resolves when changes are seen as they happen and whatever happened before has been compared. */
  readonly watching: Promise<void>
}

/**
 * A folder of Markdown notes as a neighbour of the world: one scan, then each change once it has come to rest, and the
 * effects `fs.read` and `fs.write`. `start` rejects, saying what to do, when there is no such folder.
 */
export function fs(options: FsOptions): FsAdapter {
  const { settle_ms = 100, note_bytes_max = 1_048_576, rescan_ms = 300_000 } = options
  const scanned = Promise.withResolvers<void>()
  const watching = Promise.withResolvers<void>()
  let root: Root | undefined
  let log: Log = silent
  let follower: Follower | undefined
  let running: Promise<void> | undefined

  const run = async (folder: Root, outside: Outside) => {
    const known = new Map<string, string>()
    const unreadable = new Set<string>()
    await firstScan({ root: folder, outside, note_bytes_max, known, unreadable })
    scanned.resolve()
    if (!options.watch || outside.signal.aborted) return
    const onWatching = () => watching.resolve()
    follower = new Follower({
      root: folder,
      outside,
      settle_ms,
      note_bytes_max,
      rescan_ms,
      known,
      unreadable,
      onWatching,
    })
    await follower.run()
  }
  const opened = (): Root => {
    root ??= openRoot(options.root)
    return root
  }
  return {
    name: 'fs',
    scanned: scanned.promise,
    watching: watching.promise,
    effects: {
      [FsRead.name]: ({ path }) => {
        const folder = opened()
        return blamingRoot(folder, readNote(folder, path as string, note_bytes_max))
      },
      [FsWrite.name]: (request, call) => {
        const folder = opened()
        return blamingRoot(folder, writeNote({ root: folder, note_bytes_max, log }, request as FsWriteRequest, call))
      },
    },
    async start(outside) {
      log = outside.log
      const folder = opened()
      // The pages wait for room in the ring, which only a running engine makes, so nobody may wait for them here.
      running = run(folder, outside).catch((thrown: unknown) => {
        outside.log.error({ root: folder.path, reason: reasonOf(thrown) }, 'the notes folder could not be scanned')
      })
    },
    async stop() {
      follower?.stop()
      await running
    },
  }
}

/** A note is not gone when the whole folder is away: then the same request can succeed once it is back. */
async function blamingRoot<T>(root: Root, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (thrown) {
    if (thrown instanceof EffectFailure && thrown.code === 'GONE' && !(await rootInPlace(root))) {
      throw new EffectFailure('IO', 'the notes folder is away', { transient: true })
    }
    throw thrown
  }
}

type FirstScan = {
  readonly root: Root
  readonly outside: Outside
  readonly note_bytes_max: number
  readonly known: Map<string, string>
  readonly unreadable: Set<string>
}

/** Publishes what cannot be read, then every note in pages; sweeps what an interrupted write has left. */
async function firstScan({ root, outside, note_bytes_max, known, unreadable }: FirstScan): Promise<void> {
  const found = await scan(root, note_bytes_max, outside.signal)
  await sweep(root, found.temps, outside.log)
  const offerSkipped = (path: string, { code, reason }: SkippedLook) =>
    offer(outside, eventOf(FsFileSkipped, { path, code, reason }))
  for (const [path, seen] of found.unreadable) if (await offerSkipped(path, seen)) unreadable.add(path)

  const number = nextScan()
  let { complete } = found
  let page: NoteLook[] = []
  const publishPage = async (isLast: boolean) => {
    const files: FsScanned['files'] = page.map(({ stat }) => [
      stat.path,
      stat.size_bytes,
      stat.modified_ms,
      stat.changed_ms,
    ])
    // A page that was refused names notes that the world has not heard of, and that are not gone for all that.
    if (await offer(outside, eventOf(FsScanned, { scan: number, complete: complete && isLast, files }))) {
      for (const { stat, signature } of page) known.set(stat.path, signature)
    } else complete = false
    page = []
  }
  for (const [path, seen] of found.looks) {
    if (outside.signal.aborted) return
    if (seen.kind === 'skipped' && (await offerSkipped(path, seen))) known.set(path, seen.signature)
    if (seen.kind !== 'note') continue
    if (page.length === pageFiles) await publishPage(false)
    page.push(seen)
  }
  await publishPage(true)
}

let lastScan = 0

/** A number that grows from scan to scan, also over restarts, and fits a `u32`: seconds since 1970, or one more. */
function nextScan(): number {
  lastScan = Math.max(lastScan + 1, Math.floor(Date.now() / 1000))
  return lastScan
}

/** Removes temporary files that a write left behind when its process died; the notes themselves are intact. */
async function sweep(root: Root, temps: readonly string[], log: Log): Promise<void> {
  for (const path of temps) {
    try {
      await unlink(join(root.path, path))
      log.info({ path }, 'removed what an interrupted write had left')
    } catch (thrown) {
      if (!isGone(thrown))
        log.warn({ path, reason: reasonOf(thrown) }, 'what an interrupted write left cannot be removed')
    }
  }
}
