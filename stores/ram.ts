import { assert } from '../engine/errors.ts'
import type { Commit, JournalEntry, Store, StoreHead } from '../engine/record/store.ts'
import { assertKey, assertPut, assertTables, assertTick } from './keys.ts'

/** A store in memory. What was committed outlives `close()` and a played crash, as on a disk. */
export type RamStore = Store & {
  /** As if the process had died: commits that have not resolved are lost, and the store can be opened again. */
  crash(): void
}

export type RamOptions = {
  /** Called before each commit is applied; may wait, or throw the `EngineError` the commit shall fail with. */
  readonly beforeCommit?: (commit: Commit) => void | Promise<void>
}

/** Makes a store in memory, for tests, simulations and throw-away runs. */
export function ram(options: RamOptions = {}): RamStore {
  return new Ram(options)
}

const kept = 2

/** A plain array of its own; `slice` would give a second view when the caller brings a Buffer. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** Bytes under ascending numbers. */
class Ordered {
  readonly #bytes = new Map<number, Uint8Array>()
  #keys: number[] = []
  #sorted = true
  #total = 0

  set(key: number, bytes: Uint8Array): void {
    this.#total += bytes.byteLength - (this.#bytes.get(key)?.byteLength ?? 0)
    if (!this.#bytes.has(key)) {
      this.#sorted &&= this.#keys.length === 0 || key > (this.#keys.at(-1) ?? 0)
      this.#keys.push(key)
    }
    this.#bytes.set(key, bytes)
  }

  get(key: number): Uint8Array | undefined {
    return this.#bytes.get(key)
  }

  remove(keys: readonly number[]): void {
    const gone = new Set<number>()
    for (const key of keys) {
      this.#total -= this.#bytes.get(key)?.byteLength ?? 0
      if (this.#bytes.delete(key)) gone.add(key)
    }
    if (gone.size > 0) this.#keys = this.#keys.filter((key) => !gone.has(key))
  }

  count(): number {
    return this.#bytes.size
  }

  keys(): readonly number[] {
    if (!this.#sorted) this.#keys = this.#keys.slice().sort((a, b) => a - b)
    this.#sorted = true
    return this.#keys
  }

  bytes(): number {
    return this.#total
  }
}

class Ram implements RamStore {
  readonly name = 'ram'
  readonly #beforeCommit: (commit: Commit) => void | Promise<void>
  readonly #journal = new Ordered()
  readonly #records = new Map<string, Ordered>()
  readonly #snapshots = new Ordered()
  #open: ReadonlySet<string> | undefined
  /** Counts openings, so that work asked for before a crash is not done after it. */
  #life = 0
  #failures = 0
  #failure: unknown
  #tail: Promise<void> = Promise.resolve()

  constructor(options: RamOptions) {
    this.#beforeCommit = options.beforeCommit ?? (() => undefined)
  }

  async open(tables: readonly string[]): Promise<StoreHead> {
    assert(this.#open === undefined, 'STORE_LOCKED', 'this store is open already: close() it, or crash() it', this.name)
    assertTables(tables)
    for (const table of tables) if (!this.#records.has(table)) this.#records.set(table, new Ordered())
    this.#open = new Set(tables)
    this.#life++
    return { tick: this.#journal.keys().at(-1) ?? 0, warnings: [] }
  }

  commit(commit: Commit): Promise<void> {
    return this.#inOrder(async (alive) => {
      assertTick(commit.tick)
      for (const put of commit.puts) {
        this.#table(put.table)
        assertPut(put)
      }
      await this.#beforeCommit(commit)
      if (alive()) this.#apply(commit)
    })
  }

  #apply({ tick, entry, puts }: Commit): void {
    for (const put of puts) {
      const table = this.#table(put.table)
      if (put.bytes === null) table.remove([put.key])
      else table.set(put.key, copyOf(put.bytes))
    }
    if (entry !== null) this.#journal.set(tick, copyOf(entry))
  }

  truncateJournal(from: number): Promise<void> {
    return this.#inOrder(async () => {
      assertTick(from)
      this.#journal.remove(this.#journal.keys().filter((tick) => tick >= from))
    })
  }

  dropPast(snapshot_tick: number): Promise<void> {
    return this.#inOrder(async () => {
      assertTick(snapshot_tick)
      this.#snapshots.remove(this.#snapshots.keys().filter((tick) => tick < snapshot_tick))
      this.#journal.remove(
        this.#journal
          .keys()
          .filter((tick) => tick <= snapshot_tick)
          .slice(0, -1),
      )
    })
  }

  /** Runs writes one after the other; those behind a failed one fail too, and those of a dead life never end. */
  #inOrder(work: (alive: () => boolean) => Promise<void>): Promise<void> {
    const [life, failures] = [this.#life, this.#failures]
    const alive = () => life === this.#life
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#tail = this.#tail.then(async () => {
      if (!alive()) return
      if (failures !== this.#failures) return reject(this.#failure)
      try {
        this.#opened()
        await work(alive)
        if (alive()) resolve()
      } catch (thrown) {
        if (!alive()) return
        this.#failures++
        this.#failure = thrown
        reject(thrown)
      }
    })
    return promise
  }

  read(table: string, key: number): Uint8Array | undefined {
    assertKey(table, key)
    return this.#table(table).get(key)?.slice()
  }

  count(table: string): number {
    return this.#table(table).count()
  }

  keys(table: string): Iterable<number> {
    return this.#table(table).keys().values()
  }

  *journal(from: number, to: number = Number.MAX_SAFE_INTEGER): Generator<JournalEntry> {
    assertTick(from)
    assertTick(to)
    this.#opened()
    for (const tick of this.#journal.keys().filter((tick) => tick >= from && tick <= to)) {
      const bytes = this.#journal.get(tick)
      if (bytes !== undefined) yield { tick, bytes: bytes.slice() }
    }
  }

  journalCount(): number {
    this.#opened()
    return this.#journal.count()
  }

  async saveSnapshot(tick: number, chunks: Iterable<Uint8Array>): Promise<void> {
    assertTick(tick)
    this.#opened()
    const whole = Buffer.concat(Array.from(chunks, copyOf))
    this.#snapshots.set(tick, new Uint8Array(whole))
    this.#snapshots.remove(this.#snapshots.keys().slice(0, -kept))
  }

  snapshots(): readonly number[] {
    this.#opened()
    return this.#snapshots.keys().toReversed()
  }

  async loadSnapshot(tick: number): Promise<Uint8Array | undefined> {
    this.#opened()
    return this.#snapshots.get(tick)?.slice()
  }

  async readSnapshot(tick: number, at: number, into: Uint8Array): Promise<number | undefined> {
    const found = this.#snapshots.get(tick)?.subarray(at, at + into.byteLength)
    if (found !== undefined) into.set(found)
    return found?.byteLength
  }

  bytes(): number {
    this.#opened()
    let bytes = this.#journal.bytes() + this.#snapshots.bytes()
    for (const table of this.#records.values()) bytes += table.bytes()
    return bytes
  }

  verify(): void {
    this.#opened()
  }

  async close(): Promise<void> {
    await this.#tail
    this.#open = undefined
  }

  crash(): void {
    this.#life++
    this.#tail = Promise.resolve()
    this.#open = undefined
  }

  #opened(): ReadonlySet<string> {
    assert(this.#open !== undefined, 'ENGINE_STATE', 'the store is not open')
    return this.#open
  }

  #table(table: string): Ordered {
    const records = this.#opened().has(table) ? this.#records.get(table) : undefined
    assert(records !== undefined, 'STORE_KEY', `table ${table} was not named when the store was opened`, table)
    return records
  }
}
