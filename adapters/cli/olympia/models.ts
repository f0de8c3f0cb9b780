import type { Adapter } from '../../../engine/flow/adapter.ts'
import type { AgentPolicy } from '../../../systems/agents/policy.ts'
import { modelAdapters } from '../compose.ts'
import type { Config } from '../config.ts'
import { CliError, exitCodes } from '../exit.ts'
import { allScrubbed } from '../secrets.ts'

/** Of tokens, in any currency. */
export type Prices = NonNullable<AgentPolicy['prices']>

/** A model that is measured. */
export type Model = {
  readonly name: string
  /** Whoever answers `llm.chat` for it. */
  readonly adapters: readonly Adapter[]
  readonly prices: Prices | undefined
}

const offlineName = 'offline' as const

/**
 * The models that were named, at the configured endpoint; without a name the configured one, or the offline answerer.
 * @throws CliError 78 for a name where no endpoint is configured
 */
export async function modelsOf(config: Config, names: readonly string[]): Promise<readonly Model[]> {
  const { adapter, model } = config.model
  const hasEndpoint = adapter === 'openai'
  const wanted = names.length > 0 ? [...new Set(names)] : [hasEndpoint ? (model ?? '') : offlineName]
  const unreachable = wanted.find((name) => name !== offlineName && !hasEndpoint)
  if (unreachable !== undefined) {
    const what = 'no endpoint is configured: set model.base_url and model.model in promethean.yaml'
    throw new CliError(exitCodes.config, `--model ${unreachable}: ${what}, or name --config FILE`)
  }
  return Promise.all(wanted.map((name) => modelOf(config, name)))
}

async function modelOf(config: Config, name: string): Promise<Model> {
  const { adapter, model: usual } = config.model
  const isOffline = adapter !== 'openai' || (name === offlineName && usual !== offlineName)
  const beside = adapter === 'openai' ? { adapter: offlineName } : config.model
  const model = isOffline ? beside : { ...config.model, model: name }
  const priced = config.policy.agents.find((agent) => agent.model === name) ?? config.policy.agents[0]
  const adapters = allScrubbed(await modelAdapters({ ...config, model }))
  return { name, adapters, prices: isOffline ? undefined : priced?.prices }
}
