import { reasonOf } from '../../engine/errors.ts'
import type { Outside } from '../../engine/flow/adapter.ts'
import type { EventInput, EventType, Payload } from '../../engine/flow/event.ts'
import { FsFileChanged, FsFileCreated, FsFileDeleted, FsFileSkipped } from '../../systems/events.ts'
import { eachBounded } from './bounded.ts'
import { type Root, rootInPlace } from './folder.ts'
import { FolderLooks, type Look, look, skippedMark } from './look.ts'
import { byCodeUnits } from './paths.ts'

/** Turns "something may have happened to this path" into at most one event, once the path has come to rest. */

const looksAtOnce = 32
/** How long an event that was refused waits before it is offered again. */
const refused_ms = 1_000

/** An event of a declared type with its payload. */
export function eventOf<P extends Payload>(type: EventType<P>, payload: P): EventInput {
  return { type: type.name, payload, source: { kind: 'fs' } }
}

/** Offers an event, waiting for room. False when the engine stops or refuses it: then it must be offered again. */
export async function offer(outside: Outside, event: EventInput): Promise<boolean> {
  const { signal, log } = outside
  if (signal.aborted) return false
  if (outside.publish(event)) return true
  const stopped = Promise.withResolvers<boolean>()
  const stop = () => stopped.resolve(false)
  signal.addEventListener('abort', stop)
  const taken = outside.ingest(event).then(
    () => true,
    (thrown: unknown) => {
      if (!signal.aborted) log.error({ type: event.type, reason: reasonOf(thrown) }, 'an event was refused')
      return false
    },
  )
  try {
    return await Promise.race([taken, stopped.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** A path to be looked at: when, and how it looked last time. */
type Dirty = { due_ms: number; seen: string | undefined; touched: boolean }

/** What is looked at, where it is reported, and what has been reported already. */
export type ReporterOptions = {
  readonly root: Root
  readonly outside: Outside
  /** How long a file must look the same before it is reported. */
  readonly settle_ms: number
  readonly note_bytes_max: number
  /** Path to signature of everything that has been reported. */
  readonly known: Map<string, string>
}

/** Looks at marked paths until they rest, compares them with what is known, and reports what differs, sorted by path. */
export class Reporter {
  readonly #options: ReporterOptions
  readonly #dirty = new Map<string, Dirty>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  /** Says that something may have happened to a path. Cheap, and harmless when nothing has. */
  mark(path: string): void {
    const dirty = this.#dirty.get(path)
    if (dirty === undefined) this.#dirty.set(path, { due_ms: performance.now(), seen: undefined, touched: false })
    else dirty.touched = true
    this.#arm()
  }

  /** Ends all looking; resolves when the last look is over. */
  async stop(): Promise<void> {
    this.#dirty.clear()
    clearTimeout(this.#timer)
    await this.#running
  }

  #arm(): void {
    if (this.#running !== undefined || this.#dirty.size === 0 || this.#options.outside.signal.aborted) return
    clearTimeout(this.#timer)
    let due_ms = Number.POSITIVE_INFINITY
    for (const dirty of this.#dirty.values()) if (dirty.due_ms < due_ms) due_ms = dirty.due_ms
    this.#timer = setTimeout(() => this.#start(), Math.max(1, due_ms - performance.now()))
  }

  #start(): void {
    this.#running = this.#flush()
      .catch((thrown: unknown) => {
        this.#options.outside.log.error({ reason: reasonOf(thrown) }, 'looking at changed files failed')
      })
      .finally(() => {
        this.#running = undefined
        this.#arm()
      })
  }

  /** One round: looks at all paths that are due, then reports those that look as they did a settling time ago. */
  async #flush(): Promise<void> {
    const { root, note_bytes_max } = this.#options
    const now_ms = performance.now()
    const due = [...this.#dirty].filter(([, dirty]) => dirty.due_ms <= now_ms).map(([path]) => path)
    const folders = new FolderLooks()
    const rested: [string, Look][] = []
    await eachBounded(due, looksAtOnce, async (path) => {
      const dirty = this.#dirty.get(path)
      if (dirty === undefined) return
      dirty.touched = false
      const seen = await look(root, path, note_bytes_max, folders)
      if (this.#rests(path, dirty, seen)) rested.push([path, seen])
    })
    rested.sort((a, b) => byCodeUnits(a[0], b[0]))
    for (const [path, seen] of rested) await this.#report(path, seen)
  }

  /** Whether a path has come to rest, and if so takes it off the list; later marks then begin anew. */
  #rests(path: string, dirty: Dirty, seen: Look): boolean {
    const { settle_ms, outside } = this.#options
    if (seen.kind === 'unclear' && !seen.again) {
      outside.log.debug({ path, reason: seen.reason }, 'a changed file cannot be looked at')
      this.#dirty.delete(path)
      return false
    }
    if (dirty.touched || seen.kind === 'unclear' || dirty.seen !== seen.signature) {
      dirty.seen = seen.signature
      dirty.due_ms = performance.now() + settle_ms
      return false
    }
    this.#dirty.delete(path)
    return true
  }

  async #report(path: string, seen: Look): Promise<void> {
    const { known, outside } = this.#options
    const before = known.get(path)
    if (seen.kind === 'gone' ? before === undefined : before === seen.signature) return
    if (seen.kind === 'gone' && !(await this.#isReallyGone(path))) return
    const event = this.#eventOf(path, before, seen)
    if (event === undefined) return
    if (!(await offer(outside, event))) {
      if (outside.signal.aborted) return
      this.#dirty.set(path, { due_ms: performance.now() + refused_ms, seen: seen.signature, touched: false })
    } else if (seen.kind === 'gone') known.delete(path)
    else known.set(path, seen.signature)
  }

  /** Reporting may have waited, so a deletion is looked at once more; and without its root nothing is gone. */
  async #isReallyGone(path: string): Promise<boolean> {
    const { root, note_bytes_max } = this.#options
    const seen = await look(root, path, note_bytes_max, new FolderLooks())
    if (seen.kind !== 'gone') {
      this.mark(path)
      return false
    }
    return rootInPlace(root)
  }

  #eventOf(path: string, before: string | undefined, seen: Look): EventInput | undefined {
    if (seen.kind === 'gone') return eventOf(FsFileDeleted, { path })
    if (seen.kind === 'skipped') return eventOf(FsFileSkipped, { path, code: seen.code, reason: seen.reason })
    if (seen.kind === 'unclear') return undefined
    const isNew = before === undefined || before.startsWith(skippedMark)
    return eventOf(isNew ? FsFileCreated : FsFileChanged, seen.stat)
  }
}
