import type { ProfileName } from '../openai/profiles.ts'
import { attempt, type ConfigProblems } from './config-problems.ts'
import { secretOf } from './secret-of.ts'

/** `model:` as the config writes it. */
export type ModelConfig = {
  readonly adapter?: 'offline' | 'openai'
  readonly base_url?: string
  readonly api_key?: string
  readonly model?: string
  /** What kind of server it is; default: as its address says. */
  readonly profile?: ProfileName
  readonly stream?: boolean
  readonly first_byte_ms?: number
  readonly idle_ms?: number
  readonly total_ms?: number
  /** Questions that may be out at once. */
  readonly parallel?: number
  readonly temperature?: number
  readonly delay_ms?: number
  /** Who makes vectors, at the same endpoint. */
  readonly embed_model?: string
  readonly embed_dimensions?: number
}

/** The model with what its key stands for. A key that cannot be had is a problem. */
export function modelOf(model: ModelConfig, base: string, problems: ConfigProblems): ModelConfig {
  const adapter = model.adapter ?? (model.base_url === undefined ? 'offline' : 'openai')
  if (adapter === 'openai' && (model.base_url === undefined || model.model === undefined)) {
    problems.add('model', 'needs base_url and model when the adapter is openai')
  }
  let key = {}
  attempt(problems, 'model.api_key', () => {
    if (model.api_key !== undefined) key = { api_key: secretOf(model.api_key, base) }
  })
  return { ...model, ...key, adapter }
}
