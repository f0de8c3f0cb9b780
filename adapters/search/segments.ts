import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import type { World } from '../../engine/world/world.ts'
import { decodeSegment, encodeSegment, type Lanes, Memory, type Segment } from '../../systems/recall.ts'
import { Trouble } from './trouble.ts'

/** Where segments of the lexical lane rest; `stores/segments.ts` is one. */
export type SegmentFiles = {
  open(): Promise<readonly string[]>
  list(): Promise<readonly string[]>
  load(name: string): Promise<Uint8Array>
  save(name: string, chunks: Iterable<Uint8Array>): Promise<void>
  remove(name: string): Promise<void>
}

const rest_ms = 60_000

/** The files of the lexical lane. They only spare reading the record again: whatever is wrong with them is said and got over. */
export class SegmentKeeper {
  readonly #files: SegmentFiles
  readonly #world: World
  readonly #log: Log
  readonly #trouble: Trouble

  constructor(files: SegmentFiles, world: World, log: Log) {
    this.#files = files
    this.#world = world
    this.#log = log
    this.#trouble = new Trouble(log, 'the index is not saved; it goes on in memory', rest_ms)
  }

  /** Takes over what files there are. One that is damaged, or says more than the record, is removed and made anew. */
  async load(lanes: Lanes): Promise<void> {
    try {
      for (const warning of await this.#files.open()) this.#log.warn({}, warning)
      const names = new Map<Segment, string>()
      const useless: string[] = []
      // The next files are read while one is checked. Each answer is waited for below, so none is lost when another fails.
      const loading = (await this.#files.list()).map((name) => ({ name, read: settled(this.#files.load(name)) }))
      for (const { name, read } of loading) {
        const segment = this.#decoded(name, await read)
        if (segment === undefined) useless.push(name)
        else names.set(segment, name)
      }
      for (const segment of lanes.text.restore(names.keys())) useless.push(names.get(segment)!)
      for (const name of useless) await this.#files.remove(name)
    } catch (thrown) {
      this.#trouble.failed(thrown)
    }
  }

  #decoded(name: string, read: PromiseSettledResult<Uint8Array>): Segment | undefined {
    try {
      if (read.status === 'rejected') throw read.reason
      const bytes = read.value
      const segment = decodeSegment(bytes.subarray(0, Math.max(0, bytes.length - markBytes)))
      const ofRecord =
        segment.last <= this.#world.rows(Memory) && markOf(this.#world, segment).equals(bytes.subarray(-markBytes))
      if (ofRecord) return segment
      this.#log.warn({ file: name }, 'an index file is of another record, or of a later state of it, and is made anew')
    } catch (thrown) {
      this.#log.warn({ file: name, reason: reasonOf(thrown) }, 'an index file cannot be used and is made anew')
    }
    return undefined
  }

  /** Writes the segments that have no file yet, then removes the files whose rows rest in others. One at a time. */
  async save(lanes: Lanes): Promise<void> {
    if (this.#trouble.rests || lanes.text.segments.every(({ saved }) => saved)) return
    try {
      await this.#saveAll(lanes)
      this.#trouble.passed()
    } catch (thrown) {
      this.#trouble.failed(thrown)
    }
  }

  async #saveAll({ text }: Lanes): Promise<void> {
    for (const { name, saved } of text.segments) {
      const segment = text.segment(name)
      if (saved || segment === undefined) continue
      await this.#files.save(name, marked(segment, this.#world))
      text.markSaved(segment)
    }
    const named = new Set(text.segments.map(({ name }) => name))
    if (text.segments.some(({ saved }) => !saved)) return
    for (const name of await this.#files.list()) if (!named.has(name)) await this.#files.remove(name)
  }
}

const markBytes = 8

/** A segment's file: its bytes, then whose rows they are. */
function* marked(segment: Segment, world: World): Generator<Uint8Array> {
  yield* encodeSegment(segment)
  yield markOf(world, segment)
}

/** Tells the rows of one record from those of another: a record that was restored, or has lost its end, makes others. */
function markOf(world: World, { first, last }: { readonly first: number; readonly last: number }): Buffer {
  const { source_high, source_low, text_bytes, words } = world.of(Memory)
  let [high, low] = [first, last]
  for (let row = first; row <= last; row++) {
    high = Math.imul(high ^ source_high[row]! ^ text_bytes[row]!, 0x2c1b3c6d) ^ (low >>> 13)
    low = Math.imul(low ^ source_low[row]! ^ words[row]!, 0x297a2d39) ^ (high >>> 15)
  }
  const mark = Buffer.alloc(markBytes)
  mark.writeInt32LE(high, 0)
  mark.writeInt32LE(low, 4)
  return mark
}

async function settled<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([work])
  return result
}
