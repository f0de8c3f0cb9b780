import { EngineError } from '../../engine/errors.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import type { Commit, Store } from '../../engine/record/store.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import type { Court } from './violation.ts'

/** How the next commit ends: as it should, before anything was written, written but never acknowledged, or with half a page. */
export type Fate = 'well' | 'lost' | 'unacknowledged' | 'torn'

/** The disk under the record: it outlives every life of the process, and knows what each of them was promised. */
export class Platter {
  readonly ram: RamStore
  /** How many of the next commits find the disk full. */
  fullFor = 0
  #fate: Fate = 'well'
  #hung: () => void = () => undefined
  #asked_tick = 0
  #written_tick = 0
  readonly #settled = new Set<number>()
  readonly #court: Court
  readonly #early: boolean

  /** @param early a planted bug: commits are acknowledged before their journal entry is written */
  constructor(court: Court, early: boolean) {
    this.#court = court
    this.#early = early
    this.ram = ram({ beforeCommit: () => this.#beforeCommit() })
  }

  /** The store as one life of the process has it; after `die` a straggler of that life reaches nothing. */
  life(): { store: Store; die(): void } {
    const { ram } = this
    let alive = true
    const whileAlive = <T>(work: () => Promise<T>): Promise<T> => (alive ? work() : new Promise<T>(() => undefined))
    const store: Store = {
      name: ram.name,
      open: (tables) => ram.open(tables),
      commit: (commit) => whileAlive(() => this.#commit(commit)),
      read: (table, key) => ram.read(table, key),
      count: (table) => ram.count(table),
      keys: (table) => ram.keys(table),
      journal: (from, to) => ram.journal(from, to),
      journalCount: () => ram.journalCount(),
      truncateJournal: (from) => whileAlive(() => ram.truncateJournal(from)),
      dropPast: (tick) => whileAlive(() => ram.dropPast(tick)),
      saveSnapshot: (tick, chunks) => whileAlive(() => ram.saveSnapshot(tick, chunks)),
      snapshots: () => ram.snapshots(),
      loadSnapshot: (tick) => ram.loadSnapshot(tick),
      readSnapshot: (tick, at, into) => ram.readSnapshot(tick, at, into),
      bytes: () => ram.bytes(),
      verify: () => ram.verify(),
      close: () => whileAlive(() => ram.close()),
    }
    const die = (): void => {
      alive = false
      this.#fate = 'well'
      this.#asked_tick = this.#written_tick
      this.fullFor = 0
      ram.crash()
    }
    return { store, die }
  }

  /** Decides how the next commit ends; the promise resolves when one has ended that way and the process hangs in it. */
  doom(fate: Fate): Promise<void> {
    this.#fate = fate
    return new Promise((resolve) => {
      this.#hung = resolve
    })
  }

  /** Holds an effect that leaves against the rule that the tick which asked for it must be durable first. */
  checkDeparture(effect_id: number, type: string): void {
    const early = (): string => `effect ${effect_id} (${type}) left before its tick was durable`
    this.#court.holds(this.#asked_tick === this.#written_tick, 'output commit', early)
    this.#court.holds(this.ram.read(ownTables.outbox, effect_id) !== undefined, 'output commit', early)
  }

  #beforeCommit(): undefined | Promise<never> {
    if (this.fullFor > 0) {
      this.fullFor--
      throw new EngineError('STORE_FULL', 'the simulated disk is full')
    }
    return this.#fate === 'lost' ? this.#hang() : undefined
  }

  async #commit(commit: Commit): Promise<void> {
    this.#asked_tick = commit.tick
    if (this.#early) return this.#commitEarly(commit)
    if (this.#fate === 'torn' && commit.entry !== null) return this.#tear(commit.tick, commit.entry)
    await this.ram.commit(commit)
    this.#written_tick = commit.tick
    this.#account(commit)
    if (this.#fate === 'unacknowledged') await this.#hang()
  }

  /** Of the journal's last page only the beginning has reached the disk, and of the rest nothing. */
  async #tear(tick: number, entry: Uint8Array): Promise<void> {
    await this.ram.commit({ tick, entry: entry.subarray(0, entry.byteLength >> 1), puts: [] })
    await this.#hang()
  }

  async #commitEarly({ tick, entry, puts }: Commit): Promise<void> {
    await this.ram.commit({ tick, entry: null, puts })
    setImmediate(async () => {
      await this.ram.commit({ tick, entry, puts: [] })
      this.#written_tick = tick
    })
  }

  /** An effect's request leaves the outbox once, when its result is applied. */
  #account(commit: Commit): void {
    for (const { table, key, bytes } of commit.puts) {
      if (table !== ownTables.outbox || bytes !== null) continue
      this.#court.holds(!this.#settled.has(key), 'applied once', () => `effect ${key} was answered twice`)
      this.#settled.add(key)
    }
  }

  #hang(): Promise<never> {
    this.#hung()
    return new Promise<never>(() => undefined)
  }
}
