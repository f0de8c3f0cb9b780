import { EngineError } from '../errors.ts'
import type { Core, Parts } from '../tick.ts'
import { decodeEntry } from './journal.ts'
import { readSnapshot } from './read.ts'
import { freshCore, restoreSnapshot } from './recover.ts'
import type { JournalEntry, Store } from './store.ts'

export type Visit = {
  /** The world as it was after the tick; its records are read from the store. */
  readonly core: Core
  /** The snapshot it was replayed from; 0 for the beginning. */
  readonly from_tick: number
}

/** Ticks without, and ticks with events between two moments at which others have their turn. */
const sliceTicks = 1_024
const sliceEntries = 16

/**
 * The world as it was after a tick, made anew beside the one that runs: the newest snapshot before it, and the journal since. Nothing
 * is written and nothing leaves. O(journal since the snapshot).
 * @param options `pause` is awaited now and then, so that whoever runs beside it is not held up
 * @throws EngineError TICK_GONE when the record does not reach back so far, or not yet so far; JOURNAL_DAMAGED, SNAPSHOT_DAMAGED
 */
export async function visit(
  parts: Parts,
  store: Store,
  options: { readonly tick: number; readonly backoff_max_ms: number; pause?(): Promise<void> },
): Promise<Visit> {
  const { tick: wanted, pause } = options
  const core = freshCore(parts, store, options)
  const begun = await nearest(core, store, wanted)
  let slice = 0
  const idle = async (until: number): Promise<void> => {
    while (core.tick < until) {
      core.apply([])
      if (++slice % sliceTicks === 0) await pause?.()
    }
  }
  let last = begun.journal_tick
  for (let entries = some(store, last, wanted); entries.length > 0; entries = some(store, last, wanted)) {
    for (const { tick, bytes } of entries) {
      const entry = decodeEntry(bytes, tick)
      await idle(tick - 1)
      core.apply(entry.events)
      core.link(entry.batchText)
      last = tick
    }
    await pause?.()
  }
  await idle(wanted)
  return { core, from_tick: begun.from_tick }
}

/** The next entries, read at one go: a reader that stays open while others write would keep their old pages from being used again. */
function some(store: Store, after: number, until: number): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (const entry of store.journal(after + 1, until)) if (entries.push(entry) === sliceEntries) break
  return entries
}

/** Puts the newest snapshot that is not after the tick into a core; none where the journal holds everything. */
async function nearest(core: Core, store: Store, wanted: number): Promise<{ from_tick: number; journal_tick: number }> {
  for (const tick of store.snapshots()) {
    if (tick > wanted) continue
    const snapshot = await readSnapshot(core, (at, into) => store.readSnapshot(tick, at, into))
    restoreSnapshot(core, snapshot)
    return { from_tick: tick, journal_tick: snapshot.head.journal_tick }
  }
  for (const { tick } of store.journal(0)) {
    if (tick === 1) return { from_tick: 0, journal_tick: 0 }
    break
  }
  throw new EngineError(
    'TICK_GONE',
    `tick ${wanted} is before what the record holds; it begins at ${beginningOf(store)}`,
    {
      value: wanted,
    },
  )
}

/** The first tick that can be visited: 1, or the oldest snapshot's where the past was dropped. O(1). */
export function beginningOf(store: Store): number {
  for (const { tick } of store.journal(0)) return tick === 1 ? 1 : (store.snapshots().at(-1) ?? tick)
  return store.snapshots().at(-1) ?? 0
}
