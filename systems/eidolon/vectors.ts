import { crc32 } from 'node:zlib'
import type { World } from '../../engine/world/world.ts'
import { Embedding, EmbedLane, EmbedModel, Vector } from './columns.ts'
import { isServed, vectorRow } from './embedding/queue.ts'
import { vectorOfText } from './embedding/vector-text.ts'

/** Whoever can look at the world and its records between two ticks. */
export type Looking = { readonly world: World; read(table: string, id: number): string | undefined }

/** The model whose vectors are searched, as an index is told it; undefined while there is none, or embedding is off. */
export type ServingModel = {
  /** Row in EmbedModel. */
  readonly row: number
  /** What `llm.embed` is asked with. */
  readonly name: string
  /** Tells it from the same model with other dimensions. */
  readonly key: string
  /** Not 0: a model serves once it has vectors. */
  readonly dimensions: number
}

/** The model in service. */
export function servingModel({ world }: Looking): ServingModel | undefined {
  const { model, serving } = world.of(Embedding)
  const row = serving[1]!
  const { dimensions, name } = world.of(EmbedModel)
  if (model[1] === 0 || row === 0 || dimensions[row] === 0) return undefined
  return { row, name: world.names.text(name[row]!), key: world.keyOf(EmbedModel, row), dimensions: dimensions[row]! }
}

/** The vectors of one model and lane as the record has them, by memory: what an index is made from. */
export function vectorSource(view: Looking, model: ServingModel, lane: number = EmbedLane.canonical) {
  const wanted = 2 * model.row + lane
  const crc = crc32(model.name)
  return {
    *labels(): Generator<number> {
      const { of_high, of_low } = view.world.of(Vector)
      const rows = view.world.rows(Vector)
      for (let row = 1; row <= rows; row++) {
        if (of_low[row] === wanted && isServed(view.world, of_high[row]!)) yield of_high[row]!
      }
    },
    vector(memory_id: number): Float32Array | undefined {
      const row = vectorRow(view.world, memory_id, model.row, lane)
      const text = row === 0 ? undefined : view.read('vector', row)
      const kept = text === undefined ? undefined : vectorOfText(text)
      const fits = kept?.model_crc === crc && kept.dimensions === model.dimensions
      return fits ? kept.vector : undefined
    },
  }
}
