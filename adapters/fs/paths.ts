import { randomBytes } from 'node:crypto'
import { EffectFailure } from '../../engine/flow/adapter.ts'

/** Which names are notes, and which paths may be touched at all. Pure: nothing here looks at the disk. */

/** Longest path an event can carry, in characters. */
export const pathCharsMax = 4096

const tempPattern = /^\.promethean-\d+-[0-9a-f]+\.tmp$/
const notePattern = /\.md$/i

/** Orders by UTF-16 code units, the same on every machine and in every language. */
export function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** A fresh name for the file that a write fills before it takes the place of a note. */
export function tempName(effectId: number): string {
  return `.promethean-${effectId}-${randomBytes(6).toString('hex')}.tmp`
}

/** True for the names that `tempName` gives, so that what a crash left behind can be swept. */
export function isTempName(name: string): boolean {
  return tempPattern.test(name)
}

/** True for a file name that means a note: `.md`, and not the hidden or `#` names that editors use while saving. */
export function isNoteName(name: string): boolean {
  return notePattern.test(name) && !name.startsWith('.') && !name.startsWith('#')
}

/** True for a folder into which nobody looks. A folder named like a note is reported, never entered. */
export function isIgnoredFolder(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules' || isNoteName(name)
}

/** A child's path, relative to the root: the root itself is the empty path. */
export function childPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

/** The folder part and the name of a relative path; the folder of a note in the root is the empty path. */
export function splitPath(path: string): { folder: string; name: string } {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? { folder: '', name: path } : { folder: path.slice(0, slash), name: path.slice(slash + 1) }
}

/** Every folder above a path, the outermost first, without the root. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    folders.push(path.slice(0, slash))
  }
  return folders
}

/**
 * Why a path is not one of a note below the root, as a phrase; undefined when it is. The scan and the effects ask the
 * same question, so whatever is reported can also be read.
 */
export function pathProblem(path: string): string | undefined {
  if (path.length === 0) return 'is empty'
  if (path.length > pathCharsMax) return `is longer than ${pathCharsMax} characters`
  if (!path.isWellFormed()) return 'holds half of a character'
  if (path.includes('\0')) return 'holds a NUL'
  if (path.includes('\\')) return 'holds a backslash'
  if (path.startsWith('/')) return 'is absolute'
  if (path.startsWith('~')) return 'starts with ~, which some programs take for a home folder'
  if (/^[a-z]:/i.test(path)) return 'starts like a drive letter'
  const names = path.split('/')
  for (const name of names) {
    if (name === '') return 'has an empty segment'
    if (name.replaceAll(/%2e/gi, '.').startsWith('.')) return 'has a hidden or dot segment'
  }
  if (names.slice(0, -1).some(isIgnoredFolder)) return 'lies in a folder that is not looked into'
  return isNoteName(names.at(-1)!) ? undefined : 'is not the name of a note (.md)'
}

/** Lets only the path of a note through. @throws EffectFailure OUTSIDE, before anything on disk is touched */
export function checkPath(path: string): void {
  const problem = pathProblem(path)
  if (problem !== undefined) {
    throw new EffectFailure('OUTSIDE', `the path ${JSON.stringify(path.slice(0, 200))} ${problem}`)
  }
}
