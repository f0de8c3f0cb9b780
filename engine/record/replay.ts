import { EngineError } from '../errors.ts'
import type { Core, Parts } from '../tick.ts'
import { decodeEntry, type Entry, type EntryHead } from './journal.ts'
import { firstDifference, markOf } from './mark.ts'
import { freshCore, restoreSnapshot, runIdle } from './recover.ts'
import { decodeSnapshot } from './snapshot.ts'
import type { Store } from './store.ts'
import type { Pause } from './visit.ts'

/** Entries between two moments at which others have their turn. */
const sliceEntries = 64

export type Difference = {
  readonly tick: number
  /** The system whose outputs differ; undefined when only the world does. */
  readonly system?: string
  /** The first column that differs, where the record carries a mark of the world. */
  readonly column?: string
}
export type ReplayReport = {
  /** Ticks that were run again, idle ones included. */
  readonly ticks: number
  /** Entries of the journal among them. */
  readonly entries: number
  readonly identical: boolean
  readonly first_difference: Difference | null
  /** Digest of the chain after the last entry. */
  readonly digest: string
  /** The world as it stood there, for looking at. */
  readonly core: Core
}
export type ReplayOptions = {
  /** A snapshot's tick to begin from; 0 or nothing begins at genesis, or where the past was dropped. */
  readonly from?: number
  /** The last tick to run. */
  readonly until?: number
  readonly backoff_max_ms: number
  /** Awaited now and then, so that others have their turn; where it throws the replay ends. */
  readonly pause?: Pause | undefined
}

/**
 * Runs a journal again without any adapter and holds every tick against the record. O(journal). Writes nothing.
 * @throws EngineError SNAPSHOT_DAMAGED, JOURNAL_DAMAGED
 */
export async function replayJournal(parts: Parts, store: Store, options: ReplayOptions): Promise<ReplayReport> {
  const core = freshCore(parts, store, options)
  const until = options.until ?? Number.MAX_SAFE_INTEGER
  const after = await begin(core, store, options.from || beginningOf(store))
  const firstTick = core.tick
  let entries = 0
  let difference: Difference | undefined
  for (const { tick, bytes } of store.journal(after + 1, until)) {
    difference = replayAgainst(core, decodeEntry(bytes, tick))
    entries++
    if (difference !== undefined) break
    if (entries % sliceEntries === 0) await options.pause?.()
  }
  if (difference === undefined && options.until !== undefined) runIdle(core, options.until)
  return {
    ticks: core.tick - firstTick,
    entries,
    identical: difference === undefined,
    first_difference: difference ?? null,
    digest: core.digest,
    core,
  }
}

/** Where the past begins: genesis, or the oldest snapshot when all before it has been dropped. */
function beginningOf(store: Store): number {
  for (const { tick } of store.journal(0)) return tick === 1 ? 0 : (store.snapshots().at(-1) ?? 0)
  return 0
}

async function begin(core: Core, store: Store, from: number): Promise<number> {
  if (from === 0) return 0
  const file = await store.loadSnapshot(from)
  if (file === undefined)
    throw new EngineError('SNAPSHOT_DAMAGED', `there is no snapshot of tick ${from}`, { value: from })
  const snapshot = decodeSnapshot(file)
  restoreSnapshot(core, snapshot)
  return snapshot.head.journal_tick
}

function replayAgainst(core: Core, entry: Entry): Difference | undefined {
  const { tick } = entry.head
  while (core.tick + 1 < tick) {
    if (!core.apply([]).idle) return { tick: core.tick, ...systemOf({}, core.outcome.outputs) }
  }
  core.apply(entry.events)
  const digest = core.link(entry.batchText)
  if (digest !== entry.head.digest) return { tick, ...systemOf(entry.head.outputs, core.outcome.outputs) }
  if (entry.head.world === undefined) return undefined
  const column = firstDifference(entry.head.world, markOf(core))
  return column === undefined ? undefined : { tick, column }
}

function systemOf(recorded: EntryHead['outputs'], computed: EntryHead['outputs']): { system?: string } {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(computed)])]
  const system = names.find((name) => recorded[name] !== computed[name])
  return system === undefined ? {} : { system }
}
