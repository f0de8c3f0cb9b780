import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../../../engine/engine.ts'
import { orWhenMissing, replaceFile, syncFolder } from '../../../stores/lmdb/files.ts'
import { answerOfArchive } from '../desk/archive.ts'
import { type Archived, sumsName } from './journal.ts'

/** How long the journal is kept where it can be replayed, and how long its archives are, in milliseconds. */
export type Retention = {
  /** Where archives go; an absolute path. */
  readonly folder: string
  /** The journal is archived when its oldest tick, or the newest archive, is so old. */
  readonly every_ms: number
  /** Archives that are older are removed; undefined: none is. */
  readonly keep_ms: number | undefined
}

/** What was done: an archive that was written, and names of those that were removed. */
export type Retained = { readonly archived: Archived | undefined; readonly removed: readonly string[] }

const archiveName = /^journal-\d+-\d+\.jsonl\.gz$/
/** Entries that are looked through for the time of the oldest. Each start of the engine sets the clock. */
const entriesLooked = 10_000

/**
 * Archives the journal when it is time, and removes archives that are too old.
 * @param now_ms Unix milliseconds
 * @throws CliError 74 when the archive cannot be written; other errors of the file system
 */
export async function retain(engine: Engine, retention: Retention, now_ms: number): Promise<Retained> {
  const { folder, every_ms, keep_ms } = retention
  const archives = await archivesIn(folder)
  const newest_ms = archives.reduce((newest, { written_ms }) => Math.max(newest, written_ms), 0)
  const since_ms = Math.max(newest_ms, oldestOf(engine) ?? 0)
  const isDue = since_ms > 0 && now_ms - since_ms >= every_ms
  const archived = isDue ? (await answerOfArchive(engine, { ask: 'archive', folder })).archived : null
  const old = keep_ms === undefined ? [] : archives.filter(({ written_ms }) => now_ms - written_ms > keep_ms)
  const removed = old.map(({ name }) => name)
  if (removed.length > 0) await remove(folder, new Set(removed))
  return { archived: archived ?? undefined, removed }
}

/** Archives of a folder, and when they were written. */
async function archivesIn(folder: string): Promise<{ name: string; written_ms: number }[]> {
  const names = (await orWhenMissing(readdir(folder), [])).filter((name) => archiveName.test(name))
  return Promise.all(names.map(async (name) => ({ name, written_ms: (await stat(join(folder, name))).mtimeMs })))
}

/** When the oldest entry that tells a time was made; undefined when none does. */
function oldestOf(engine: Engine): number | undefined {
  let looked = 0
  for (const { lines } of engine.past.entries(engine.tick)) {
    for (const line of lines.split('\n').slice(1)) {
      if (!line.includes('"clock.set"')) continue
      const { type, payload } = JSON.parse(line) as { type: string; payload: { now_ms?: unknown } }
      if (type === 'clock.set' && typeof payload.now_ms === 'number') return payload.now_ms
    }
    if (++looked === entriesLooked) return undefined
  }
  return undefined
}

/** The sums go first: whoever checks them in between misses no file. */
async function remove(folder: string, names: ReadonlySet<string>): Promise<void> {
  const path = join(folder, sumsName)
  const sums = await orWhenMissing(readFile(path, 'utf8'), '')
  const left = sums.split('\n').filter((line) => line !== '' && !names.has(line.slice(line.indexOf(' ') + 2)))
  if (left.length === 0) await rm(path, { force: true })
  else await replaceFile(path, [Buffer.from(`${left.join('\n')}\n`)])
  for (const name of names) await rm(join(folder, name), { force: true })
  await syncFolder(folder)
}
