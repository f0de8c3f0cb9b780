import { offlineModel } from '../offline.ts'
import type { ModelConfig } from './config.ts'
import type { CompactConfig } from './config-compact.ts'
import type { ConfigProblems } from './config-problems.ts'

export type MemoryConfig = {
  /** Who makes vectors of memories. Default `model` when `model.embed_model` is named, else `off`. */
  readonly embedding?: 'off' | 'offline' | 'model'
  /** Whether each memory also gets a vector as seen under the circumstances of its moment. */
  readonly eidolon?: boolean
  /** Whether old memories that nobody uses are stood for by summaries. */
  readonly compact?: CompactConfig
}

/** The policy's part about embedding. */
export type EmbeddingPolicy = { readonly model: string; readonly eidolon: boolean; readonly dimensions?: number }

/** What the config says of vectors as the policy says it; undefined turns them off. What contradicts itself is a problem. */
export function embeddingFrom(
  memory: MemoryConfig,
  model: ModelConfig,
  problems: ConfigProblems,
): EmbeddingPolicy | undefined {
  const { embed_model, embed_dimensions, adapter } = model
  if (embed_dimensions !== undefined && embed_model === undefined) {
    problems.add('model.embed_dimensions', 'needs embed_model')
  }
  if (embed_model !== undefined && adapter === 'offline') {
    problems.add(
      'model.embed_model',
      'needs base_url: without an endpoint only memory.embedding: offline makes vectors',
    )
  }
  const embedding = memory.embedding ?? (embed_model === undefined ? 'off' : 'model')
  const eidolon = memory.eidolon ?? false
  if (embedding === 'model' && embed_model === undefined && problems.sound('model')) {
    problems.add('memory.embedding', 'model needs model.embed_model, the name of a model that makes vectors')
  }
  if (eidolon && embedding === 'off') problems.add('memory.eidolon', 'needs memory.embedding: offline or model')
  if (embedding === 'off' || (embedding === 'model' && embed_model === undefined)) return undefined
  if (embedding === 'offline') return { model: offlineModel, eidolon }
  const dimensions = embed_dimensions === undefined ? {} : { dimensions: embed_dimensions }
  return { model: embed_model ?? '', eidolon, ...dimensions }
}
