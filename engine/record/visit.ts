import { EngineError, reasonOf } from '../errors.ts'
import { type Log, silent } from '../flow/adapter.ts'
import type { Core, Parts } from '../tick.ts'
import { runtimeName, version } from '../version.ts'
import { decodeEntry, type Entry } from './journal.ts'
import { readSnapshot } from './read.ts'
import { type CoreOptions, freshCore, restoreSnapshot } from './recover.ts'
import { encodeSnapshot, lendWorld } from './snapshot.ts'
import type { JournalEntry, Keyframes, Store } from './store.ts'

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

/** Hears of every entry that is replayed. */
export type Watching = {
  readonly pause?: Pause | undefined
  /** Before it is applied. */
  before?(core: Core, entry: Entry): void
  /** After its tick. */
  after?(core: Core): void
}

/** Ticks without, and ticks with events between two moments at which others have their turn. */
const sliceTicks = 1_024
const sliceEntries = 16

/** Where to go, and from which snapshots that may begin; undefined: from any, or from a keyframe. */
type Wanted = { readonly tick: number; readonly log?: Log; readonly snapshots?: readonly number[] | undefined }

/** Journal that was replayed for a visit from which on it is worth a keyframe: about a second of replay. */
const worthBytes = 1 << 23

/**
 * The world as it was after a tick, made anew beside the one that runs: the newest snapshot before it, and the journal since. The
 * record is not written and nothing leaves; where the store has room for keyframes, a long replay leaves one. O(journal since the snapshot).
 * @param options `pause` is awaited now and then, so that whoever runs beside it is not held up
 * @throws EngineError TICK_GONE when the record does not reach back so far, or not yet so far; REPLAY_DIVERGED, JOURNAL_DAMAGED, SNAPSHOT_DAMAGED
 */
export async function visit(parts: Parts, store: Store, options: CoreOptions & Watching & Wanted): Promise<Visit> {
  const { tick } = options
  const begun = await nearest(() => freshCore(parts, store, options), store, options)
  const progress = { core: begun.core, journal_tick: begun.journal_tick }
  const bytes = await advance(progress, store, tick, options)
  if (bytes >= worthBytes && store.keyframes !== undefined) await keep(store.keyframes, progress, options.log)
  return { ...progress, from_tick: begun.from_tick }
}

async function keep(keyframes: Keyframes, { core, journal_tick }: Progress, log: Log = silent): Promise<void> {
  const { tick } = core
  try {
    await keyframes.save(tick, encodeSnapshot(lendWorld(core, { version, runtime: runtimeName, journal_tick })))
  } catch (thrown) {
    // The visit is as good without it; only the next one takes as long again.
    log.warn({ tick, reason: reasonOf(thrown) }, 'no keyframe of the visit could be kept')
  }
}

/** Replays from where a core stands to a later tick, and resolves with the bytes of journal that took. O(journal and ticks between). */
export async function advance(
  progress: Progress,
  store: Store,
  until: number,
  watching: Watching = {},
): Promise<number> {
  const { core } = progress
  let read = 0
  for (let slice = entriesAfter(store, progress.journal_tick, until); slice.length > 0; ) {
    for (const { tick, bytes } of slice) {
      const entry = decodeEntry(bytes, tick)
      await idle(core, tick - 1, watching.pause)
      watching.before?.(core, entry)
      core.apply(entry.events)
      assertSame(entry, core.link(entry.batchText))
      watching.after?.(core)
      progress.journal_tick = tick
      read += bytes.byteLength
    }
    await watching.pause?.()
    slice = entriesAfter(store, progress.journal_tick, until)
  }
  await idle(core, until, watching.pause)
  return read
}

/** What computes differently here is not the past, however much it looks like it. */
function assertSame({ head }: Entry, computed: string): void {
  if (head.digest === computed) return
  throw new EngineError(
    'REPLAY_DIVERGED',
    `tick ${head.tick} computes differently here than when it was written, perhaps by another version; promethean replay says where it begins`,
    { value: { tick: head.tick, recorded: head.digest, computed } },
  )
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

type Begun = { readonly core: Core; readonly from_tick: number; readonly journal_tick: number }

/** The newest snapshot or keyframe that is not after the tick, in a core; none where the journal holds everything. */
async function nearest(
  fresh: () => Core,
  store: Store,
  { tick: wanted, log = silent, snapshots }: Wanted,
): Promise<Begun> {
  const snapshot = (snapshots ?? store.snapshots()).find((tick) => tick <= wanted)
  if (snapshots === undefined) {
    const keyframe = await orNone(log, () => fromKeyframe(fresh, store, snapshot ?? 0, wanted))
    if (keyframe !== undefined) return keyframe
  }
  const core = fresh()
  if (snapshot !== undefined) {
    const read = await readSnapshot(core, (at, into) => store.readSnapshot(snapshot, at, into))
    restoreSnapshot(core, read)
    return { core, from_tick: snapshot, journal_tick: read.head.journal_tick }
  }
  if (oldestEntry(store) === 1) return { core, from_tick: 0, journal_tick: 0 }
  throw new EngineError(
    'TICK_GONE',
    `tick ${wanted} is before what the record holds; it begins at ${beginningOf(store)}`,
    { value: wanted },
  )
}

/** A keyframe nearer than the snapshot, if there is one that is whole and of this very record: its digest is the journal's. */
async function fromKeyframe(
  fresh: () => Core,
  store: Store,
  snapshot: number,
  wanted: number,
): Promise<Begun | undefined> {
  const { keyframes } = store
  for (const tick of (await keyframes?.ticks()) ?? []) {
    if (keyframes === undefined || tick > wanted || tick <= snapshot) continue
    const core = fresh()
    const read = await readSnapshot(core, (at, into) => keyframes.read(tick, at, into))
    const { journal_tick, state } = read.head
    const [entry] = [...store.journal(journal_tick, journal_tick)]
    if (entry === undefined || decodeEntry(entry.bytes, journal_tick).head.digest !== state.digest) continue
    restoreSnapshot(core, read)
    return { core, from_tick: tick, journal_tick }
  }
  return undefined
}

/** A keyframe that cannot be used is as good as none: everything can be replayed without it. */
async function orNone(log: Log, work: () => Promise<Begun | undefined>): Promise<Begun | undefined> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown
    log.warn({ code: thrown.code, reason: thrown.message }, 'the keyframes of earlier visits are passed over')
    return undefined
  }
}

/**
 * The oldest snapshot from which a visit costs no more than about a second of replay, as the only one of a list; none in it for the
 * beginning, and undefined where each costs more. Whoever wants to know what came before a tick begins there. O(journal that is read)
 */
export function furthestBack(store: Store, tick: number): readonly number[] | undefined {
  const known = store.snapshots().filter((at) => at <= tick)
  if (oldestEntry(store) === 1) known.push(0)
  for (const from of known.reverse()) {
    let bytes = 0
    for (const entry of store.journal(from + 1, tick)) {
      bytes += entry.bytes.byteLength
      if (bytes > worthBytes) break
    }
    if (bytes <= worthBytes) return from === 0 ? [] : [from]
  }
  return undefined
}

function oldestEntry(store: Store): number {
  for (const { tick } of store.journal(0)) return tick
  return 0
}

/** The first tick that can be visited: 1, or the oldest snapshot's where the past was dropped. O(1). */
export function beginningOf(store: Store): number {
  for (const { tick } of store.journal(0)) return tick === 1 ? 1 : (store.snapshots().at(-1) ?? tick)
  return store.snapshots().at(-1) ?? 0
}
