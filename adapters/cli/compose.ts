import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasonOf } from '../../engine/errors.ts'
import type { Adapter } from '../../engine/flow/adapter.ts'
import type { Parts } from '../../engine/tick.ts'
import { segments } from '../../stores/segments.ts'
import type { AgentsPolicy } from '../../systems/agents/policy.ts'
import { setTokenizers } from '../../systems/cephalon/tokens.ts'
import { LlmEmbed, type LlmEmbedDone } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import type { Contract } from '../../systems/sentinel/contract.ts'
import { compilePolicy } from '../../systems/sentinel/policy.ts'
import { offline, offlineEmbedder, offlineModel } from '../offline.ts'
import { type Embed, type SearchAdapter, search } from '../search.ts'
import { traced } from '../telemetry.ts'
import { hasTokenizers, loadTokenizer } from '../tokens.ts'
import { type Tool, toolSpecs } from '../tools.ts'
import { type Config, type Policy, unknownContracts } from './config.ts'
import { unknownTools } from './config-agents.ts'
import { Deltas } from './deltas.ts'
import { CliError, exitCodes } from './exit.ts'
import { type Toolbox, toolboxOf } from './toolbox.ts'
import { vectorStore } from './vector-store.ts'

/** What a module named by `extend` may export as its default. */
export type Extension = Partial<Parts> & {
  readonly contracts?: readonly Contract[]
  readonly adapters?: readonly Adapter[]
  readonly tools?: readonly Tool[]
}
export type Composed = {
  readonly parts: Parts
  readonly policy: Policy & Pick<AgentsPolicy, 'tools' | 'tokens'>
  readonly adapters: readonly Adapter[]
  readonly toolbox: Toolbox
}

/** The mind with what the config's module adds: its systems run after the mind's own, before the outbox. */
export async function compose(config: Config): Promise<Composed> {
  const extension = config.extend === undefined ? {} : await loadExtension(config.extend)
  const base = mind()
  const parts: Parts = {
    archetypes: [...base.archetypes, ...(extension.archetypes ?? [])],
    systems: [...base.systems.slice(0, -1), ...(extension.systems ?? []), ...base.systems.slice(-1)],
    events: [...base.events, ...(extension.events ?? [])],
    effects: [...base.effects, ...(extension.effects ?? [])],
    records: [...base.records, ...(extension.records ?? [])],
  }
  const contracts = [...config.policy.contracts, ...(extension.contracts ?? [])]
  const toolbox = toolboxOf({ ...config, policy: { ...config.policy, contracts } }, extension.tools ?? [])
  setTokenizers(loadTokenizer)
  const tokens: AgentsPolicy['tokens'] = hasTokenizers() ? 'exact' : 'estimate'
  // Tokens are counted for the model that will be asked, so an agent without one of its own is told it.
  const { model } = config.model
  const agents = config.policy.agents.map((agent) => (model === undefined ? agent : { model, ...agent }))
  const policy = { ...config.policy, agents, contracts, tools: toolSpecs(toolbox.tools), tokens }
  compilePolicy(policy)
  const [unknown] = [...unknownContracts(policy), ...unknownTools(policy, toolbox.names)]
  if (unknown !== undefined) throw new CliError(exitCodes.config, `${unknown.path}: ${unknown.text}`)
  return { parts, policy, adapters: extension.adapters ?? [], toolbox }
}

/** Recall over the record's indexes, asking these models for the vectors of queries. */
export async function searchOf(config: Config, models: readonly Adapter[]): Promise<SearchAdapter> {
  // The vectors of queries are asked for directly, not as effects, so their spans begin here.
  const asked = await traced(models)
  const handler = asked.map(({ effects }) => effects?.[LlmEmbed.name]).find((each) => each !== undefined)
  const embed: Embed | undefined =
    handler &&
    (async (request, signal) => (await handler(request, { effect_id: 0, attempt: 1, signal })) as LlmEmbedDone)
  return search({
    files: segments(join(config.data, 'search')),
    vectors: vectorStore(join(config.data, 'vectors')),
    ...(embed === undefined ? {} : { embed }),
  })
}

/** Who answers `llm.chat` and `llm.embed`. @throws EngineError ADAPTER_OPTION when the config's model cannot be asked */
export async function modelAdapters(config: Config, deltas = new Deltas()): Promise<readonly Adapter[]> {
  const { model, policy } = config
  if (model.adapter !== 'openai') return [offline({ delay_ms: model.delay_ms ?? 0 })]
  const { openai } = await import('../openai.ts')
  const { base_url = '', model: name = '', adapter: _adapter, delay_ms: _delay, parallel: _parallel, ...more } = model
  const { embed_model, embed_dimensions, ...rest } = more
  // Two adapters cannot answer one effect: the endpoint makes the vectors, or nobody beyond this process does.
  const embeds = embed_model !== undefined && policy.embedding?.model !== offlineModel
  const dimensions = embed_dimensions === undefined ? {} : { embed_dimensions }
  const endpoint = openai({
    base_url,
    model: name,
    ...rest,
    onDelta: deltas.tell,
    ...(embeds ? { embed_model, ...dimensions } : {}),
    ...(config.keyName === undefined ? {} : { api_key_name: config.keyName }),
  })
  return embeds ? [endpoint] : [endpoint, offlineEmbedder()]
}

async function loadExtension(path: string): Promise<Extension> {
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: Extension }
    return module.default ?? {}
  } catch (thrown) {
    throw new CliError(exitCodes.config, `extend: ${path}: ${reasonOf(thrown)}`)
  }
}
