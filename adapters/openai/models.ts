import type { Endpoint } from './endpoint.ts'
import { failureOfThrown } from './failures.ts'
import { Guard } from './guard.ts'
import { type ProfileName, profileAt } from './profiles.ts'

/** A model as a server lists it. */
export type Listed = {
  readonly id: string
  readonly owned_by: string
  /** Tokens that fit into it, where the server says so. */
  readonly context: number | undefined
}
type Fields = { readonly [key: string]: unknown }

const listMax = 10_000
/** Where servers write how much fits into a model: what is in force before what it could be. */
const contextFields = [
  'loaded_context_length',
  'context_length',
  'max_model_len',
  'max_context_length',
  'context_window',
  'n_ctx',
  'n_ctx_train',
]

/** The models that an endpoint lists. @throws EffectFailure as an exchange does */
export async function listModels(endpoint: Endpoint, signal: AbortSignal): Promise<Listed[]> {
  return modelsIn(await getJson(endpoint, `${endpoint.base_url}/models`, signal))
}

/** How many tokens fit into the model, where the server tells; undefined where it does not, or cannot be asked. */
export async function contextOf(
  endpoint: Endpoint,
  listed: readonly Listed[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const { context_path } = endpoint.profile
  const inList = listed.find(({ id }) => isModel(id, endpoint.model))?.context
  if (context_path === undefined) return inList
  try {
    const told = await getJson(endpoint, new URL(context_path, endpoint.base_url).href, signal)
    const settings = isFields(told) ? told['default_generation_settings'] : undefined
    const own = isFields(settings) ? contextIn(settings) : undefined
    return own ?? modelsIn(told).find(({ id }) => isModel(id, endpoint.model))?.context ?? inList
  } catch {
    // It is only asked to tell more: whether the endpoint works is found out elsewhere.
    return inList
  }
}

/** Whether a listed name is that of a model; Ollama lists `llama3.1:latest` for `llama3.1`. */
export function isModel(id: string, model: string): boolean {
  return id === model || id === `${model}:latest`
}

const byOwner: { readonly [owner: string]: ProfileName } = {
  vllm: 'vllm',
  llamacpp: 'llamacpp',
  organization_owner: 'lmstudio',
  library: 'ollama',
}

/** The kind of server that a known host or a list of models speaks for; undefined where neither does. */
export function profileNameOf(base_url: string, listed: readonly Listed[]): ProfileName | undefined {
  const { name } = profileAt(base_url)
  if (name === 'openai' || name === 'openrouter') return name
  for (const { owned_by } of listed) if (byOwner[owned_by] !== undefined) return byOwner[owned_by]
  return undefined
}

/** Asks an address of the endpoint for JSON, under the same guard and with the same key as a chat. */
async function getJson(endpoint: Endpoint, url: string, signal: AbortSignal): Promise<unknown> {
  const guard = new Guard(endpoint, endpoint.total_ms, signal)
  const key = endpoint.api_key === '' ? {} : { authorization: `Bearer ${endpoint.api_key}` }
  try {
    const response = await guard.fetch(url, { headers: { accept: 'application/json', ...key } })
    return await response.json()
  } catch (thrown) {
    throw guard.failure ?? failureOfThrown(endpoint, thrown)
  } finally {
    guard.close()
  }
}

function modelsIn(told: unknown): Listed[] {
  const list = isFields(told) ? (told['data'] ?? told['models']) : told
  if (!Array.isArray(list)) return []
  return list.slice(0, listMax).flatMap((one: unknown) => {
    if (!isFields(one)) return []
    const id = one['id'] ?? one['model'] ?? one['name']
    if (typeof id !== 'string') return []
    const meta = isFields(one['meta']) ? one['meta'] : {}
    const owned_by = typeof one['owned_by'] === 'string' ? one['owned_by'] : ''
    return [{ id, owned_by, context: contextIn(one) ?? contextIn(meta) }]
  })
}

function contextIn(fields: Fields): number | undefined {
  for (const name of contextFields) {
    const value = fields[name]
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  }
  return undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
