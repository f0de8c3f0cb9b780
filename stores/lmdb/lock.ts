import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import { createPrivateFile, orWhenMissing, replaceFile, storeError } from './files.ts'

/**
 * One writer per folder. The lock is SQLite's exclusive lock on an empty file: the kernel frees it when the process dies,
 * however it dies, so a lock is never stale and nothing has to be guessed from a process id.
 * Such a lock is lost when its own process opens and closes the file by other means: nothing else may open `lock`.
 */
export type Lock = {
  /** Who held the folder before and did not give it back. */
  readonly previous: Holder | undefined
  release(): Promise<void>
}

/** Who holds the folder: told to people, never decided by. */
export type Holder = { readonly pid: number; readonly since: string }

const busy = 5
const notADatabase = 26
/** How long two starters that block each other sort it out, in milliseconds. */
const patienceMs = 200

/**
 * Takes the lock of a folder.
 * @throws EngineError STORE_LOCKED naming the holder, STORE_PERMISSION, STORE_IO, STORE_DAMAGED
 */
export async function takeLock(folder: string): Promise<Lock> {
  const path = join(folder, 'lock')
  const holderPath = join(folder, 'holder.json')
  try {
    await createPrivateFile(path)
  } catch (thrown) {
    throw storeError(thrown, `${path} cannot be made`)
  }
  const database = openExclusively(path)
  if (database === undefined) throw await lockedBy(folder, holderPath)
  try {
    const previous = await readHolder(holderPath)
    const holder: Holder = { pid: process.pid, since: new Date().toISOString() }
    await replaceFile(holderPath, [Buffer.from(`${JSON.stringify(holder)}\n`)])
    return {
      previous,
      async release() {
        try {
          await rm(holderPath, { force: true })
        } finally {
          database.close()
        }
      },
    }
  } catch (thrown) {
    database.close()
    throw storeError(thrown, `${holderPath} cannot be written`)
  }
}

function openExclusively(path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: patienceMs })
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (thrown) {
    database?.close()
    const code = thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : 0
    if (code === busy) return undefined
    if (code === notADatabase) {
      throw new EngineError('STORE_DAMAGED', `${path} is not a lock file; remove it when no daemon is running`, {
        value: path,
      })
    }
    throw new EngineError('STORE_IO', `${path} cannot be locked: ${reasonOf(thrown)}`, { value: path, cause: thrown })
  }
}

async function lockedBy(folder: string, holderPath: string): Promise<EngineError> {
  let holder = await readHolder(holderPath)
  // The winner of a race has the lock a moment before it has written its name.
  for (let tries = 0; tries < 20 && (holder === undefined || !isAlive(holder.pid)); tries++) {
    await sleep(10)
    holder = await readHolder(holderPath)
  }
  const by = holder === undefined ? 'another process' : `pid ${holder.pid} since ${holder.since}`
  const advice = 'stop that process or name another data directory'
  return new EngineError('STORE_LOCKED', `${folder} is locked by ${by}; ${advice}`, { value: holder?.pid ?? folder })
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await orWhenMissing(readFile(path, 'utf8'), undefined)
  const match = /"pid":(\d+),"since":"([^"]+)"/.exec(text ?? '')
  return match === null ? undefined : { pid: Number(match[1]), since: String(match[2]) }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}
