import { lstat, type Stats } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../../engine/errors.ts'
import type { FileStat } from '../../systems/events.ts'
import { isBusy, isGone } from './failure.ts'
import type { Root } from './folder.ts'
import { foldersAbove, pathProblem } from './paths.ts'
import { kindOf } from './read.ts'

/** A note, with what the world is told of it. */
export type NoteLook = { readonly kind: 'note'; readonly signature: string; readonly stat: FileStat }

/** Something that is named like a note and is none. */
export type SkippedLook = {
  readonly kind: 'skipped'
  readonly signature: string
  readonly code: string
  readonly reason: string
}

/** What one look at a path says, without opening it. Equal signatures mean that nothing has happened in between. */
export type Look =
  | NoteLook
  | SkippedLook
  | { readonly kind: 'gone'; readonly signature: string }
  /** Nothing can be said now: the folder may not be read, or the system is short of descriptors. */
  | { readonly kind: 'unclear'; readonly signature: string; readonly again: boolean; readonly reason: string }

const gone: Look = { kind: 'gone', signature: 'gone' }

/** The signature of what is skipped begins with this, that of a note never does. */
export const skippedMark = '!'

/** The look at something that is skipped, with a stable upper-snake code and a phrase for people. */
export function skipped(code: string, reason: string): SkippedLook {
  return { kind: 'skipped', signature: `${skippedMark}${code}:${reason}`, code, reason }
}

/** What a status means for the path it was taken of. Pure. */
export function lookOf(path: string, stat: Stats, bytesMax: number): Look {
  const problem = pathProblem(path)
  if (problem !== undefined) return skipped('BAD_NAME', `the path ${problem}`)
  if (!stat.isFile()) return skipped('NOT_REGULAR', `it is ${kindOf(stat)}, not a regular file`)
  if (stat.size > bytesMax) return skipped('TOO_LARGE', `it has more than ${bytesMax} bytes`)
  return {
    kind: 'note',
    signature: `${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`,
    stat: { path, size_bytes: stat.size, modified_ms: stat.mtimeMs, changed_ms: stat.ctimeMs },
  }
}

/** The status of a path itself, a link's own. Twice as fast over a whole folder as the promise that the platform has. */
export function statusOf(root: Root, path: string): Promise<Stats> {
  return new Promise((resolve, reject) => {
    lstat(join(root.path, path), (error, stat) => {
      if (error === null) resolve(stat)
      else reject(error)
    })
  })
}

/** Looks at one path. A path is gone, too, when a folder above it has become a link: links are not followed. */
export async function look(root: Root, path: string, bytesMax: number, folders: FolderLooks): Promise<Look> {
  try {
    for (const folder of foldersAbove(path)) {
      if (!(await folders.isFolder(root, folder))) return gone
    }
    return lookOf(path, await statusOf(root, path), bytesMax)
  } catch (thrown) {
    return lookFailed(thrown)
  }
}

/** What it means that `lstat` failed. */
export function lookFailed(thrown: unknown): Look {
  if (isGone(thrown)) return gone
  return { kind: 'unclear', signature: 'unclear', again: isBusy(thrown), reason: reasonOf(thrown) }
}

/** Remembers for one round of looks which folders are folders, so that each is asked about once. */
export class FolderLooks {
  readonly #known = new Map<string, Promise<boolean>>()

  isFolder(root: Root, folder: string): Promise<boolean> {
    let answer = this.#known.get(folder)
    if (answer === undefined) {
      answer = statusOf(root, folder).then((stat) => stat.isDirectory())
      this.#known.set(folder, answer)
    }
    return answer
  }
}
