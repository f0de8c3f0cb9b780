import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf, fileMode, folderMode, orWhenMissing, storeError, syncFolder } from '../../../stores/lmdb/files.ts'
import { CliError, exitCodes } from '../exit.ts'

/** Lies in a folder that is being made; holds the process that makes it. */
const markName = 'unfinished'
/** How systems say that a folder cannot be renamed to the name of one that holds something. */
const takenCodes = new Set(['EEXIST', 'ENOTEMPTY'])

/**
 * Makes a folder so that it is there whole or not at all: it is made under another name, `<target>.part`, and renamed when `make`
 * is done. What a kill left of an earlier try is removed; what this try made is removed when it fails.
 * @throws CliError 75 while another process makes the same folder, 65 where something else bears the other name
 */
export async function wholeFolder<T>(target: string, make: (folder: string) => Promise<T>): Promise<T> {
  const aside = `${target}.part`
  await clear(aside)
  await claim(aside, target)
  try {
    const made = await make(aside)
    await syncFolder(aside)
    // An empty folder may stand where it goes: it was looked at before, and one that is not empty any more stays.
    await orWhenMissing(rmdir(target), undefined)
    await rename(aside, target)
    // Only now: a kill before this leaves what the next try may remove, or a whole folder with a mark that nobody minds.
    await rm(join(target, markName))
    await syncFolder(dirname(target))
    return made
  } catch (thrown) {
    await rm(aside, { recursive: true, force: true })
    if (codeOf(thrown) === '') throw thrown
    throw storeError(thrown, `${target} cannot be written`)
  }
}

/**
 * Whoever makes the folder owns it: what another process made in the same moment is never removed. The folder gets its name with the mark
 * in it, so that a kill never leaves one without; only an empty folder gives way to it.
 */
async function claim(aside: string, target: string): Promise<void> {
  const own = `${aside}-${process.pid}`
  try {
    await mkdir(own, { mode: folderMode })
    await writeFile(join(own, markName), String(process.pid), { mode: fileMode })
    await orWhenMissing(rmdir(aside), undefined)
    await rename(own, aside)
  } catch (thrown) {
    await rm(own, { recursive: true, force: true })
    if (!takenCodes.has(codeOf(thrown))) throw storeError(thrown, `${target} cannot be written`)
    throw new CliError(exitCodes.locked, `another process has just begun to write ${aside}; wait for it, or end it`)
  }
}

/** What stands at a path: nothing, an empty folder, or something. */
export async function standsAt(path: string): Promise<'nothing' | 'a folder' | 'a file'> {
  const found = await orWhenMissing(lstat(path), undefined)
  if (found === undefined) return 'nothing'
  return found.isDirectory() ? 'a folder' : 'a file'
}

/** Removes what a kill left under the other name, or on its way to it. */
async function clear(aside: string): Promise<void> {
  const names = await orWhenMissing(readdir(dirname(aside)), [])
  const begun = names.filter((name) => name.startsWith(`${basename(aside)}-`))
  for (const name of begun) {
    const pid = name.slice(basename(aside).length + 1)
    const left = /^\d+$/.test(pid) && (Number(pid) === process.pid || !isAlive(Number(pid)))
    if (left) await rm(join(dirname(aside), name), { recursive: true, force: true })
  }
  await clearMarked(aside)
}

async function clearMarked(aside: string): Promise<void> {
  const stands = await standsAt(aside)
  if (stands === 'nothing' || (stands === 'a folder' && (await readdir(aside)).length === 0)) return
  const mark = await readFile(join(aside, markName), 'utf8').catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return undefined
    throw thrown
  })
  if (mark === undefined) {
    throw new CliError(exitCodes.data, `${aside} is in the way, and it is no unfinished work; move it away`)
  }
  if (isAlive(Number(mark))) {
    throw new CliError(exitCodes.locked, `process ${mark} is writing ${aside}; wait for it, or end it`)
  }
  await rm(aside, { recursive: true, force: true })
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM'
  }
}
