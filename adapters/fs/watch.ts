import type { Stats } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'
import type { FSWatcher } from 'chokidar'
import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { errnoOf } from './failure.ts'
import type { Root } from './folder.ts'
import { foldersAbove, isIgnoredFolder, isNoteName, splitPath } from './paths.ts'

/** The operating system's hints that something changed. They are only hints: what is true is looked up elsewhere. */

/** Who wants to know what. */
export type WatchHooks = {
  readonly log: Log
  /** Something may have happened to this path, which is named like a note. */
  onPath(path: string): void
  /** The root itself seems to be gone. */
  onRootGone(): void
  /** Every folder is watched from now on: what happened before must be found by a scan. */
  onReady(): void
  /** A hint was lost. With `limited` the system has no watches left, and more will be. */
  onLoss(limited: boolean): void
}

/** Watches the notes folder until closed. Rejects, naming the package, when the watcher cannot be loaded. */
export async function openWatch(root: Root, hooks: WatchHooks): Promise<{ close(): Promise<void> }> {
  const { watch } = await loadChokidar()
  const watcher: FSWatcher = watch(root.path, {
    ignoreInitial: true,
    followSymlinks: false,
    atomic: false,
    ignorePermissionErrors: true,
    ignored: (path, stat) => isUnwatched(relativePath(root, path), stat),
  })
  watcher.on('all', (event, absolute) => {
    const path = relativePath(root, absolute)
    if (path === undefined) return
    if (path === '' && event === 'unlinkDir') hooks.onRootGone()
    else if (isNoteName(splitPath(path).name)) hooks.onPath(path)
  })
  watcher.on('ready', () => hooks.onReady())
  watcher.on('error', (thrown) => {
    const errno = errnoOf(thrown)
    hooks.log.debug({ errno, reason: reasonOf(thrown) }, 'the file watcher lost something')
    hooks.onLoss(errno === 'ENOSPC' || errno === 'EMFILE')
  })
  return { close: () => watcher.close() }
}

async function loadChokidar(): Promise<typeof import('chokidar')> {
  try {
    return await import('chokidar')
  } catch (thrown) {
    throw new Error('the package chokidar cannot be loaded: install it, or turn watching off', { cause: thrown })
  }
}

/** The path relative to the root, with forward slashes; undefined outside of it. */
function relativePath(root: Root, absolute: string): string | undefined {
  const path = relative(root.path, isAbsolute(absolute) ? absolute : join(root.path, absolute))
  if (path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)) return undefined
  return sep === '/' ? path : path.replaceAll(sep, '/')
}

/** Whether no hint is wanted for a path. Without a status it may still be a folder, so only its names can rule it out. */
function isUnwatched(path: string | undefined, stat: Stats | undefined): boolean {
  if (path === undefined) return true
  if (path === '') return false
  if (foldersAbove(path).some((folder) => isIgnoredFolder(splitPath(folder).name))) return true
  const { name } = splitPath(path)
  if (isNoteName(name)) return false
  return isIgnoredFolder(name) || (stat !== undefined && !stat.isDirectory())
}
