import type { JournalEntry } from '../../engine/record/store.ts'
import { keyMax } from '../keys.ts'
import { type Journal, keyTick, ownCopy, type Records, tickKey } from './environment.ts'

/**
 * An open cursor keeps every page that is replaced meanwhile, and the file grows.
 * So a walk takes a page of entries, lets go, and looks up where it was.
 */
const journalPageEntries = 256
const journalPageBytes = 4 << 20
const keyPage = 4096

/** Keys of a table, ascending. */
export function* recordKeys(records: Records): Generator<number> {
  for (let start = 1; start <= keyMax; ) {
    const page = [...records.getKeys({ start, limit: keyPage })]
    yield* page
    if (page.length < keyPage) return
    start = (page.at(-1) ?? keyMax) + 1
  }
}

/** Journal entries with `from <= tick <= to`, ascending. */
export function* journalEntries(journal: Journal, from: number, to: number): Generator<JournalEntry> {
  for (let start = from; start <= to; ) {
    const page = journalPage(journal, start, to)
    const last = page.at(-1)
    if (last === undefined) return
    yield* page
    start = last.tick + 1
  }
}

function journalPage(journal: Journal, from: number, to: number): JournalEntry[] {
  const page: JournalEntry[] = []
  let bytes = 0
  const range = { start: tickKey(from), end: tickKey(to), inclusiveEnd: true, limit: journalPageEntries }
  for (const { key, value } of journal.getRange(range)) {
    page.push({ tick: keyTick(key), bytes: ownCopy(value) })
    bytes += value.length
    if (bytes >= journalPageBytes) break
  }
  return page
}

/** Tick of the newest journal entry; 0 when there is none. */
export function newestTick(journal: Journal): number {
  const [newest] = [...journal.getKeys({ reverse: true, limit: 1 })]
  return newest === undefined ? 0 : keyTick(newest)
}
