import { statSync } from 'node:fs'
import { reasonOf } from '../../engine/errors.ts'
import { journalName } from '../keys.ts'
import {
  entryCount,
  type Journal,
  keyTick,
  openForReading,
  openJournal,
  openRecords,
  ownCopy,
  pagesEnd,
  type Records,
  tableNames,
} from './environment.ts'

/**
 * A program of its own: `preflight <data file> <budget in milliseconds>`.
 * LMDB trusts its file, and a damaged one kills the process that reads it. So this process reads it first.
 * It prints one line of JSON, a `Verdict`, or dies, which is a verdict too.
 */
export type Verdict =
  | { readonly ok: true; readonly complete: boolean; readonly entries_read: number; readonly entries: number }
  | { readonly ok: false; readonly reason: string }

type Entry = { readonly key: number | Uint8Array; readonly value: Uint8Array }
type Walk = {
  readonly table: string
  readonly entries: Iterator<Entry>
  /** The key of the entry that was read last; the next one's must be smaller. */
  key: number
  read: number
  done: boolean
}

async function examine(path: string, budget_ms: number): Promise<Verdict> {
  // A value may claim to be as long as 32 bits can say. So much is mapped that reading it runs beyond the end of the file,
  // which ends this process as it would end the writer; beyond a smaller map other memory might be read instead.
  const environment = await openForReading(path, 2 ** 32 + 2 * statSync(path).size)
  const tables = new Map<string, Records | Journal>()
  // Opening a table ends the read transaction, and with it every cursor: all are opened before the first walk.
  for (const name of tableNames(environment)) {
    const table = name === journalName ? openJournal(environment) : openRecords(environment, name)
    if (table === undefined) return { ok: false, reason: `table ${name} cannot be opened` }
    tables.set(name, table)
  }
  let entries = 0
  const walks: Walk[] = []
  for (const [name, table] of tables) {
    entries += entryCount(table)
    const range: Iterable<Entry> = table.getRange({ reverse: true })
    walks.push({ table: name, entries: range[Symbol.iterator](), key: Number.POSITIVE_INFINITY, read: 0, done: false })
  }
  // With a page missing at the end, only a walk over everything tells whether the page was in use.
  const whole = pagesEnd(environment) > statSync(path).size
  const complete = walkNewestFirst(walks, whole ? Number.POSITIVE_INFINITY : budget_ms)
  const entries_read = walks.reduce((sum, walk) => sum + walk.read, 0)
  if (complete && entries_read !== entries) {
    return { ok: false, reason: `${entries} entries should be there and ${entries_read} were found` }
  }
  return { ok: true, complete, entries_read, entries }
}

/** Touches entries, newest first, half of the time in the journal; true when everything was touched. */
function walkNewestFirst(walks: readonly Walk[], budget_ms: number): boolean {
  const end = performance.now() + budget_ms
  const journal = walks.filter((walk) => walk.table === journalName)
  const records = walks.filter((walk) => walk.table !== journalName)
  for (const walk of journal) touch(walk, end - budget_ms / 2)
  records.forEach((walk, index) => {
    const now = performance.now()
    touch(walk, now + (end - now) / (records.length - index))
  })
  for (const walk of walks) touch(walk, end)
  return walks.every((walk) => walk.done)
}

function touch(walk: Walk, end: number): void {
  while (!walk.done && !(performance.now() > end)) {
    for (let step = 0; step < 64 && !walk.done; step++) {
      const next = walk.entries.next()
      if (next.done === true) walk.done = true
      else reach(walk, next.value)
    }
  }
}

/**
 * Reads an entry as its readers will. A damaged key would be found under another one's number, so keys must be in
 * order; a damaged length reaches beyond the file, which shows only when the bytes themselves are touched.
 */
function reach(walk: Walk, { key, value }: Entry): void {
  const number = typeof key === 'number' ? key : keyTick(key)
  if (!(number < walk.key)) throw new Error(`table ${walk.table} is not in order at ${number}`)
  walk.key = number
  walk.read++
  ownCopy(value)
}

const [path, budget] = process.argv.slice(2)
let verdict: Verdict
try {
  verdict = await examine(String(path), Number(budget))
} catch (thrown) {
  verdict = { ok: false, reason: reasonOf(thrown) }
}
process.stdout.write(`${JSON.stringify(verdict)}\n`)
process.exitCode = verdict.ok ? 0 : 1
