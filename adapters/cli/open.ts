import { createEngine, type Engine } from '../../engine/engine.ts'
import type { Adapter, Log } from '../../engine/flow/adapter.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Policy as PolicyTable } from '../../systems/components.ts'
import { ConfigSet } from '../../systems/events.ts'
import { policyOf, policyPayload } from '../../systems/sentinel/policy.ts'
import { wall } from '../clock.ts'
import { type FsAdapter, fs } from '../fs.ts'
import type { SearchAdapter } from '../search.ts'
import { traced } from '../telemetry.ts'
import { type Composed, compose, modelAdapters, searchOf } from './compose.ts'
import { type DiscordAdapter, discordOf } from './compose-discord.ts'
import { opencodeOf } from './compose-opencode.ts'
import { commandsOf } from './compose-repair.ts'
import { sendingOf } from './compose-sending.ts'
import type { Config } from './config.ts'
import { Deltas } from './deltas.ts'
import { lookingOnly } from './looking-only.ts'
import { allScrubbed } from './secrets.ts'

/** Engines on the config's data directory, each with as much of the outside as its command needs. */

/** What a running daemon is made of. */
export type Daemon = {
  readonly engine: Engine
  readonly files: FsAdapter
  readonly search: SearchAdapter
  readonly deltas: Deltas
  /** Undefined where the config does not name Discord. */
  readonly discord: DiscordAdapter | undefined
}

/** An engine that only looks: no adapter is started and nothing is written. */
export async function openAtRest(config: Config, log: Log): Promise<Engine> {
  const { parts } = await compose(config)
  return createEngine({ ...parts, store: lmdb(config.data), limits: config.limits, log, drive: 'manual' })
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

/** The daemon's engine, with the policy already waiting at its door, and its file adapter. */
export async function openDaemon(config: Config, options: { log: Log; watch: boolean }): Promise<Daemon> {
  const composed = await compose(config)
  const deltas = new Deltas()
  const files = fs({ root: config.notes, watch: options.watch })
  const discord = await discordOf(config)
  const outside = [...talking(discord), ...(await workers(config)), files]
  const { engine, search } = await openWith(config, composed, { outside, deltas, log: options.log, onTime: true })
  discord?.see(engine)
  setPolicy(engine, composed.policy)
  return { engine, files, search, deltas, discord: discord?.adapter }
}

/**
 * An engine to talk with where no daemon runs: everything but the scan of the notes. The config's policy is in force, but
 * whether sentinels may write stays as the last daemon was told.
 */
export async function openForChat(
  config: Config,
  log: Log,
): Promise<{ engine: Engine; search: SearchAdapter; deltas: Deltas }> {
  const composed = await compose(config)
  const deltas = new Deltas()
  const opened = await openWith(config, composed, { outside: await quiet(config), deltas, log })
  setPolicyAtRest(opened.engine, composed.policy)
  return { ...opened, deltas }
}

/** An engine that carries out one order: effects are performed, but no folder is scanned and the policy stays. */
export async function openForOrder(config: Config, log: Log): Promise<{ engine: Engine; search: SearchAdapter }> {
  return openWith(config, await compose(config), { outside: await quiet(config), log })
}

/** As `openForOrder`, but the config's policy is in force: what it names can be begun. */
export async function openForRepair(config: Config, log: Log): Promise<{ engine: Engine; search: SearchAdapter }> {
  const composed = await compose(config)
  const opened = await openWith(config, composed, { outside: await quiet(config), log })
  setPolicyAtRest(opened.engine, composed.policy)
  return opened
}

/** An engine that connects to Discord for one command: the config's policy is in force, but no folder is scanned. */
export async function openForDiscord(config: Config, log: Log): Promise<Omit<Daemon, 'files' | 'deltas'>> {
  const composed = await compose(config)
  const discord = await discordOf(config)
  const outside = [...talking(discord), ...(await workers(config)), writing(config)]
  const opened = await openWith(config, composed, { outside, log })
  discord?.see(opened.engine)
  setPolicyAtRest(opened.engine, composed.policy)
  return { ...opened, discord: discord?.adapter }
}

type Opening = {
  /** Who is there beside memory, models, tools and the adapters of `extend`. */
  readonly outside: readonly Adapter[]
  readonly log: Log
  readonly deltas?: Deltas
  /** Whether its time is the wall's from the first tick on, as a daemon's. */
  readonly onTime?: boolean
}

async function openWith(
  config: Config,
  { parts, adapters, toolbox }: Composed,
  { outside, log, deltas, onTime = false }: Opening,
): Promise<{ engine: Engine; search: SearchAdapter }> {
  const models = await modelAdapters(config, deltas)
  const memory = await searchOf(config, models)
  const tools = toolbox.adapter(memory)
  const engine = await createEngine({
    ...parts,
    store: lmdb(config.data),
    adapters: await outward([memory, ...models, tools.adapter, ...adapters, ...outside]),
    limits: config.limits,
    log,
    ...(onTime ? { clock: wall() } : {}),
  })
  tools.see(engine)
  return { engine, search: memory }
}

/** Adapters as an engine gets them: their failures carry no secret, and who watches by OpenTelemetry sees what they are asked. */
async function outward(adapters: readonly Adapter[]): Promise<Adapter[]> {
  return allScrubbed(await traced(adapters))
}

function talking(discord: Awaited<ReturnType<typeof discordOf>>): readonly Adapter[] {
  return discord === undefined ? [] : [discord.adapter]
}

/** Who works on folders: the commands of repairs, and opencode. */
async function workers(config: Config): Promise<readonly Adapter[]> {
  return [...(await commandsOf(config)), ...(await opencodeOf(config))]
}

/** Who carries out effects for a command: nothing connects, nothing is heard and no folder is scanned. */
async function quiet(config: Config): Promise<readonly Adapter[]> {
  return [...(await sendingOf(config)), writing(config)]
}

/** Writes notes when it is asked to, and looks at none by itself. */
function writing(config: Config): Adapter {
  const { name, effects = {} } = fs({ root: config.notes, watch: false })
  return { name, effects }
}

function setPolicy(engine: Engine, policy: Composed['policy']): void {
  engine.publish({ type: ConfigSet.name, source: { kind: 'config' }, payload: { policy: policyPayload(policy) } })
}

/** The config's policy, but whether sentinels may write stays as the last daemon was told. */
function setPolicyAtRest(engine: Engine, policy: Composed['policy']): void {
  const { write } = engine.world.rows(PolicyTable) === 0 ? policy : policyOf(engine).data
  setPolicy(engine, { ...policy, write })
}
