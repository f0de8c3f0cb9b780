import { EngineError } from '../errors.ts'
import type { Core, Parts } from '../tick.ts'
import { decodeEntry, type Entry } from './journal.ts'
import { readSnapshot } from './read.ts'
import { type CoreOptions, freshCore, restoreSnapshot } from './recover.ts'
import type { JournalEntry, Store } from './store.ts'

export type Visit = {
  /** The world as it was after the tick; its records are read from the store. */
  readonly core: Core
  /** The snapshot it was replayed from; 0 for the beginning. */
  readonly from_tick: number
  /** Tick of the newest journal entry that is in it. */
  readonly journal_tick: number
}

/** How far a replay has come. */
export type Progress = { readonly core: Core; journal_tick: number }
/** Awaited now and then, so that whoever runs beside a replay is not held up. */
export type Pause = () => Promise<void>

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
  options: CoreOptions & { readonly tick: number; readonly pause?: Pause | undefined },
): Promise<Visit> {
  const core = freshCore(parts, store, options)
  const begun = await nearest(core, store, options.tick)
  const progress = { core, journal_tick: begun.journal_tick }
  await advance(progress, store, options.tick, options)
  return { ...progress, from_tick: begun.from_tick }
}

/** Hears of every entry that is replayed. */
export type Watching = {
  readonly pause?: Pause | undefined
  /** Before it is applied. */
  before?(entry: Entry): void
  /** After its tick. */
  after?(): void
}

/** Replays from where a core stands to a later tick. O(journal and ticks between). */
export async function advance(progress: Progress, store: Store, until: number, watching: Watching = {}): Promise<void> {
  const { core } = progress
  for (let slice = entriesAfter(store, progress.journal_tick, until); slice.length > 0; ) {
    for (const { tick, bytes } of slice) {
      const entry = decodeEntry(bytes, tick)
      await idle(core, tick - 1, watching.pause)
      watching.before?.(entry)
      core.apply(entry.events)
      core.link(entry.batchText)
      watching.after?.()
      progress.journal_tick = tick
    }
    await watching.pause?.()
    slice = entriesAfter(store, progress.journal_tick, until)
  }
  await idle(core, until, watching.pause)
}

/** Runs the ticks in which nothing happened. */
async function idle(core: Core, until: number, pause: Pause | undefined): Promise<void> {
  for (let slice = 1; core.tick < until; slice++) {
    core.apply([])
    if (slice % sliceTicks === 0) await pause?.()
  }
}

/** The next few entries, read at one go: a reader that stays open while others write would keep their old pages from being used again. */
export function entriesAfter(store: Store, after: number, until: number): JournalEntry[] {
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
