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
  const { parent, span_start, span_units } = reading.world.of(Memory)
  const whole = reading.read('text', parent[row]! || row) ?? ''
  return parent[row] === 0 ? whole : whole.slice(span_start[row]!, span_start[row]! + span_units[row]!)
}

/** The metadata of a memory; of a chunk that of its document. */
export function metaOf(reading: Reading, row: number): Meta {
  const meta = reading.read('meta', reading.world.of(Memory).parent[row]! || row)
  return meta === undefined ? forgotten : (JSON.parse(meta) as Meta)
}
