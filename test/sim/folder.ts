import { hash } from 'node:crypto'
import type { FileStat, FsWriteRequest } from '../../systems/events.ts'

/** A note as it rests in the folder. */
export type Note = {
  readonly bytes: Buffer
  readonly hash: string
  readonly stat: FileStat
  /** What the user wrote below the front matter; whoever else writes has to leave it as it is. */
  readonly body: Buffer
}

/** One change of the folder, as the checkers get to see it. */
export type Change = {
  readonly path: string
  readonly by: 'user' | 'sentinel'
  readonly before: Note | undefined
  readonly after: Note | undefined
  /** What was asked for, when a sentinel wrote. */
  readonly request?: FsWriteRequest
}

/** A folder of notes in memory: the disk of the simulation, which outlives every crash. */
export class Folder {
  readonly #notes = new Map<string, Note>()
  readonly #observers = new Set<(change: Change) => void>()
  readonly #clock: () => number
  #changed_ms = 0

  /** @param clock the wall clock that stamps files, in milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  get(path: string): Note | undefined {
    return this.#notes.get(path)
  }

  /** Paths in the order of their code units. */
  paths(): string[] {
    return [...this.#notes.keys()].sort()
  }

  /** Hears every change; returns the way to stop. */
  observe(observer: (change: Change) => void): () => void {
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  userWrites(path: string, bytes: Buffer, body: Buffer): void {
    this.#set(path, 'user', this.#note(path, bytes, body))
  }

  userDeletes(path: string): void {
    this.#set(path, 'user', undefined)
  }

  sentinelWrites(path: string, bytes: Buffer, request: FsWriteRequest): Note {
    const body = this.#notes.get(path)?.body ?? Buffer.alloc(0)
    const note = this.#note(path, bytes, body)
    this.#set(path, 'sentinel', note, request)
    return note
  }

  #note(path: string, bytes: Buffer, body: Buffer): Note {
    // A change of a file is never stamped like the one before it, however fast they follow each other.
    this.#changed_ms = Math.max(this.#changed_ms + 1, this.#clock())
    const stat = { path, size_bytes: bytes.length, modified_ms: this.#clock(), changed_ms: this.#changed_ms }
    return { bytes, hash: hash('sha256', bytes), stat, body }
  }

  #set(path: string, by: Change['by'], after: Note | undefined, request?: FsWriteRequest): void {
    const before = this.#notes.get(path)
    if (after === undefined) this.#notes.delete(path)
    else this.#notes.set(path, after)
    const change: Change = { path, by, before, after, ...(request === undefined ? {} : { request }) }
    for (const observer of this.#observers) observer(change)
  }
}
