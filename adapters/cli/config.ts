import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { defaultLimits, type Limits, limitsOf } from '../../engine/limits.ts'
import { parseYaml, type YamlParsed } from '../../engine/yaml.ts'
import type { AgentPolicy, AgentsPolicy } from '../../systems/agents/policy.ts'
import type { CompactPolicy } from '../../systems/compact/policy.ts'
import type { DiscordPolicy } from '../../systems/discord/policy.ts'
import type { JanitorPolicy } from '../../systems/janitor/policy.ts'
import type { OpencodePolicy } from '../../systems/opencode/policy.ts'
import type { RepairRule } from '../../systems/repair/policy.ts'
import { type Contract, compileContract } from '../../systems/sentinel/contract.ts'
import type { PolicyData } from '../../systems/sentinel/policy.ts'
import type { Retention } from './archive/retention.ts'
import type { Arguments } from './arguments.ts'
import { type AgentConfig, agentsFrom, type SchedulerConfig, schedulerFrom, unknownTools } from './config-agents.ts'
import { type ArchiveConfig, archiveFrom } from './config-archive.ts'
import { compactFrom, keepOf } from './config-compact.ts'
import {
  type DiscordAccess,
  type DiscordConfig,
  discordFrom,
  type JanitorConfig,
  janitorFrom,
} from './config-discord.ts'
import type { McpConfig } from './config-mcp.ts'
import { type EmbeddingPolicy, embeddingFrom, type MemoryConfig } from './config-memory.ts'
import { type ModelConfig, modelOf } from './config-model.ts'
import { type OpencodeAccess, type OpencodeConfig, opencodeAccess, opencodePolicyFrom } from './config-opencode.ts'
import { attempt, ConfigProblems } from './config-problems.ts'
import { type RepairConfig, repairsFrom } from './config-repair.ts'
import { checkConfig } from './config-schema.ts'
import { CliError, exitCodes } from './exit.ts'
import { secretOf } from './secret-of.ts'
import { secrets } from './secrets.ts'
import { ownToolNames } from './toolbox.ts'

export type { ModelConfig } from './config-model.ts'

type ConfigFile = {
  readonly notes?: string
  readonly data?: string
  readonly write?: boolean
  readonly contract?: string
  readonly contracts?: readonly Contract[]
  readonly model?: ModelConfig
  readonly memory?: MemoryConfig
  readonly agents?: readonly AgentConfig[]
  readonly scheduler?: SchedulerConfig
  readonly tools?: ToolsConfig
  readonly discord?: DiscordConfig
  readonly janitor?: JanitorConfig
  readonly mcp?: McpConfig
  readonly opencode?: OpencodeConfig
  readonly repairs?: readonly RepairConfig[]
  readonly archive?: ArchiveConfig
  readonly port?: number
  readonly limits?: Partial<Limits>
  readonly log?: { readonly level?: 'debug' | 'info' | 'warn' | 'error' }
  readonly extend?: string
}

/** Tools that are off unless they are named. */
export type ToolsConfig = {
  readonly web_fetch?: boolean | { readonly ports?: readonly number[]; readonly bytes_max?: number }
}

/** What enters the world as `config.set`. Without `embedding` memories get no vectors. Tools are known once adapters are. */
export type Policy = PolicyData &
  Omit<AgentsPolicy, 'tools' | 'tokens'> & {
    readonly embedding?: EmbeddingPolicy
    /** Only where the config has a word about it, as the next one. */
    readonly discord?: DiscordPolicy
    readonly janitor?: JanitorPolicy
    readonly compact?: CompactPolicy
    readonly opencode?: OpencodePolicy
    readonly repairs?: readonly RepairRule[]
  }

/** Everything the daemon needs to know, with the command line's word over the file's and the file's over the defaults. */
export type Config = {
  /** The file it came from, if there is one. */
  readonly file: string | undefined
  readonly notes: string
  readonly data: string
  readonly policy: Policy
  readonly model: ModelConfig
  readonly tools: ToolsConfig
  /** The reference of the model's key, for messages that must not show the key. */
  readonly keyName: string | undefined
  /** How to reach Discord; undefined: it is not configured, and nothing of it is loaded. */
  readonly discord: DiscordAccess | undefined
  /** How to reach opencode; undefined: it is not configured, and nothing of it is loaded. */
  readonly opencode: OpencodeAccess | undefined
  /** How long what summaries stand for is kept, in milliseconds; undefined: for ever. */
  readonly keep_ms: number | undefined
  /** When the journal is archived; undefined: only by order. */
  readonly archive: Retention | undefined
  /** What each MCP client may do. */
  readonly mcp: McpConfig
  /** The inspector's port; undefined: the usual one, or any other when that is taken. */
  readonly port: number | undefined
  readonly limits: Partial<Limits>
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Path of a module that adds contracts, adapters or systems. */
  readonly extend: string | undefined
  readonly warnings: readonly string[]
}

export const defaultNotes = './docs/notes'

/**
 * Reads the configuration. @param folder where the caller says the notes are
 * @throws CliError 78 naming every error at once: line, path, what is wrong with the value
 */
export function loadConfig(args: Arguments, folder: string | undefined): Config {
  const file = configFile(args.config)
  const parsed = file === undefined ? undefined : readYaml(file)
  const problems = new ConfigProblems(file, parsed)
  const read = checkedFile(parsed, problems)
  const base = file === undefined ? process.cwd() : dirname(file)
  const notes = folder === undefined ? resolve(base, read.notes ?? defaultNotes) : resolve(folder)
  const data = args.data ?? (read.data === undefined ? undefined : resolve(base, read.data))
  const model = problems.sound('model') ? modelOf(read.model ?? {}, base, problems) : {}
  const embedding = problems.sound('memory') ? embeddingFrom(read.memory ?? {}, model, problems) : undefined
  const compact = problems.sound('memory') ? compactFrom(read.memory?.compact, problems) : undefined
  const keep_ms = problems.sound('memory') ? keepOf(read.memory?.compact, problems) : undefined
  const agents = agentsFrom(read.agents, problems)
  const policy = {
    ...policyFrom(read, args, model),
    ...(embedding === undefined ? {} : { embedding }),
    ...(compact === undefined ? {} : { compact }),
    agents,
    scheduler: schedulerFrom(read.scheduler ?? {}, problems),
    ...chatterFrom(read, agents, problems),
    ...(read.repairs === undefined ? {} : { repairs: repairsFrom(read.repairs, base, problems) }),
    ...(read.opencode === undefined ? {} : { opencode: opencodePolicyFrom(read.opencode) }),
  }
  if (problems.sound('contract') && problems.sound('contracts')) {
    checkContracts(policy, problems)
    if (read.extend === undefined) for (const { path, text } of unknownContracts(policy)) problems.add(path, text)
  }
  if (read.agents !== undefined && read.extend === undefined) {
    for (const { path, text } of unknownTools(policy, ownToolNames())) problems.add(path, text)
  }
  if (problems.sound('limits')) attempt(problems, 'limits', () => limitsOf({ ...defaultLimits, ...read.limits }))
  const extend = read.extend === undefined ? undefined : resolve(base, read.extend)
  if (extend !== undefined && !existsSync(extend)) problems.add('extend', `there is no ${extend}`)
  const discord = read.discord === undefined ? undefined : accessOf(read.discord, base, problems)
  const opencode = opencodeFrom(read, policy.repairs ?? [], base, problems)
  const archive = archiveFrom(read.archive, base, problems)
  problems.refuse()
  return {
    file,
    notes,
    data: resolve(data ?? usualData(notes, base, folder !== undefined)),
    policy,
    model,
    tools: read.tools ?? {},
    keyName: read.model?.api_key,
    discord,
    opencode,
    keep_ms,
    archive,
    mcp: read.mcp ?? {},
    port: args.port ?? read.port,
    limits: read.limits ?? {},
    level: read.log?.level ?? 'info',
    extend,
    warnings: [...(file === undefined ? [] : warningsOf(file)), ...secrets.warnings()],
  }
}

const usualName = '.promethean'

/**
 * Where the record rests when nobody says: in the notes folder. Where that is not there, or the record was begun without
 * one, beside the config or where the command was given, so that talking needs no notes.
 */
function usualData(notes: string, base: string, named: boolean): string {
  const inside = join(notes, usualName)
  const beside = join(base, usualName)
  if (named || existsSync(inside)) return inside
  return existsSync(beside) || !existsSync(notes) ? beside : inside
}

function configFile(named: string | undefined): string | undefined {
  if (named !== undefined) {
    if (!existsSync(named)) throw new CliError(exitCodes.config, `--config ${named}: there is no such file`)
    return resolve(named)
  }
  const usual = resolve('promethean.yaml')
  return existsSync(usual) ? usual : undefined
}

function readYaml(file: string): YamlParsed {
  const parsed = parseYaml(readFileSync(file, 'utf8'))
  if (parsed.ok) return parsed
  throw new CliError(exitCodes.config, `${file}:${parsed.line}: not valid YAML: ${parsed.reason}`)
}

/** What the file says, with its schema's complaints noted. Keys that are wrong are left out of what is used. */
function checkedFile(parsed: YamlParsed | undefined, problems: ConfigProblems): ConfigFile {
  if (parsed === undefined || parsed.kind === 'empty') return {}
  for (const problem of checkConfig(parsed.data)) problems.addProblem(problem)
  if (parsed.kind !== 'map') return {}
  return Object.fromEntries(Object.entries(parsed.data as object).filter(([key]) => problems.sound(key)))
}

/** What the config says of Discord and of the janitor; nothing where it says nothing. */
function chatterFrom(
  { discord: given, janitor }: ConfigFile,
  agents: readonly AgentPolicy[],
  problems: ConfigProblems,
): Pick<Policy, 'discord' | 'janitor'> {
  const discord = given === undefined ? undefined : discordFrom(given, problems)
  // Where something is wrong with a part, what hangs together with it is not judged.
  const judged = janitor !== undefined && problems.sound('discord') && problems.sound('agents')
  return {
    ...(discord === undefined ? {} : { discord }),
    ...(judged ? { janitor: janitorFrom(janitor, { discord, agents, problems }) } : {}),
  }
}

/** How opencode is reached, where the config names it; who repairs needs it. */
function opencodeFrom(
  { opencode, extend }: ConfigFile,
  repairs: readonly RepairRule[],
  base: string,
  problems: ConfigProblems,
): OpencodeAccess | undefined {
  if (opencode === undefined) {
    // A module of the operator's own may carry out what repairs ask for.
    if (repairs.length > 0 && extend === undefined)
      problems.add('repairs', 'needs opencode: nobody could repair anything')
    return undefined
  }
  let password: string | undefined
  attempt(problems, 'opencode.password', () => {
    if (opencode.password !== undefined) password = secretOf(opencode.password, base)
  })
  return opencodeAccess(opencode, { base, password, repairs, problems })
}

function accessOf({ token, api_url }: DiscordConfig, base: string, problems: ConfigProblems): DiscordAccess {
  let secret = ''
  attempt(problems, 'discord.token', () => {
    secret = secretOf(token, base)
  })
  return { token: secret, token_name: token, api_url }
}

function policyFrom(read: ConfigFile, args: Arguments, model: ModelConfig): PolicyData {
  const contracts = (read.contracts ?? []).map((contract) => ({
    ...contract,
    order: contract.order ?? Object.keys((contract.schema['properties'] as object | undefined) ?? {}),
    attempts_max: contract.attempts_max ?? 5,
  }))
  return {
    write: args.write || read.write === true,
    contract: read.contract ?? 'frontmatter/v1',
    contracts,
    chat_in_flight_max: model.parallel ?? (model.adapter === 'offline' ? 64 : 8),
    model: `${model.adapter} ${model.base_url ?? ''} ${model.model ?? ''}`.trim(),
  }
}

function checkContracts(policy: PolicyData, problems: ConfigProblems): void {
  for (const [index, contract] of policy.contracts.entries()) {
    attempt(problems, `contracts.${index}.schema`, () => compileContract(contract))
  }
}

/** Names of contracts that nobody defines; asked once all of them are known, those of `extend` included. */
export function unknownContracts(policy: PolicyData): { path: string; text: string }[] {
  const names = new Set(['frontmatter/v1', ...policy.contracts.map(({ name }) => name)])
  const named = policy.contracts.map(({ then }, index) => ({ path: `contracts.${index}.then`, name: then }))
  return [{ path: 'contract', name: policy.contract }, ...named].flatMap(({ path, name }) =>
    name === undefined || names.has(name) ? [] : [{ path, text: `there is no contract ${name}` }],
  )
}

function warningsOf(file: string): string[] {
  const loose = process.platform !== 'win32' && (statSync(file).mode & 0o002) !== 0
  return loose ? [`${file} can be changed by every user of this machine; chmod o-w it`] : []
}
