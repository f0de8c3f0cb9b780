import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createEngine, type Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import type { Adapter, Log } from '../../engine/flow/adapter.ts'
import type { Parts } from '../../engine/tick.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { segments } from '../../stores/segments.ts'
import type { AgentsPolicy } from '../../systems/agents/policy.ts'
import { setTokenizers } from '../../systems/cephalon/tokens.ts'
import { Policy as PolicyTable } from '../../systems/components.ts'
import { ConfigSet, LlmEmbed, type LlmEmbedDone } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import type { Contract } from '../../systems/sentinel/contract.ts'
import { compilePolicy, policyOf, policyPayload } from '../../systems/sentinel/policy.ts'
import { wall } from '../clock.ts'
import { type FsAdapter, fs } from '../fs.ts'
import { offline, offlineEmbedder, offlineModel } from '../offline.ts'
import { type Embed, type SearchAdapter, search } from '../search.ts'
import { traced } from '../telemetry.ts'
import { hasTokenizers, loadTokenizer } from '../tokens.ts'
import { type Tool, toolSpecs } from '../tools.ts'
import { type DiscordAdapter, discordOf } from './compose-discord.ts'
import { opencodeOf } from './compose-opencode.ts'
import { commandsOf } from './compose-repair.ts'
import { sendingOf } from './compose-sending.ts'
import { type Config, type Policy, unknownContracts } from './config.ts'
import { unknownTools } from './config-agents.ts'
import { Deltas } from './deltas.ts'
import { CliError, exitCodes } from './exit.ts'
import { lookingOnly } from './looking-only.ts'
import { allScrubbed } from './secrets.ts'
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

/** An engine on the config's data directory that only looks: no adapter is started and nothing is written. */
export async function openAtRest(config: Config, log: Log): Promise<Engine> {
  const { parts } = await compose(config)
  return createEngine({ ...parts, store: lmdb(config.data), limits: config.limits, log, drive: 'manual' })
}

/** What a running daemon is made of. */
export type Daemon = {
  readonly engine: Engine
  readonly files: FsAdapter
  readonly search: SearchAdapter
  readonly deltas: Deltas
  /** Undefined where the config does not name Discord. */
  readonly discord: DiscordAdapter | undefined
}

/** The daemon's engine, with the policy already waiting at its door, and its file adapter. */
export async function openDaemon(config: Config, options: { log: Log; watch: boolean }): Promise<Daemon> {
  const { parts, policy, adapters, toolbox } = await compose(config)
  const deltas = new Deltas()
  const models = await modelAdapters(config, deltas)
  const memory = await searchOf(config, models)
  const { adapter, see } = toolbox.adapter(memory)
  const files = fs({ root: config.notes, watch: options.watch })
  const discord = await discordOf(config)
  const talk = discord === undefined ? [] : [discord.adapter]
  const engine = await createEngine({
    ...parts,
    store: lmdb(config.data),
    adapters: await outward([memory, ...models, adapter, ...adapters, ...talk, ...(await workers(config)), files]),
    clock: wall(),
    limits: config.limits,
    log: options.log,
  })
  see(engine)
  discord?.see(engine)
  engine.publish({
    type: ConfigSet.name,
    source: { kind: 'config' },
    payload: { policy: policyPayload(policy) },
  })
  return { engine, files, search: memory, deltas, discord: discord?.adapter }
}

/** Who works on folders: the commands of repairs, and opencode. */
async function workers(config: Config): Promise<readonly Adapter[]> {
  return [...(await commandsOf(config)), ...(await opencodeOf(config))]
}

/**
 * An engine to talk with where no daemon runs: everything but the scan of the notes. The config's policy is in force, but
 * whether sentinels may write stays as the last daemon was told.
 */
export async function openForChat(
  config: Config,
  log: Log,
): Promise<{ engine: Engine; search: SearchAdapter; deltas: Deltas }> {
  const { parts, policy, adapters, toolbox } = await compose(config)
  const deltas = new Deltas()
  const models = await modelAdapters(config, deltas)
  const memory = await searchOf(config, models)
  const { adapter, see } = toolbox.adapter(memory)
  const { name, effects = {} } = fs({ root: config.notes, watch: false })
  const engine = await createEngine({
    ...parts,
    store: lmdb(config.data),
    adapters: await outward([memory, ...models, adapter, ...adapters, ...(await sendingOf(config)), { name, effects }]),
    limits: config.limits,
    log,
  })
  see(engine)
  setPolicyAtRest(engine, policy)
  return { engine, search: memory, deltas }
}

/** An engine that carries out one order: effects are performed, but no folder is scanned and the policy stays. */
export async function openForOrder(config: Config, log: Log): Promise<{ engine: Engine; search: SearchAdapter }> {
  const { parts, adapters, toolbox } = await compose(config)
  const models = await modelAdapters(config)
  const memory = await searchOf(config, models)
  const { adapter, see } = toolbox.adapter(memory)
  const { name, effects = {} } = fs({ root: config.notes, watch: false })
  const engine = await createEngine({
    ...parts,
    store: lmdb(config.data),
    adapters: await outward([memory, ...models, adapter, ...adapters, ...(await sendingOf(config)), { name, effects }]),
    limits: config.limits,
    log,
  })
  see(engine)
  return { engine, search: memory }
}

/** As `openForOrder`, but the config's policy is in force: what it names can be begun. */
export async function openForRepair(config: Config, log: Log): Promise<{ engine: Engine; search: SearchAdapter }> {
  const opened = await openForOrder(config, log)
  setPolicyAtRest(opened.engine, (await compose(config)).policy)
  return opened
}

/** An engine that connects to Discord for one command: the config's policy is in force, but no folder is scanned. */
export async function openForDiscord(config: Config, log: Log): Promise<Omit<Daemon, 'files' | 'deltas'>> {
  const { parts, policy, adapters, toolbox } = await compose(config)
  const models = await modelAdapters(config)
  const memory = await searchOf(config, models)
  const { adapter, see } = toolbox.adapter(memory)
  const { name, effects = {} } = fs({ root: config.notes, watch: false })
  const discord = await discordOf(config)
  const talk = discord === undefined ? [] : [discord.adapter]
  const engine = await createEngine({
    ...parts,
    store: lmdb(config.data),
    adapters: await outward([
      memory,
      ...models,
      adapter,
      ...adapters,
      ...talk,
      ...(await workers(config)),
      { name, effects },
    ]),
    limits: config.limits,
    log,
  })
  see(engine)
  discord?.see(engine)
  setPolicyAtRest(engine, policy)
  return { engine, search: memory, discord: discord?.adapter }
}

/** The config's policy, but whether sentinels may write stays as the last daemon was told. */
function setPolicyAtRest(engine: Engine, policy: Composed['policy']): void {
  const { write } = engine.world.rows(PolicyTable) === 0 ? policy : policyOf(engine).data
  engine.publish({
    type: ConfigSet.name,
    source: { kind: 'config' },
    payload: { policy: policyPayload({ ...policy, write }) },
  })
}

/** An engine that only looks, with its indexes: no tick is run; what the indexes lack is added to their own files alone. */
export async function openForRecall(config: Config, log: Log): Promise<{ engine: Engine; search: SearchAdapter }> {
  const engine = await openAtRest(config, log)
  const memory = await searchOf(config, await modelAdapters(config))
  await memory.start?.(lookingOnly(engine, log))
  // No tick runs, so no vector will come that the record does not have.
  await memory.complete({ embedding: false })
  return { engine, search: memory }
}

/** Adapters as an engine gets them: their failures carry no secret, and who watches by OpenTelemetry sees what they are asked. */
async function outward(adapters: readonly Adapter[]): Promise<Adapter[]> {
  return allScrubbed(await traced(adapters))
}

async function searchOf(config: Config, models: readonly Adapter[]): Promise<SearchAdapter> {
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
