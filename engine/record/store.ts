/** One write of a commit; `bytes: null` removes the record. Keys are unsigned 32-bit integers. */
export type Put = { readonly table: string; readonly key: number; readonly bytes: Uint8Array | null }

/** All that one tick makes durable, or nothing of it. */
export type Commit = {
  readonly tick: number
  /** The tick's entry in the journal; null when records are set right outside any tick. */
  readonly entry: Uint8Array | null
  readonly puts: readonly Put[]
}

export type JournalEntry = { readonly tick: number; readonly bytes: Uint8Array }

/** What a store found when it was opened. */
export type StoreHead = {
  /** Tick of the newest journal entry; 0 for a new store. */
  readonly tick: number
  /** Things a person should know: an incomplete file that was removed, a lock that was taken over. */
  readonly warnings: readonly string[]
}

/**
 * Snapshots that visits of the past leave behind, so that the next visit nearby need not replay so much. They are no part of the
 * record: any of them may be missing or of another record, which whoever reads one finds out.
 */
export type Keyframes = {
  /** Their ticks, newest first. */
  ticks(): Promise<readonly number[]>
  /** As `Store.readSnapshot`. */
  read(tick: number, at: number, into: Uint8Array): Promise<number | undefined>
  /** Writes one aside and gives it its name; only a few are kept. */
  save(tick: number, chunks: Iterable<Uint8Array>): Promise<void>
}

/**
 * Where bytes rest. The engine's commit is the only writer; bytes are opaque here and already carry checksums.
 * A new database is one file against `stores/conformance.ts`.
 */
export type Store = {
  readonly name: string
  /** Undefined where visits leave nothing. `dropPast` removes them all. */
  readonly keyframes?: Keyframes
  /**
   * Opens or creates the store and takes its lock.
   * @param tables every record table the engine will ever name
   * @throws EngineError STORE_LOCKED, STORE_DAMAGED, STORE_PERMISSION, STORE_OPTION
   */
  open(tables: readonly string[]): Promise<StoreHead>
  /**
   * Writes a tick atomically; resolves when it is durable. The buffers stay as they are until it ends, and
   * belong to the caller again then.
   * A rejected commit has left nothing behind and may be tried again.
   * @throws EngineError STORE_FULL (try again), STORE_IO, STORE_GONE (stop)
   */
  commit(commit: Commit): Promise<void>
  /** The bytes of a record, or undefined. They are the caller's to keep. */
  read(table: string, key: number): Uint8Array | undefined
  /** How many records a table holds. */
  count(table: string): number
  /** Keys of a table, ascending. */
  keys(table: string): Iterable<number>
  /** Journal entries with `from <= tick <= to`, ascending. */
  journal(from: number, to?: number): Iterable<JournalEntry>
  /** How many entries the journal holds. */
  journalCount(): number
  /** Removes journal entries with `tick >= from`; only repair and recovery from a torn tail do this. */
  truncateJournal(from: number): Promise<void>
  /**
   * Makes a snapshot the beginning of what can be recovered: older snapshots go, and all entries before the newest one that the
   * snapshot holds. Killed halfway, what is left can still be recovered.
   */
  dropPast(snapshot_tick: number): Promise<void>
  /** Writes a snapshot aside, syncs it and gives it its name; keeps the two newest. */
  saveSnapshot(tick: number, chunks: Iterable<Uint8Array>): Promise<void>
  /** Ticks of the snapshots at hand, newest first. */
  snapshots(): readonly number[]
  /** The bytes of a snapshot, or undefined when it cannot be read. */
  loadSnapshot(tick: number): Promise<Uint8Array | undefined>
  /**
   * Fills `into` with the bytes of a snapshot from `at` on, and resolves with how many there were; undefined when it
   * cannot be read. So a large world is read to where it will live, without a copy between.
   */
  readSnapshot(tick: number, at: number, into: Uint8Array): Promise<number | undefined>
  /** Bytes at rest: journal, records and snapshots. */
  bytes(): number
  /** Throws EngineError STORE_GONE when the place where the bytes rest has vanished. Called every few seconds. */
  verify(): void
  close(): Promise<void>
}
