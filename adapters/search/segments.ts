import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { decodeSegment, encodeSegment, type Lanes, type Segment } from '../../systems/recall.ts'
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
  readonly #log: Log
  readonly #trouble: Trouble

  constructor(files: SegmentFiles, log: Log) {
    this.#files = files
    this.#log = log
    this.#trouble = new Trouble(log, 'the index is not saved; it goes on in memory', rest_ms)
  }

  /** Takes over what files there are. One that is damaged, or says more than the record, is removed and made anew. */
  async load(lanes: Lanes, rows: number): Promise<void> {
    try {
      for (const warning of await this.#files.open()) this.#log.warn({}, warning)
      const segments: Segment[] = []
      for (const name of await this.#files.list()) {
        const segment = await this.#loadOne(name, rows)
        if (segment === undefined) await this.#files.remove(name)
        else segments.push(segment)
      }
      lanes.text.restore(segments)
    } catch (thrown) {
      this.#trouble.failed(thrown)
    }
  }

  async #loadOne(name: string, rows: number): Promise<Segment | undefined> {
    try {
      const segment = decodeSegment(await this.#files.load(name))
      if (segment.last <= rows) return segment
      this.#log.warn({ file: name }, 'an index file knows more than the record and is made anew')
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
      await this.#files.save(name, encodeSegment(segment))
      text.markSaved(segment)
    }
    const named = new Set(text.segments.map(({ name }) => name))
    if (text.segments.some(({ saved }) => !saved)) return
    for (const name of await this.#files.list()) if (!named.has(name)) await this.#files.remove(name)
  }
}
