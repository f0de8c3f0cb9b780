import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Engine } from '../../../engine/engine.ts'
import type { EventInput, Payload } from '../../../engine/flow/event.ts'
import { parseYaml } from '../../../engine/yaml.ts'
import type { AgentPolicy } from '../../../systems/agents/policy.ts'
import { Policy as PolicyTable } from '../../../systems/components.ts'
import { ConfigSet } from '../../../systems/events.ts'
import { compilePolicy, defaultPolicy, type PolicyData } from '../../../systems/sentinel/policy.ts'
import type { Arguments } from '../arguments.ts'
import { compose } from '../compose.ts'
import { type Config, loadConfig } from '../config.ts'
import { CliError, exitCodes } from '../exit.ts'

/** What each key of a config decides in the policy; the other keys are no part of the world, so a fork cannot change them. */
const decides: { readonly [key: string]: readonly string[] } = {
  write: ['write'],
  contract: ['contract'],
  contracts: ['contracts'],
  model: ['model', 'chat_in_flight_max'],
  memory: ['embedding', 'compact'],
  agents: ['agents'],
  scheduler: ['scheduler'],
  tools: ['tools'],
  discord: ['discord'],
  janitor: ['janitor'],
  repairs: ['repairs'],
  // Of use only so that contracts and tools of that module are known.
  extend: [],
}

/** The config of a fork: what it names, and the whole of it as the daemon would take it. */
export type ForkConfig = { readonly names: readonly string[]; readonly config: Config }

/**
 * Reads what a fork is to run under: a config, in YAML or JSON, of which only the keys that it names count beside the `base`.
 * @throws CliError 65 when there is no such file or it names what is no policy; 78 with every error in it
 */
export async function forkConfig(args: Arguments, base: Config, file: string): Promise<ForkConfig> {
  if (!existsSync(file)) throw new CliError(exitCodes.data, `--with ${file}: there is no such file`)
  const parsed = parseYaml(readFileSync(file, 'utf8'))
  if (!parsed.ok)
    throw new CliError(exitCodes.config, `${file}:${parsed.line}: not valid YAML or JSON: ${parsed.reason}`)
  const names = parsed.kind === 'map' ? Object.keys(parsed.data as object) : []
  const known = Object.keys(decides).join(', ')
  if (names.length === 0)
    throw new CliError(exitCodes.data, `--with ${file}: it names nothing to change; it may name ${known}`)
  const strange = names.find((name) => decides[name] === undefined)
  if (strange !== undefined) {
    throw new CliError(exitCodes.data, `--with ${file}: a fork cannot change ${strange}; it may name ${known}`)
  }
  const read = loadConfig({ ...args, config: resolve(file), write: false }, args.words[0] ?? args.notes)
  const { notes, data, extend } = base
  const config = {
    ...read,
    notes,
    data,
    extend: read.extend ?? extend,
    ...(names.includes('model') ? {} : modelOf(base)),
  }
  await compose(config)
  return { names, config }
}

/** Without a word about it, the model is what it was: agents without one of their own are told it. */
function modelOf({ model, keyName }: Config): Pick<Config, 'model' | 'keyName'> {
  return { model, keyName }
}

type Members = { readonly [member: string]: unknown }

/**
 * The policy that was in force at a tick, with what the fork's config names in place of what was there, as the event that sets it.
 * @throws CliError 78 when the two do not go together
 */
export async function changeOf(engine: Engine, tick: number, { names, config }: ForkConfig): Promise<EventInput> {
  const before = policyAt(engine, tick)
  const { policy } = await compose(config)
  const given: Members = { ...policy }
  const merged: Record<string, unknown> = { ...before }
  for (const member of names.flatMap((name) => decides[name] ?? [])) {
    if (given[member] === undefined) delete merged[member]
    else merged[member] = given[member]
  }
  const renamed = names.includes('model') && !names.includes('agents')
  if (renamed) merged['agents'] = withModel(before, config.model.model)
  // In the order in which it stood, so that what changes nothing is the same policy.
  const whole = { ...merged, ...missing(merged) }
  const checked: PolicyData & Members = Object.assign({ ...defaultPolicy }, merged)
  compilePolicy(checked)
  return {
    type: ConfigSet.name,
    source: { kind: 'config' },
    payload: { policy: JSON.parse(JSON.stringify(whole)) as Payload },
  }
}

function missing(policy: Members): Members {
  return Object.fromEntries(Object.entries(defaultPolicy).filter(([member]) => policy[member] === undefined))
}

/** The policy that a tick's world had, as it was set. O(policies). */
function policyAt(engine: Engine, tick: number): Members {
  const { set_tick } = engine.world.of(PolicyTable)
  let row = engine.world.rows(PolicyTable)
  while (row > 0 && set_tick[row]! > tick) row--
  const text = row === 0 ? undefined : engine.read('policy', row)
  return text === undefined ? {} : (JSON.parse(text) as Members)
}

/** Agents that were asked of the config's own model are asked of the new one; those with a model of their own keep it. */
function withModel(before: Members, model: string | undefined): unknown {
  const own = typeof before['model'] === 'string' ? before['model'].split(' ')[2] : undefined
  const agents = (Array.isArray(before['agents']) ? before['agents'] : []) as readonly AgentPolicy[]
  return agents.map((agent) => {
    if (agent.model !== own) return agent
    const { model: _before, ...rest } = agent
    return model === undefined ? rest : { ...rest, model }
  })
}
