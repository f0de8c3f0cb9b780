import { EngineError, reasonOf } from '../errors.ts'
import { EngineStarted } from '../flow/event.ts'
import { Core, type Parts } from '../tick.ts'
import { runtimeName, version } from '../version.ts'
import { recordText } from './frame.ts'
import { decodeEntry, type Entry, recordFormat } from './journal.ts'
import { Marker } from './mark.ts'
import { readSnapshot } from './read.ts'
import type { Snapshot } from './snapshot.ts'
import type { Store } from './store.ts'

/** Who wrote a stretch of the journal. */
export type Writer = { readonly version: string; readonly runtime: string; readonly format: number }

export type Recovered = {
  readonly core: Core
  /** Tick of the newest journal entry, 0 when there is none. */
  readonly journal_tick: number
  /** Tick of the snapshot it began from, 0 for genesis. */
  readonly snapshot_tick: number
  readonly ticks_replayed: number
  /** Bytes of the journal after that snapshot: what the next start would have to replay. */
  readonly journal_bytes: number
  /** What a person should know, one sentence each. */
  readonly warnings: readonly string[]
  /** Knows the rows of fixed tables that came out of the snapshot. */
  readonly marker: Marker
}

export type CoreOptions = { readonly ran?: (index: number) => void; readonly backoff_max_ms: number }

/** A core without a past, reading its records from a store. */
export function freshCore(parts: Parts, store: Store, options: CoreOptions): Core {
  return new Core(parts, { ...options, read: (table, id) => readRecord(store, table, id) })
}

/** A record's text out of its frame. @throws EngineError RECORD_DAMAGED */
export function readRecord(store: Pick<Store, 'read'>, table: string, id: number): string | undefined {
  const framed = store.read(table, id)
  return framed === undefined ? undefined : recordText(framed, table, id)
}

/**
 * The world as of the newest whole entry: newest valid snapshot, then the journal after it. Changes nothing but a
 * torn last entry, which it drops; so it can be killed and repeated.
 * @throws EngineError JOURNAL_DAMAGED, JOURNAL_VERSION, REPLAY_DIVERGED, STORE_DAMAGED
 */
export async function recover(parts: Parts, store: Store, head: number, options: CoreOptions): Promise<Recovered> {
  const warnings: string[] = []
  const fresh = (): Core => freshCore(parts, store, options)
  const marker = new Marker()
  const { core, snapshot } = (await newestSnapshot(fresh, store, { head, warnings, marker })) ?? { core: fresh() }
  const from = snapshot?.head.journal_tick ?? 0
  let journal_tick = from
  let writer: Writer = snapshot?.head ?? { version: '', runtime: '', format: 0 }
  let ticks_replayed = 0
  let journal_bytes = 0
  for (const { tick, bytes } of store.journal(from + 1)) {
    const entry = await wholeEntry(store, tick, bytes, head, warnings)
    if (entry === undefined) break
    for (const event of entry.events) if (EngineStarted.is(event)) writer = event.payload
    replayEntry(core, entry, writer)
    ticks_replayed++
    journal_bytes += bytes.byteLength
    journal_tick = tick
  }
  const snapshot_tick = snapshot?.head.state.tick ?? 0
  return { core, journal_tick, snapshot_tick, ticks_replayed, journal_bytes, warnings, marker }
}

/** Runs the idle ticks before an entry and the entry itself, and holds the digest against the record. */
export function replayEntry(core: Core, entry: Entry, writer: Writer): void {
  runIdle(core, entry.head.tick - 1)
  core.apply(entry.events)
  const digest = core.link(entry.batchText)
  if (digest === entry.head.digest) return
  const own = writer.version === version && writer.runtime === runtimeName && writer.format === recordFormat
  throw new EngineError(
    own ? 'REPLAY_DIVERGED' : 'JOURNAL_VERSION',
    `tick ${entry.head.tick} was written by version ${writer.version} on ${writer.runtime} and computes differently here; let that version stop cleanly first, or fork from an earlier snapshot`,
    { value: { tick: entry.head.tick, writer: writer.version, recorded: entry.head.digest, computed: digest } },
  )
}

/** Runs the ticks up to and including `tick` that were not journaled because nothing happened in them. */
export function runIdle(core: Core, tick: number): void {
  while (core.tick < tick) {
    if (!core.apply([]).idle) {
      throw new EngineError('REPLAY_DIVERGED', `tick ${core.tick} was idle when it ran and is not here`, {
        value: { tick: core.tick },
      })
    }
  }
}

/** Puts a snapshot into a fresh core. */
export function restoreSnapshot(core: Core, snapshot: Snapshot): void {
  core.world.restore(snapshot.head.shape, snapshot.bytes)
  core.restore(snapshot.head.state)
}

async function newestSnapshot(
  fresh: () => Core,
  store: Store,
  about: { head: number; warnings: string[]; marker: Marker },
): Promise<{ core: Core; snapshot?: Snapshot } | undefined> {
  const { head, warnings, marker } = about
  for (const tick of store.snapshots()) {
    const core = fresh()
    try {
      const snapshot = await readSnapshot(core, (at, into) => store.readSnapshot(tick, at, into))
      if (snapshot.head.journal_tick > head) {
        throw new EngineError('STORE_DAMAGED', `snapshot ${tick} is newer than the journal, which ends at ${head}`, {
          value: { snapshot: snapshot.head.journal_tick, journal: head },
        })
      }
      restoreSnapshot(core, snapshot)
      marker.know(core, snapshot.sums)
      return { core, snapshot }
    } catch (thrown) {
      if (thrown instanceof EngineError && thrown.code === 'STORE_DAMAGED') throw thrown
      warnings.push(`snapshot ${tick} was passed over: ${reasonOf(thrown)}`)
    }
  }
  return undefined
}

async function wholeEntry(
  store: Store,
  tick: number,
  bytes: Uint8Array,
  head: number,
  warnings: string[],
): Promise<Entry | undefined> {
  try {
    return decodeEntry(bytes, tick)
  } catch (thrown) {
    if (tick !== head) throw thrown
    await store.truncateJournal(tick)
    warnings.push(`the last journal entry (tick ${tick}) was torn and has been dropped: ${reasonOf(thrown)}`)
    return undefined
  }
}
