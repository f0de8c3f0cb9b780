import { type Dirent, lstatSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { reasonOf } from '../../engine/errors.ts'
import { eachBounded } from './bounded.ts'
import { isBusy, isGone } from './failure.ts'
import { type Root, rootInPlace } from './folder.ts'
import { type Look, lookFailed, lookOf, type SkippedLook, skipped, statusOf } from './look.ts'
import { byCodeUnits, childPath, isIgnoredFolder, isNoteName, isTempName, pathCharsMax, pathProblem } from './paths.ts'

/** A walk over the whole notes folder, with a bounded number of calls in flight whatever its size. */

const foldersAtOnce = 8
const looksAtOnce = 256
/** How long the thread is kept at most, and how many looks a fast disk answers in that time. */
const slice_ms = 2
const sliceLooks = 16
/** How often a folder is tried while the process has too many files open, and the wait in between. */
const attemptsMax = 20
const busy_ms = 50

/** What a walk found. Everything is sorted by path. */
export type Scan = {
  /** Notes and things named like notes, by path. */
  readonly looks: Map<string, Look>
  /** Folders that may not be read, whose notes are unknown and not gone, and folders whose names cannot be used. */
  readonly unreadable: Map<string, SkippedLook>
  /** Temporary files that a write left behind when its process died. */
  readonly temps: string[]
  /** True when everything below the root was seen, so that what is not here is gone. */
  readonly complete: boolean
}

/** Walks the folder. Links are reported, never followed. Resolves early, not complete, when the signal aborts. */
export async function scan(root: Root, bytesMax: number, signal: AbortSignal): Promise<Scan> {
  const walk: Walk = { root, named: [], folders: [], temps: [], unreadable: [], unclear: false }
  let level = ['']
  while (level.length > 0 && !signal.aborted) {
    walk.folders = []
    await eachBounded(level, foldersAtOnce, (folder) => readFolder(walk, folder))
    level = walk.folders
  }
  // Without a comparison of one's own, strings sort by code units, and several times faster.
  const paths = [...new Set(walk.named)].sort()
  const looks = new Map<string, Look>(paths.map((path) => [path, unseen]))
  await lookAtAll(root, paths, bytesMax, signal, (path, seen) => {
    if (seen.kind === 'unclear') walk.unclear = true
    if (seen.kind === 'gone') looks.delete(path)
    else looks.set(path, seen)
  })
  const unreadable = new Map(walk.unreadable.sort((a, b) => byCodeUnits(a[0], b[0])))
  const whole = !walk.unclear && !signal.aborted
  return { looks, unreadable, temps: walk.temps.sort(byCodeUnits), complete: whole && (await rootInPlace(root)) }
}

/**
 * Looks at many paths. On a local disk a synchronous call costs a fifth of one that goes through a thread, and leaves
 * the few threads to others, so it is used in slices too short to be felt. A disk that turns out to be slow is asked
 * without waiting for it.
 */
async function lookAtAll(
  root: Root,
  paths: readonly string[],
  bytesMax: number,
  signal: AbortSignal,
  saw: (path: string, seen: Look) => void,
): Promise<void> {
  let next = 0
  let slow = true
  while (next < paths.length && !signal.aborted) {
    if (slow) {
      const some = paths.slice(next, next + looksAtOnce)
      next += some.length
      await eachBounded(some, looksAtOnce, async (path) => saw(path, await lookLater(root, path, bytesMax)))
      slow = false
    } else {
      const until_ms = performance.now() + slice_ms
      const first = next
      while (next < paths.length && performance.now() < until_ms) {
        const path = paths[next++]!
        saw(path, lookNow(root, path, bytesMax))
      }
      slow = next - first < sliceLooks
      await setImmediate()
    }
  }
}

async function lookLater(root: Root, path: string, bytesMax: number): Promise<Look> {
  try {
    return lookOf(path, await statusOf(root, path), bytesMax)
  } catch (thrown) {
    return lookFailedInScan(path, thrown)
  }
}

function lookNow(root: Root, path: string, bytesMax: number): Look {
  try {
    return lookOf(path, lstatSync(join(root.path, path)), bytesMax)
  } catch (thrown) {
    return lookFailedInScan(path, thrown)
  }
}

function lookFailedInScan(path: string, thrown: unknown): Look {
  const seen = lookFailed(thrown)
  return seen.kind === 'gone' && isMisspelt(path) ? skipped('BAD_NAME', 'its name is not valid UTF-8') : seen
}

/** A name that is not UTF-8 arrives with replacement characters, and under those nothing can be found. */
function isMisspelt(path: string): boolean {
  return path.includes('\uFFFD')
}

/** True when a path lies in one of the folders, at any depth. */
export function liesBelow(path: string, folders: Iterable<string>): boolean {
  for (const folder of folders) {
    if (folder === '' || path.startsWith(`${folder}/`)) return true
  }
  return false
}

type Walk = {
  readonly root: Root
  readonly named: string[]
  /** The folders of the next level down. */
  folders: string[]
  readonly temps: string[]
  readonly unreadable: [string, SkippedLook][]
  unclear: boolean
}

const unseen: Look = { kind: 'unclear', signature: 'unclear', again: true, reason: 'not looked at yet' }

async function readFolder(walk: Walk, folder: string): Promise<void> {
  let entries: Dirent[]
  try {
    entries = await listFolder(join(walk.root.path, folder))
  } catch (thrown) {
    noteUnreadable(walk, folder, thrown)
    return
  }
  for (const entry of entries) {
    const path = childPath(folder, entry.name)
    if (isNoteName(entry.name)) walk.named.push(path)
    else if (isTempName(entry.name)) walk.temps.push(path)
    else if (entry.isDirectory() && !isIgnoredFolder(entry.name)) enterFolder(walk, path)
  }
}

/** Lists a folder; when the process is short of descriptors, it waits for others to be closed. */
async function listFolder(path: string): Promise<Dirent[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readdir(path, { withFileTypes: true })
    } catch (thrown) {
      if (!isBusy(thrown) || attempt === attemptsMax) throw thrown
      await setTimeout(busy_ms)
    }
  }
}

function enterFolder(walk: Walk, path: string): void {
  const problem = pathProblem(childPath(path, 'a.md'))
  if (problem === undefined) walk.folders.push(path)
  else addUnreadable(walk, path, 'BAD_NAME', `the folder's path ${problem}`)
}

function noteUnreadable(walk: Walk, folder: string, thrown: unknown): void {
  if (isGone(thrown)) {
    // A folder that vanished between two calls has nothing below it any more; the root is looked at once more at the end.
    if (isMisspelt(folder)) addUnreadable(walk, folder, 'BAD_NAME', 'the name of the folder is not valid UTF-8')
    return
  }
  walk.unclear = true
  if (folder !== '') addUnreadable(walk, folder, 'PERMISSION', `the folder cannot be read: ${reasonOf(thrown)}`)
}

function addUnreadable(walk: Walk, folder: string, code: string, reason: string): void {
  walk.unreadable.push([folder.slice(0, pathCharsMax), skipped(code, reason)])
}
