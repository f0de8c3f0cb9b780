import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { reasonOf } from '../../engine/errors.ts'
import { defaultLimits, type Limits, limitsOf } from '../../engine/limits.ts'
import { compileSchema, type Problem } from '../../engine/schema.ts'
import { parseYaml, type YamlParsed } from '../../engine/yaml.ts'
import { lineOfPath } from '../../engine/yaml-outline.ts'
import type { Contract } from '../../systems/sentinel/contract.ts'
import { compilePolicy, type PolicyData } from '../../systems/sentinel/policy.ts'
import type { Arguments } from './arguments.ts'
import { configSchema } from './config-schema.ts'
import { CliError, exitCodes } from './exit.ts'

export type ModelConfig = {
  readonly adapter?: 'offline' | 'openai'
  readonly base_url?: string
  readonly api_key?: string
  readonly model?: string
  readonly stream?: boolean
  readonly first_byte_ms?: number
  readonly idle_ms?: number
  readonly total_ms?: number
  /** Questions that may be out at once. */
  readonly parallel?: number
  readonly temperature?: number
  readonly delay_ms?: number
}
type ConfigFile = {
  readonly notes?: string
  readonly data?: string
  readonly write?: boolean
  readonly contract?: string
  readonly contracts?: readonly Contract[]
  readonly model?: ModelConfig
  readonly port?: number
  readonly limits?: Partial<Limits>
  readonly log?: { readonly level?: 'debug' | 'info' | 'warn' | 'error' }
  readonly extend?: string
}

/** Everything the daemon needs to know, with the command line's word over the file's and the file's over the defaults. */
export type Config = {
  /** The file it came from, if there is one. */
  readonly file: string | undefined
  readonly notes: string
  readonly data: string
  readonly policy: PolicyData
  readonly model: ModelConfig
  /** The reference of the model's key, for messages that must not show the key. */
  readonly keyName: string | undefined
  /** The inspector's port; undefined: the usual one, or any other when that is taken. */
  readonly port: number | undefined
  readonly limits: Partial<Limits>
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Path of a module that adds contracts, adapters or systems. */
  readonly extend: string | undefined
  readonly warnings: readonly string[]
}

export const defaultNotes = './docs/notes'
const check = compileSchema(configSchema, 'promethean.yaml')

/**
 * Reads the configuration. @param folder where the caller says the notes are
 * @throws CliError 78 naming every error at once: path, value, what was expected, line
 */
export function loadConfig(args: Arguments, folder: string | undefined): Config {
  const file = configFile(args.config)
  const read = file === undefined ? {} : readConfig(file)
  const base = file === undefined ? process.cwd() : dirname(file)
  const notes = folder === undefined ? resolve(base, read.notes ?? defaultNotes) : resolve(folder)
  const data = args.data ?? (read.data === undefined ? undefined : resolve(base, read.data))
  const model = modelOf(read.model ?? {}, base, file)
  return {
    file,
    notes,
    data: resolve(data ?? join(notes, '.promethean')),
    policy: policyFrom(read, args, model, file),
    model,
    keyName: read.model?.api_key,
    port: args.port ?? read.port,
    limits: checkedLimits(read.limits ?? {}, file),
    level: read.log?.level ?? 'info',
    extend: read.extend === undefined ? undefined : resolve(base, read.extend),
    warnings: file === undefined ? [] : warningsOf(file),
  }
}

/** What a secret's reference stands for. @throws CliError 78 naming the reference, never the secret */
export function secretOf(reference: string, base: string): string {
  const [kind, name] = [reference.slice(0, reference.indexOf(':')), reference.slice(reference.indexOf(':') + 1)]
  if (kind === 'env') {
    const value = process.env[name]
    if (value === undefined || value === '')
      throw new CliError(exitCodes.config, `${reference}: the variable ${name} is not set`)
    return value
  }
  const path = isAbsolute(name) ? name : join(base, name)
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (thrown) {
    throw new CliError(exitCodes.config, `${reference}: ${reasonOf(thrown)}`)
  }
}

function configFile(named: string | undefined): string | undefined {
  if (named !== undefined) {
    if (!existsSync(named)) throw new CliError(exitCodes.config, `--config ${named}: there is no such file`)
    return resolve(named)
  }
  const usual = resolve('promethean.yaml')
  return existsSync(usual) ? usual : undefined
}

function readConfig(file: string): ConfigFile {
  const parsed = parseYaml(readFileSync(file, 'utf8'))
  if (!parsed.ok) throw new CliError(exitCodes.config, `${file}:${parsed.line}: the YAML ${parsed.reason}`)
  if (parsed.kind === 'empty') return {}
  const problems = check(parsed.data)
  if (problems.length === 0) return parsed.data as ConfigFile
  throw new CliError(exitCodes.config, problems.map((problem) => describe(file, parsed, problem)).join('\n'))
}

/** `promethean.yaml:3: limits.tick_ms: must be number, not "fast"`, with a guess at what was meant. */
function describe(file: string, parsed: YamlParsed, { path, message }: Problem): string {
  const keys = path === '' ? [] : path.split('.')
  const value = keys.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], parsed.data)
  const shown = value === undefined ? '' : `, not ${JSON.stringify(value)?.slice(0, 80)}`
  const known = message === 'is not a known key' ? guess(keys.at(-1) ?? '') : shown
  return `${file}:${lineOfPath(parsed, keys)}: ${path || 'the file'}: ${message}${known}`
}

function guess(key: string): string {
  const near = knownKeys().find((known) => distance(known, key) <= 2)
  return near === undefined ? '' : `; did you mean ${near}?`
}

function knownKeys(): string[] {
  const keys: string[] = []
  const collect = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { properties, items } = schema as { properties?: Record<string, unknown>; items?: unknown }
    for (const [key, child] of Object.entries(properties ?? {})) {
      keys.push(key)
      collect(child)
    }
    collect(items)
  }
  collect(configSchema)
  return keys
}

/** Edit distance of two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

function modelOf(model: ModelConfig, base: string, file: string | undefined): ModelConfig {
  const adapter = model.adapter ?? (model.base_url === undefined ? 'offline' : 'openai')
  if (adapter === 'openai' && (model.base_url === undefined || model.model === undefined)) {
    throw new CliError(exitCodes.config, `${file}: model: needs base_url and model when the adapter is openai`)
  }
  const key = model.api_key === undefined ? {} : { api_key: secretOf(model.api_key, base) }
  return { ...model, ...key, adapter }
}

function policyFrom(read: ConfigFile, args: Arguments, model: ModelConfig, file: string | undefined): PolicyData {
  const contracts = (read.contracts ?? []).map((contract) => ({
    ...contract,
    order: contract.order ?? Object.keys((contract.schema['properties'] as object | undefined) ?? {}),
    attempts_max: contract.attempts_max ?? 5,
  }))
  const policy: PolicyData = {
    write: args.write || read.write === true,
    contract: read.contract ?? 'frontmatter/v1',
    contracts,
    chat_in_flight_max: model.parallel ?? (model.adapter === 'offline' ? 64 : 8),
    model: `${model.adapter} ${model.base_url ?? ''} ${model.model ?? ''}`.trim(),
  }
  checkContracts(policy, file)
  return policy
}

function checkContracts(policy: PolicyData, file: string | undefined): void {
  try {
    const { indexOf } = compilePolicy(policy)
    const named = [policy.contract, ...policy.contracts.flatMap(({ then }) => (then === undefined ? [] : [then]))]
    for (const name of named) if (indexOf(name) === 0) throw new Error(`there is no contract ${name}`)
  } catch (thrown) {
    throw new CliError(exitCodes.config, `${file ?? 'contracts'}: ${reasonOf(thrown)}`)
  }
}

function checkedLimits(limits: Partial<Limits>, file: string | undefined): Partial<Limits> {
  try {
    limitsOf({ ...defaultLimits, ...limits })
    return limits
  } catch (thrown) {
    throw new CliError(exitCodes.config, `${file}: limits: ${reasonOf(thrown)}`)
  }
}

function warningsOf(file: string): string[] {
  const loose = process.platform !== 'win32' && (statSync(file).mode & 0o002) !== 0
  return loose ? [`${file} can be changed by every user of this machine; chmod o-w it`] : []
}
