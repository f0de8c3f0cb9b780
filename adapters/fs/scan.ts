import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { reasonOf } from '../../engine/errors.ts'
import { eachBounded } from './bounded.ts'
import { isBusy, isGone } from './failure.ts'
import { type Root, rootInPlace } from './folder.ts'
import { type Look, lookFailed, lookOf, type SkippedLook, skipped } from './look.ts'
import { byCodeUnits, childPath, isIgnoredFolder, isNoteName, isTempName, pathCharsMax, pathProblem } from './paths.ts'

/** A walk over the whole notes folder, with a bounded number of calls in flight whatever its size. */

const foldersAtOnce = 8
const looksAtOnce = 32
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
  const paths = [...new Set(walk.named)].sort(byCodeUnits)
  const looks = new Map<string, Look>(paths.map((path) => [path, unseen]))
  await eachBounded(paths, looksAtOnce, async (path) => {
    if (signal.aborted) return
    const seen = await lookInScan(root, path, bytesMax)
    if (seen.kind === 'unclear') walk.unclear = true
    if (seen.kind === 'gone') looks.delete(path)
    else looks.set(path, seen)
  })
  const unreadable = new Map(walk.unreadable.sort((a, b) => byCodeUnits(a[0], b[0])))
  const whole = !walk.unclear && !signal.aborted
  return { looks, unreadable, temps: walk.temps.sort(byCodeUnits), complete: whole && (await rootInPlace(root)) }
}

async function lookInScan(root: Root, path: string, bytesMax: number): Promise<Look> {
  try {
    return lookOf(path, await lstat(join(root.path, path)), bytesMax)
  } catch (thrown) {
    const seen = lookFailed(thrown)
    return seen.kind === 'gone' && isMisspelt(path) ? skipped('BAD_NAME', 'its name is not valid UTF-8') : seen
  }
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
