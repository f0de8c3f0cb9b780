import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import { EngineError, reasonOf } from '../errors.ts'
import type { Log } from '../flow/adapter.ts'
import type { Parcel } from '../flow/inbox.ts'
import type { Limits } from '../limits.ts'
import { type Core, outboxTable } from '../tick.ts'
import type { Trace } from '../trace.ts'
import { EntryWriter } from './entry.ts'
import { frameText, recordName } from './frame.ts'
import type { EntryHead } from './journal.ts'
import { type Marker, worldBytes } from './mark.ts'
import { copyBytes, copyWorld, encodeSnapshot } from './snapshot.ts'
import type { Commit, Put, Store } from './store.ts'

/** Where the engine's own records rest: requests of open effects, and events that made a system throw. */
export const ownTables = { outbox: outboxTable, dead: 'dead' } as const

export type About = { readonly version: string; readonly runtime: string }
const retryFull_ms = 500
/** Journal behind the snapshot of a resting world that is worth a new one: so much, and such a share of the world. */
const restBytes = 1_048_576
const restShare = 128
/** How much memory is touched at once, about 2 ms. */
const touchBytes = 1 << 21

/** Makes ticks durable: encodes what they asked for, commits it, and takes snapshots. The only writer of the store. */
export class Recorder {
  readonly #core: Core
  readonly #store: Store
  readonly #limits: Limits
  readonly #log: Log
  readonly #trace: Trace
  readonly #about: About
  readonly #entries = new EntryWriter()
  readonly #marker: Marker
  #journalBytes: number
  #restedAt = -1
  #markBytes = 0
  #saving: Promise<void> | undefined
  #preparing: Promise<void> | undefined
  /** Memory for the next copy of the world. */
  #room: Uint8Array | undefined
  #committing: Promise<void> | undefined
  #stopped = false
  #broken = false
  /** Tick of the newest journal entry. */
  journal_tick: number
  snapshot_tick: number
  /** True while the disk is full: the world is held at this tick and the same commit is tried again. */
  full = false

  constructor(
    core: Core,
    store: Store,
    options: {
      limits: Limits
      log: Log
      trace: Trace
      about: About
      journal_tick: number
      snapshot_tick: number
      journal_bytes: number
      marker: Marker
    },
  ) {
    this.#core = core
    this.#store = store
    this.#limits = options.limits
    this.#log = options.log
    this.#trace = options.trace
    this.#about = options.about
    this.#marker = options.marker
    this.journal_tick = options.journal_tick
    this.snapshot_tick = options.snapshot_tick
    // What was replayed counts too: a process that never lives long enough must not replay more at every start.
    this.#journalBytes = options.journal_bytes
  }

  /** Resolves when the tick that `core` has just run is durable. @throws EngineError STORE_IO, STORE_GONE */
  async commit(parcels: readonly Parcel[], more: readonly Put[]): Promise<void> {
    const commit = this.#encode(parcels, more)
    this.#committing = this.#write(commit)
    try {
      await this.#committing
    } catch (thrown) {
      this.#broken = true
      throw thrown
    } finally {
      this.#committing = undefined
    }
    this.journal_tick = commit.tick
    this.#journalBytes += commit.entry?.byteLength ?? 0
    if (this.#journalBytes >= this.#limits.snapshot_bytes) this.#snapshotDue()
  }

  /** Writes records outside any tick. */
  async put(puts: readonly Put[]): Promise<void> {
    await this.#write({ tick: this.journal_tick, entry: null, puts })
  }

  /** Copies the world, once the tick that is being committed is durable, and resolves when the copy has its name. */
  async snapshot(): Promise<void> {
    // A small world is copied in the very tick in which it was asked for.
    const large = this.#room === undefined && copyBytes(this.#core) > touchBytes
    if (large && this.#saving === undefined) await this.#prepared()
    while (this.#saving !== undefined || this.#committing !== undefined) {
      await Promise.allSettled([this.#saving, this.#committing])
    }
    if (this.#broken) return
    this.#snapshotSoon()
    await this.#saving
  }

  /**
   * Asked every few seconds: a world that has come to rest far behind its snapshot is copied, so that after a kill little has
   * to be run again. A large world is copied for a longer tail, because copying it costs more.
   */
  rest(): void {
    const resting = this.journal_tick === this.#restedAt && this.#committing === undefined && !this.#broken
    this.#restedAt = this.journal_tick
    if (resting && this.#journalBytes >= Math.max(restBytes, worldBytes(this.#core) / restShare)) this.#snapshotDue()
  }

  /** No commit is tried again after this. */
  stop(): void {
    this.#stopped = true
  }

  #encode(parcels: readonly Parcel[], more: readonly Put[]): Commit {
    const { outcome, tick } = this.#core
    const batch = this.#entries.batch(parcels)
    const digest = this.#core.link(batch)
    const head: EntryHead = { tick, digest, outputs: outcome.outputs, ...this.#mark(batch.byteLength) }
    const puts: Put[] = [...outcome.puts]
    for (const { effect_id, bytes } of outcome.requests) puts.push({ table: ownTables.outbox, key: effect_id, bytes })
    for (const effect_id of outcome.settled) puts.push({ table: ownTables.outbox, key: effect_id, bytes: null })
    for (const put of more) puts.push(put)
    return { tick, entry: this.#entries.entry(head), puts }
  }

  /** A mark reads the whole world, so one is due only after as many bytes of journal: its cost stays a constant share. */
  #mark(bytes: number): { world?: EntryHead['world'] & {} } {
    this.#markBytes -= bytes + 512
    if (this.#markBytes > 0) return {}
    this.#markBytes = worldBytes(this.#core) * 4
    return { world: this.#marker.mark(this.#core) }
  }

  async #write(commit: Commit): Promise<void> {
    for (;;) {
      try {
        await this.#store.commit(commit)
        if (this.full) this.#log.info({ tick: commit.tick }, 'there is room again; going on')
        this.full = false
        return
      } catch (thrown) {
        if (!(thrown instanceof EngineError) || thrown.code !== 'STORE_FULL' || this.#stopped) throw thrown
        if (!this.full) this.#log.error({ code: thrown.code, tick: commit.tick }, `${thrown.message}; free some space`)
        this.full = true
        await sleep(retryFull_ms)
      }
    }
  }

  /** A large world is copied at a later commit, when there is room for the copy. */
  #snapshotDue(): void {
    if (this.#saving !== undefined || this.#preparing !== undefined) return
    if (this.#room !== undefined || copyBytes(this.#core) <= touchBytes) return this.#snapshotSoon()
    void this.#prepared()
  }

  /** Resolves when there is room for a copy of the world, so that the tick need not wait until fresh memory is there. */
  #prepared(): Promise<void> {
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined
    })
    return this.#preparing
  }

  async #prepare(): Promise<void> {
    const bytes = this.#room === undefined ? copyBytes(this.#core) : 0
    if (bytes <= touchBytes) return
    try {
      this.#room = await touched(bytes + Math.floor(bytes / 8))
    } catch (thrown) {
      // The copy then takes fresh memory, and longer.
      this.#room = new Uint8Array(0)
      this.#log.warn({ reason: reasonOf(thrown) }, 'there was no memory to prepare a snapshot in')
    }
  }

  #snapshotSoon(): void {
    if (this.#saving !== undefined) return
    const began = performance.now()
    const { tick } = this.#core
    const snapshot = copyWorld(this.#core, { ...this.#about, journal_tick: this.journal_tick }, this.#room)
    this.#room = undefined
    this.#trace.snapshotPause_ms = Math.max(this.#trace.snapshotPause_ms, performance.now() - began)
    this.#journalBytes = 0
    this.#saving = this.#store
      .saveSnapshot(tick, encodeSnapshot(snapshot))
      .then(() => {
        this.snapshot_tick = tick
      })
      .catch((thrown: unknown) => {
        // The journal still holds everything, so a snapshot that could not be written costs only time at the next start.
        this.#log.warn({ tick, reason: reasonOf(thrown) }, 'the snapshot could not be written')
      })
      .finally(() => {
        this.#saving = undefined
      })
  }
}

/** A put of a text, framed under its record's name. */
export function textPut(table: string, key: number, text: string): Put {
  return { table, key, bytes: frameText(text, recordName(table, key)) }
}

/** Touching memory for the first time takes longer than filling it, so it is done bit by bit between the ticks. */
async function touched(bytes: number): Promise<Uint8Array> {
  const room = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += touchBytes) {
    room.fill(0, at, at + touchBytes)
    await immediate()
  }
  return room
}
