import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { assert, EngineError } from '../engine/errors.ts'
import type { Commit, JournalEntry, Store, StoreHead } from '../engine/record/store.ts'
import { assertKey, assertPut, assertTables, assertTick } from './keys.ts'
import { dataPath, prepareStore, rememberSize } from './lmdb/create.ts'
import {
  type Environment,
  entryCount,
  type Journal,
  openEnvironment,
  ownCopy,
  type Records,
  tickKey,
} from './lmdb/environment.ts'
import { assertRoom, commitFailure, inTime, unanswered } from './lmdb/failure.ts'
import { prepareFolder, storeError } from './lmdb/files.ts'
import { type KeyframeFolder, keyframesIn } from './lmdb/keyframes.ts'
import { type Lock, takeLock } from './lmdb/lock.ts'
import type { Manifest } from './lmdb/manifest.ts'
import { checkOptions, defaults, type LmdbOptions } from './lmdb/options.ts'
import { journalEntries, newestTick, recordKeys } from './lmdb/pages.ts'
import { openSnapshots, type Snapshots, settled } from './lmdb/snapshots.ts'

const bytesFreshMs = 1000
const closeDeadlineMs = 5000
/** Journal entries that one transaction removes, so that none becomes too large. */
const droppedAtOnce = 10_000

export type { LmdbOptions }

/** Everything that exists while the store is open. */
type Open = {
  readonly environment: Environment
  readonly journal: Journal
  readonly records: ReadonlyMap<string, Records>
  readonly snapshots: Snapshots
  readonly lock: Lock
  readonly manifest: Manifest
  readonly inode: string
}

/**
 * A store in one folder: LMDB for journal and records, files for snapshots.
 * @param dir made when it is missing, for this user alone; one process writes it at a time
 */
export function lmdb(dir: string, options: LmdbOptions = {}): Store {
  return new LmdbStore(resolve(dir), options)
}

class LmdbStore implements Store {
  readonly name = 'lmdb'
  readonly keyframes: KeyframeFolder
  readonly #folder: string
  readonly #options: LmdbOptions
  #open: Open | undefined
  #opening = false
  /** Ends when every commit asked for so far has ended. */
  #tail: Promise<void> = Promise.resolve()
  /** How many commits have failed: those that waited behind a failed one must not overtake it. */
  #failures = 0
  #failure: EngineError | undefined
  #measured = { at_ms: Number.NEGATIVE_INFINITY, bytes: 0 }

  constructor(folder: string, options: LmdbOptions) {
    this.#folder = folder
    this.#options = options
    this.keyframes = keyframesIn(folder)
  }

  async open(tables: readonly string[]): Promise<StoreHead> {
    assert(this.#open === undefined && !this.#opening, 'ENGINE_STATE', 'the store is open already')
    this.#opening = true
    try {
      const options = { ...defaults, ...checkOptions(this.#options) }
      assertTables(tables)
      const warnings = await prepareFolder(this.#folder)
      const lock = await takeLock(this.#folder)
      try {
        this.#open = await this.#openLocked(tables, options, lock, warnings)
      } catch (thrown) {
        await lock.release()
        throw thrown
      }
      this.#failure = undefined
      return { tick: newestTick(this.#open.journal), warnings }
    } finally {
      this.#opening = false
    }
  }

  async #openLocked(
    tables: readonly string[],
    options: Required<LmdbOptions>,
    lock: Lock,
    warnings: string[],
  ): Promise<Open> {
    if (lock.previous !== undefined) {
      const { pid, since } = lock.previous
      warnings.push(
        `took over ${this.#folder}: process ${pid}, which had held it since ${since}, ended without closing it`,
      )
    }
    const snapshots = await openSnapshots(this.#folder)
    const prepared = await prepareStore(this.#folder, tables, options.preflight_ms)
    warnings.push(...prepared.warnings)
    const opened = await openEnvironment(dataPath(this.#folder), tables, options.map_bytes)
    return { ...opened, snapshots, lock, manifest: prepared.manifest, inode: this.#inode() }
  }

  commit(commit: Commit): Promise<void> {
    return this.#inOrder(() => this.#write(commit))
  }

  truncateJournal(from: number): Promise<void> {
    return this.#inOrder(async () => {
      assertTick(from)
      const { environment, journal } = this.#opened()
      const ticks = [...journal.getKeys({ start: tickKey(from) })]
      await this.#durable(0, () =>
        environment.batch(() => {
          for (const tick of ticks) journal.remove(tick)
        }),
      )
    })
  }

  dropPast(snapshot_tick: number): Promise<void> {
    return this.#inOrder(async () => {
      assertTick(snapshot_tick)
      const { environment, journal, snapshots } = this.#opened()
      await this.keyframes.clear()
      await snapshots.removeBefore(snapshot_tick)
      const held = [...journal.getKeys({ end: tickKey(snapshot_tick + 1) })].slice(0, -1)
      for (let from = 0; from < held.length; from += droppedAtOnce) {
        await this.#durable(0, () =>
          environment.batch(() => {
            for (const tick of held.slice(from, from + droppedAtOnce)) journal.remove(tick)
          }),
        )
      }
    })
  }

  /** Runs writes one after the other; one that failed takes those that waited behind it along. */
  #inOrder(work: () => Promise<void>): Promise<void> {
    const failures = this.#failures
    const run = this.#tail.then(async () => {
      if (this.#failure !== undefined && (isFinal(this.#failure) || failures !== this.#failures)) throw this.#failure
      try {
        await work()
      } catch (thrown) {
        this.#failures++
        this.#failure = storeError(thrown, `${this.#folder} cannot be written`)
        throw this.#failure
      }
    })
    this.#tail = settled(run)
    return run
  }

  async #write(commit: Commit): Promise<void> {
    const { environment, journal } = this.#opened()
    const { tick, entry, puts } = commit
    // Everything is checked before the batch begins: one that throws half-way would still be committed.
    assertTick(tick)
    let bytes = entry?.byteLength ?? 0
    for (const put of puts) {
      this.#table(put.table)
      assertPut(put)
      bytes += put.bytes?.byteLength ?? 0
    }
    if (puts.length === 0 && entry === null) return
    this.verify()
    assertRoom(this.#folder, bytes)
    await this.#durable(bytes, () =>
      environment.batch(() => {
        for (const put of puts) {
          const table = this.#table(put.table)
          if (put.bytes === null) table.remove(put.key)
          else table.put(put.key, put.bytes)
        }
        if (entry !== null) journal.put(tickKey(tick), entry)
      }),
    )
  }

  /** Waits until a batch rests on the disk; a batch that failed left nothing. */
  async #durable(bytes: number, start: () => Promise<boolean>): Promise<void> {
    try {
      const deadline = this.#options.commit_deadline_ms ?? defaults.commit_deadline_ms
      const answer = await inTime(start(), deadline)
      assert(answer !== unanswered, 'STORE_IO', `the disk did not finish a commit within ${deadline} ms`, deadline)
    } catch (thrown) {
      this.verify()
      throw thrown instanceof EngineError ? thrown : await commitFailure(this.#folder, thrown, bytes)
    }
  }

  read(table: string, key: number): Uint8Array | undefined {
    assertKey(table, key)
    const lent = this.#table(table).getBinaryFast(key)
    return lent === undefined ? undefined : ownCopy(lent)
  }

  count(table: string): number {
    return entryCount(this.#table(table))
  }

  keys(table: string): Iterable<number> {
    return recordKeys(this.#table(table))
  }

  journal(from: number, to: number = Number.MAX_SAFE_INTEGER): Iterable<JournalEntry> {
    assertTick(from)
    assertTick(to)
    return journalEntries(this.#opened().journal, from, to)
  }

  journalCount(): number {
    return entryCount(this.#opened().journal)
  }

  async saveSnapshot(tick: number, chunks: Iterable<Uint8Array>): Promise<void> {
    assertTick(tick)
    const { snapshots, manifest } = this.#opened()
    await snapshots.save(tick, chunks)
    await rememberSize(this.#folder, manifest)
  }

  snapshots(): readonly number[] {
    return this.#opened().snapshots.ticks()
  }

  loadSnapshot(tick: number): Promise<Uint8Array | undefined> {
    return this.#opened().snapshots.load(tick)
  }

  readSnapshot(tick: number, at: number, into: Uint8Array): Promise<number | undefined> {
    return this.#opened().snapshots.read(tick, at, into)
  }

  bytes(): number {
    const { snapshots } = this.#opened()
    const now = performance.now()
    if (now - this.#measured.at_ms > bytesFreshMs) {
      const data = statSync(dataPath(this.#folder), { throwIfNoEntry: false })?.size ?? 0
      this.#measured = { at_ms: now, bytes: data + snapshots.bytes() }
    }
    return this.#measured.bytes
  }

  verify(): void {
    const { inode } = this.#opened()
    const path = dataPath(this.#folder)
    assert(this.#inode() === inode, 'STORE_GONE', `${path} was removed or replaced while it was open`, path)
  }

  async close(): Promise<void> {
    await this.#tail
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    this.#measured = { at_ms: Number.NEGATIVE_INFINITY, bytes: 0 }
    try {
      // LMDB waits for ever for a commit that never ended; the process is about to end anyway.
      await inTime(open.environment.close(), closeDeadlineMs)
      if (this.#inode() === open.inode) await rememberSize(this.#folder, open.manifest)
    } finally {
      await open.lock.release()
    }
  }

  #opened(): Open {
    assert(this.#open !== undefined, 'ENGINE_STATE', 'the store is not open')
    return this.#open
  }

  #table(table: string): Records {
    const records = this.#opened().records.get(table)
    assert(records !== undefined, 'STORE_KEY', `table ${table} was not named when the store was opened`, table)
    return records
  }

  /** Which file stands where the data file should be. */
  #inode(): string {
    const found = statSync(dataPath(this.#folder), { throwIfNoEntry: false })
    return found === undefined ? '' : `${found.dev}:${found.ino}`
  }
}

/** After a failed sync nobody knows what the disk holds, so nothing is tried again. */
function isFinal(failure: EngineError): boolean {
  return failure.code === 'STORE_IO'
}
