import type { World } from '../../engine/world/world.ts'
import { Memory } from '../components.ts'

/** Where records are read: a tick, an engine, or what an adapter sees of it. */
export type Reading = {
  readonly world: World
  read(table: string, id: number): string | undefined
}

/** What the metadata record of a memory says; see `mint.ts`. */
export type Meta = {
  readonly id: string
  readonly title?: string
  readonly tags?: readonly string[]
  readonly source: {
    readonly kind: string
    readonly channel?: string
    readonly thread?: string
    readonly author?: string
  }
  readonly path?: string
}

const forgotten: Meta = Object.freeze({ id: '', source: Object.freeze({ kind: '' }) })

/** The text of a memory; of a chunk its span of the document. Empty when it was forgotten. */
export function textOf(reading: Reading, row: number): string {
  return new Texts(reading).text(row)
}

/** The metadata of a memory; of a chunk that of its document. */
export function metaOf(reading: Reading, row: number): Meta {
  return new Texts(reading).meta(row)
}

/**
 * Reads many memories one after the other: the records of a document once for all of its chunks, because reading them
 * for each would cost the square of its length. Only for one piece of work between two ticks: it does not see them change.
 */
export class Texts {
  readonly #reading: Reading
  #textRow = 0
  #text = ''
  #metaRow = 0
  #meta = forgotten

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** See `textOf`. */
  text(row: number): string {
    const { parent, span_start, span_units } = this.#reading.world.of(Memory)
    const document = parent[row]! || row
    if (document !== this.#textRow) {
      this.#text = this.#reading.read('text', document) ?? ''
      this.#textRow = document
    }
    return document === row ? this.#text : this.#text.slice(span_start[row]!, span_start[row]! + span_units[row]!)
  }

  /** See `metaOf`. */
  meta(row: number): Meta {
    const document = this.#reading.world.of(Memory).parent[row]! || row
    if (document !== this.#metaRow) {
      const meta = this.#reading.read('meta', document)
      this.#meta = meta === undefined ? forgotten : (JSON.parse(meta) as Meta)
      this.#metaRow = document
    }
    return this.#meta
  }
}
