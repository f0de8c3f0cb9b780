import { isUtf8 } from 'node:buffer'
import { splice } from '../../adapters/fs/write.ts'
import { type Adapter, EffectFailure, type Outside } from '../../engine/flow/adapter.ts'
import type { EventInput, Payload } from '../../engine/flow/event.ts'
import {
  type FileStat,
  FsFileChanged,
  FsFileCreated,
  FsFileDeleted,
  FsRead,
  FsScanned,
  FsWrite,
  type FsWriteRequest,
} from '../../systems/events.ts'
import type { Dice } from './dice.ts'
import { delayOf, type Faults } from './faults.ts'
import type { Folder, Note } from './folder.ts'
import type { Calls, Settle } from './neighbour.ts'

const bytesMax = 1_048_576
/** How long a call may take before this neighbour says TIMEOUT by itself: in virtual time no real timer can. */
const patience_ms = 10_000
const refused_ms = 1_000
/** How often everything is compared again in case a hint was lost. */
export const rescan_ms = 20_000

export type DiskOptions = {
  readonly folder: Folder
  readonly calls: Calls
  readonly faults: Faults
  readonly dice: Dice
  /** Number of this life's scan. */
  readonly scan: number
  readonly pageFiles: number
  /** A planted bug: writes land whatever the file holds by now. */
  readonly unguarded: boolean
}

/** The notes folder as a neighbour: one scan, then each change after a while, and the effects `fs.read` and `fs.write`. */
export class Disk {
  readonly adapter: Adapter
  readonly #options: DiskOptions
  readonly #known = new Map<string, number>()
  readonly #marked = new Set<string>()
  /** Writes that were asked for and have not happened: at a crash they may still happen or not. */
  readonly #landing = new Set<() => void>()
  #outside: Outside | undefined
  #following = false
  #forget: () => void

  constructor(options: DiskOptions) {
    this.#options = options
    const { calls, folder } = options
    this.adapter = {
      name: 'fs',
      effects: {
        [FsRead.name]: calls.handler((request, settle) => this.#read(request['path'] as string, settle)),
        [FsWrite.name]: calls.handler((request, settle) => this.#write(request as FsWriteRequest, settle)),
      },
      start: (outside) => {
        this.#outside = outside
        calls.after(this.#delay(), () => this.#scan())
      },
    }
    this.#forget = folder.observe(({ path }) => this.#hint(path))
  }

  /** True when the world has been offered everything that happened in the folder. */
  get told(): boolean {
    if (!this.#following || this.#marked.size > 0) return false
    const paths = this.#options.folder.paths()
    return paths.length === this.#known.size && paths.every((path) => this.toldOf(path))
  }

  /** Whether the world has been offered the newest change of one path. */
  toldOf(path: string): boolean {
    const named = this.#known.has(path) || this.#following
    return named && this.#known.get(path) === this.#options.folder.get(path)?.stat.changed_ms
  }

  /** The process has died; a write that had been handed to the disk may just have made it. */
  die(): void {
    for (const land of this.#landing) if (this.#options.dice.chance(0.5)) land()
    this.#forget()
  }

  #delay(): number {
    return delayOf(this.#options.faults, this.#options.dice)
  }

  #scan(): void {
    const { folder, pageFiles, scan } = this.#options
    const stats = folder.paths().map((path) => folder.get(path)!.stat)
    const pages: FileStat[][] = []
    for (let at = 0; at < stats.length; at += pageFiles) pages.push(stats.slice(at, at + pageFiles))
    if (pages.length === 0) pages.push([])
    const next = (index: number): void => {
      const page = pages[index]
      if (page === undefined) return this.#follow()
      const files: FsScanned['files'] = page.map((stat) => [
        stat.path,
        stat.size_bytes,
        stat.modified_ms,
        stat.changed_ms,
      ])
      const complete = index === pages.length - 1
      const taken = this.#offer({ type: FsScanned.name, payload: { scan, complete, files } })
      if (taken) for (const stat of page) this.#known.set(stat.path, stat.changed_ms)
      this.#options.calls.after(taken ? this.#delay() : refused_ms, () => next(taken ? index + 1 : index))
    }
    next(0)
  }

  #follow(): void {
    this.#following = true
    this.#compare()
  }

  #compare(): void {
    const { folder, calls } = this.#options
    for (const path of new Set([...folder.paths(), ...this.#known.keys()])) if (!this.toldOf(path)) this.#mark(path)
    calls.after(rescan_ms, () => this.#compare())
  }

  #hint(path: string): void {
    const { faults, dice } = this.#options
    if (!this.#following || faults.strikes('lost_hints', dice, 0.3)) return
    this.#mark(path)
  }

  #mark(path: string): void {
    if (this.#marked.has(path)) return
    this.#marked.add(path)
    this.#options.calls.after(100 + this.#delay(), () => this.#report(path))
  }

  #report(path: string): void {
    this.#marked.delete(path)
    if (this.toldOf(path)) return
    const note = this.#options.folder.get(path)
    const known = this.#known.has(path)
    const event =
      note === undefined
        ? { type: FsFileDeleted.name, payload: { path } }
        : { type: (known ? FsFileChanged : FsFileCreated).name, payload: note.stat }
    if (!this.#offer(event)) {
      this.#marked.add(path)
      this.#options.calls.after(refused_ms, () => this.#report(path))
    } else if (note === undefined) this.#known.delete(path)
    else this.#known.set(path, note.stat.changed_ms)
  }

  #offer(event: EventInput): boolean {
    return this.#outside?.publish({ ...event, source: { kind: 'fs' } }) ?? false
  }

  #read(path: string, settle: Settle): void {
    this.#act(settle, () => {
      const note = this.#present(path)
      if (!isUtf8(note.bytes)) throw new EffectFailure('NOT_UTF8', 'the file is not UTF-8 text')
      return { ...note.stat, hash: note.hash, text: note.bytes.toString('utf8'), links: 1 }
    })
  }

  #write(request: FsWriteRequest, settle: Settle): void {
    this.#act(
      settle,
      () => this.#replace(request),
      () => {
        if (this.#options.folder.get(request.path)?.hash === request.before_hash) this.#replace(request)
      },
    )
  }

  #replace(request: FsWriteRequest): Payload {
    const { folder, unguarded } = this.#options
    const note = this.#present(request.path)
    if (note.hash === request.after_hash) return { ...note.stat, hash: note.hash, repeated: true }
    if (unguarded) {
      const forced = Buffer.concat([Buffer.from(request.head), note.bytes.subarray(request.cut_bytes)])
      const after = folder.sentinelWrites(request.path, forced, request)
      return { ...after.stat, hash: request.after_hash, repeated: false }
    }
    if (note.hash !== request.before_hash) throw new EffectFailure('CHANGED', 'the file is no longer the one read')
    const after = folder.sentinelWrites(request.path, splice(note.bytes, request, bytesMax), request)
    return { ...after.stat, hash: after.hash, repeated: false }
  }

  #present(path: string): Note {
    const note = this.#options.folder.get(path)
    if (note === undefined) throw new EffectFailure('GONE', 'the file is no longer there')
    return note
  }

  /** Acts at some moment between the call and its answer; faults come before the deed, after it, or instead of an answer. */
  #act(settle: Settle, deed: () => Payload, atCrash?: () => void): void {
    const { calls, dice, faults } = this.#options
    if (atCrash !== undefined) this.#landing.add(atCrash)
    calls.after(this.#delay(), () => {
      if (atCrash !== undefined) this.#landing.delete(atCrash)
      const delay_ms = this.#delay()
      try {
        if (faults.strikes('transient', dice, 0.15)) {
          throw new EffectFailure('BUSY', 'the file could not be opened just now', { transient: true })
        }
        if (faults.strikes('broken_disk', dice, 0.03)) throw new EffectFailure('IO', 'the disk failed')
        const answer = deed()
        if (faults.strikes('broken_disk', dice, 0.05)) {
          throw new EffectFailure('IO', 'the disk failed when the folder was synced')
        }
        if (delay_ms <= patience_ms) settle.answer(delay_ms, answer)
        else {
          const late = new EffectFailure('TIMEOUT', `no answer within ${patience_ms} ms`, { transient: true })
          settle.fail(patience_ms, late)
        }
      } catch (thrown) {
        settle.fail(delay_ms, thrown)
      }
    })
  }
}
