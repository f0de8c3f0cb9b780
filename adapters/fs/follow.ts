import { reasonOf } from '../../engine/errors.ts'
import type { Outside } from '../../engine/flow/adapter.ts'
import { FsFileSkipped } from '../../systems/events.ts'
import { type Root, rootInPlace, takeRoot } from './folder.ts'
import { eventOf, offer, Reporter } from './report.ts'
import { liesBelow, scan } from './scan.ts'
import { openWatch } from './watch.ts'

/** Keeps the world's picture of the folder true after the first scan: hints, scans to check them, and a root that may vanish. */

/** How often the root is looked at, and how often everything is scanned when hints are not to be had. */
const heartbeat_ms = 1_000
const poll_ms = 2_000
const scanGap_ms = 500
/** A poll may take up at most a quarter of the time, however large the folder. */
const pollShare = 4

/** What is followed, how closely, and what the world knows of it already. */
export type FollowOptions = {
  readonly root: Root
  readonly outside: Outside
  readonly settle_ms: number
  readonly note_bytes_max: number
  readonly rescan_ms: number
  /** Path to signature of everything that has been reported so far. */
  readonly known: Map<string, string>
  /** Folders that were reported as unreadable so far. */
  readonly unreadable: Set<string>
  /** Called when the folder is watched and has been compared with what was known. */
  onWatching(): void
}

/** Follows one folder until it is stopped. */
export class Follower {
  readonly #options: FollowOptions
  readonly #reporter: Reporter
  #watch: { close(): Promise<void> } | undefined
  #away = false
  #polling = false
  #stopped = false
  #ready = false
  /** When everything is compared next, on the monotonic clock. */
  #scan_at_ms = Number.POSITIVE_INFINITY
  /** When everything was last compared. */
  #scanned_at_ms = Number.NEGATIVE_INFINITY
  #wake: () => void = () => undefined

  constructor(options: FollowOptions) {
    this.#options = options
    this.#reporter = new Reporter(options)
  }

  /** Runs until `stop`. Never rejects: what goes wrong is logged, and tried again. */
  async run(): Promise<void> {
    await this.#open()
    while (!this.#isOver()) {
      try {
        await this.#step()
      } catch (thrown) {
        this.#options.outside.log.error({ reason: reasonOf(thrown) }, 'following the notes folder failed; it goes on')
      }
      await this.#sleep(Math.max(1, Math.min(heartbeat_ms, this.#scan_at_ms - performance.now())))
    }
    await this.#close()
    await this.#reporter.stop()
  }

  /** Makes `run` end. */
  stop(): void {
    this.#stopped = true
    this.#wake()
  }

  #isOver(): boolean {
    return this.#stopped || this.#options.outside.signal.aborted
  }

  async #step(): Promise<void> {
    if (!(await this.#checkRoot())) return
    if (performance.now() < this.#scan_at_ms) return
    const began_ms = performance.now()
    const ready = this.#ready
    this.#scan_at_ms = Number.POSITIVE_INFINITY
    await this.#compare()
    this.#scanned_at_ms = performance.now()
    const { rescan_ms } = this.#options
    const took_ms = this.#scanned_at_ms - began_ms
    const wait_ms = this.#polling ? Math.min(rescan_ms, Math.max(poll_ms, took_ms * pollShare)) : rescan_ms
    // A hint that was lost while this scan ran has asked for the next one already.
    this.#scan_at_ms = Math.min(this.#scan_at_ms, this.#scanned_at_ms + wait_ms)
    if (ready) this.#options.onWatching()
  }

  /** Whether the root is there; opens the watch anew when it has come back. */
  async #checkRoot(): Promise<boolean> {
    const { root, outside } = this.#options
    if (!this.#away && (await rootInPlace(root))) return true
    if (!this.#away) {
      this.#away = true
      outside.log.warn({ root: root.path }, 'the notes folder is gone; nothing is reported until it is back')
      await this.#close()
    }
    if (!(await takeRoot(root))) return false
    this.#away = false
    outside.log.info({ root: root.path }, 'the notes folder is back')
    await this.#open()
    this.#scanSoon()
    return true
  }

  async #open(): Promise<void> {
    const { root, outside } = this.#options
    this.#ready = false
    this.#polling = false
    try {
      this.#watch = await openWatch(root, {
        log: outside.log,
        onPath: (path) => this.#reporter.mark(path),
        onRootGone: () => this.#wake(),
        onReady: () => {
          this.#ready = true
          this.#scanSoon()
        },
        onLoss: (limited) => {
          if (limited) this.#poll('too few watches: raise fs.inotify.max_user_watches (or max_user_instances)')
          this.#scanSoon()
        },
      })
    } catch (thrown) {
      this.#ready = true
      this.#poll(reasonOf(thrown))
      this.#scanSoon()
    }
  }

  async #close(): Promise<void> {
    const watch = this.#watch
    this.#watch = undefined
    await watch?.close()
  }

  #poll(reason: string): void {
    if (this.#polling) return
    this.#polling = true
    this.#options.outside.log.warn({ reason, every_ms: poll_ms }, 'changes of notes are found by polling')
  }

  /** Scans as soon as the last scan is a while ago: lost hints come in bursts. */
  #scanSoon(): void {
    this.#scan_at_ms = Math.min(this.#scan_at_ms, Math.max(performance.now(), this.#scanned_at_ms + scanGap_ms))
    this.#wake()
  }

  /** Scans, and marks whatever differs from what is known; the reporter decides what is true of it. */
  async #compare(): Promise<void> {
    const { root, outside, known, unreadable, note_bytes_max } = this.#options
    const found = await scan(root, note_bytes_max, outside.signal)
    if (outside.signal.aborted || !(await rootInPlace(root))) return
    for (const [path, seen] of found.looks) if (known.get(path) !== seen.signature) this.#reporter.mark(path)
    for (const path of known.keys()) {
      if (!found.looks.has(path) && !liesBelow(path, found.unreadable.keys())) this.#reporter.mark(path)
    }
    for (const [path, seen] of found.unreadable) {
      if (unreadable.has(path)) continue
      const event = eventOf(FsFileSkipped, { path, code: seen.code, reason: seen.reason })
      if (await offer(outside, event)) unreadable.add(path)
    }
    for (const path of unreadable) if (!found.unreadable.has(path)) unreadable.delete(path)
  }

  #sleep(wait_ms: number): Promise<void> {
    if (this.#isOver()) return Promise.resolve()
    return new Promise((resolve) => {
      const { signal } = this.#options.outside
      const over = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', over)
        this.#wake = () => undefined
        resolve()
      }
      const timer = setTimeout(over, wait_ms)
      signal.addEventListener('abort', over)
      this.#wake = over
    })
  }
}
