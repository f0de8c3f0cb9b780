import { parseArgs } from 'node:util'
import { reasonOf } from '../../engine/errors.ts'
import { type Travel, travelOf, travelOptions } from './arguments-travel.ts'
import { CliError, exitCodes } from './exit.ts'
import { usage } from './usage.ts'

const options = {
  notes: { type: 'string' },
  data: { type: 'string' },
  config: { type: 'string' },
  write: { type: 'boolean' },
  'inspector-write': { type: 'boolean' },
  once: { type: 'boolean' },
  strict: { type: 'boolean' },
  port: { type: 'string' },
  until: { type: 'string' },
  verify: { type: 'boolean' },
  repair: { type: 'boolean' },
  sample: { type: 'boolean' },
  hits: { type: 'string', short: 'k' },
  explain: { type: 'boolean' },
  queries: { type: 'string' },
  kind: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  channel: { type: 'string' },
  thread: { type: 'string' },
  author: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  circuit: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
  out: { type: 'string' },
  model: { type: 'string', multiple: true },
  runs: { type: 'string' },
  parallel: { type: 'string' },
  'fail-under': { type: 'string' },
  deny: { type: 'boolean' },
  compact: { type: 'boolean' },
  client: { type: 'string' },
  ...travelOptions,
  json: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** How many words may follow each command. */
const wordsMax: { readonly [command: string]: ((words: readonly string[]) => number) | undefined } = {
  run: () => 1,
  chat: () => 1,
  sessions: () => 0,
  approve: () => 1,
  cancel: () => 1,
  outbox: () => 0,
  status: () => 1,
  doctor: ([what]) => (what === 'llm' || what === 'discord' ? 2 : 1),
  discord: ([order]) => (order === 'resolve' ? 3 : order === 'backfill' ? 2 : 1),
  janitor: () => 2,
  opencode: ([order]) => (order === 'status' || order === 'permissions' ? 1 : 2),
  compact: ([order]) => (order === 'show' || order === 'undo' || order === 'purge' ? 2 : 1),
  repair: () => 2,
  replay: () => 1,
  fork: () => 1,
  bisect: () => 1,
  sentinel: ([order]) => (order === 'list' ? 2 : 3),
  config: () => 2,
  ingest: () => Number.POSITIVE_INFINITY,
  recall: () => Number.POSITIVE_INFINITY,
  ask: () => Number.POSITIVE_INFINITY,
  eval: () => Number.POSITIVE_INFINITY,
  memory: ([order]) => (order === 'export' ? 1 : 2),
  olympia: ([order]) => (order === 'run' ? 2 : 1),
  explain: ([what]) => (what === 'turn' || what === 'route' ? 2 : 1),
  audit: () => 1,
  backup: () => 1,
  archive: () => 1,
  restore: () => 2,
  top: () => 0,
  repl: () => 0,
  mcp: () => 0,
}

/** What was asked for on the command line. */
export type Arguments = {
  readonly command: string
  /** What followed the command, in order. */
  readonly words: readonly string[]
  readonly notes: string | undefined
  readonly data: string | undefined
  readonly config: string | undefined
  readonly port: number | undefined
  readonly until: number | undefined
  readonly write: boolean
  readonly inspector_write: boolean
  readonly once: boolean
  readonly strict: boolean
  readonly verify: boolean
  readonly repair: boolean
  readonly sample: boolean
  readonly json: boolean
  /** Most hits; undefined: as many as recall gives by itself. */
  readonly hits_max: number | undefined
  readonly explain: boolean
  readonly queries: string | undefined
  readonly filters: Filters
  readonly circuit: string | undefined
  /** Milliseconds since 1970. */
  readonly since_ms: number | undefined
  readonly limit: number | undefined
  readonly out: string | undefined
  readonly olympia: OlympiaWords
  readonly deny: boolean
  /** With eval: what compaction costs. */
  readonly compact: boolean
  /** Which MCP client is served; undefined: one that the config does not name. */
  readonly client: string | undefined
  readonly travel: Travel
}

/** What is run by `olympia`; undefined: as usual. */
export type OlympiaWords = {
  readonly models: readonly string[]
  readonly runs: number | undefined
  readonly parallel: number | undefined
  /** From 0 to 1. */
  readonly fail_under: number | undefined
}

/** Which memories may be hits at all. */
export type Filters = {
  readonly kinds: readonly string[]
  readonly tags: readonly string[]
  readonly channel: string | undefined
  readonly thread: string | undefined
  readonly author: string | undefined
  readonly from_ms: number | undefined
  readonly to_ms: number | undefined
}

/** @throws CliError 64 when the words make no sense */
export function readArguments(words: readonly string[]): Arguments {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(words)
  } catch (thrown) {
    throw new CliError(exitCodes.usage, `${reasonOf(thrown)}\n\n${usage}`)
  }
  const { values, positionals } = parsed
  const [first = 'help', ...rest] = positionals
  const most = wordsMax[first]?.(rest) ?? 0
  if (rest.length > most) {
    throw new CliError(
      exitCodes.usage,
      `${first} does not take ${rest.slice(most).join(' ')}; quote a path that has blanks`,
    )
  }
  if (first === 'run' && rest.length > 0 && values.notes !== undefined) {
    throw new CliError(exitCodes.usage, `run takes DIR or --notes DIR, not both: ${rest[0]} and ${values.notes}`)
  }
  const command = values.help === true ? 'help' : values.version === true ? 'version' : first
  return {
    command,
    words: rest,
    notes: values.notes,
    data: values.data,
    config: values.config,
    port: numberOf('--port', values.port, 65_535),
    until: numberOf('--until', values.until, Number.MAX_SAFE_INTEGER),
    write: values.write === true,
    inspector_write: values['inspector-write'] === true,
    once: values.once === true,
    strict: values.strict === true,
    verify: values.verify === true,
    repair: values.repair === true,
    sample: values.sample === true,
    json: values.json === true,
    hits_max: numberOf('-k', values.hits, 1000),
    explain: values.explain === true,
    queries: values.queries,
    filters: {
      kinds: values.kind ?? [],
      tags: values.tag ?? [],
      channel: values.channel,
      thread: values.thread,
      author: values.author,
      from_ms: first === 'bisect' ? undefined : timeOf('--from', values.from),
      to_ms: first === 'bisect' ? undefined : timeOf('--to', values.to),
    },
    circuit: values.circuit,
    since_ms: sinceOf(values.since),
    limit: numberOf('--limit', values.limit, 1_000_000_000),
    out: values.out,
    olympia: olympiaOf(values),
    deny: values.deny === true,
    compact: values.compact === true,
    client: values.client,
    travel: travelOf(first, values),
  }
}

function olympiaOf(values: ReturnType<typeof parse>['values']): OlympiaWords {
  const [runs, parallel] = [numberOf('--runs', values.runs, 1_000), numberOf('--parallel', values.parallel, 256)]
  if (runs === 0 || parallel === 0) throw new CliError(exitCodes.usage, '--runs and --parallel take at least 1')
  return { models: values.model ?? [], runs, parallel, fail_under: shareOf('--fail-under', values['fail-under']) }
}

function parse(words: readonly string[]) {
  return parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
}

function numberOf(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= max) return value
  throw new CliError(exitCodes.usage, `${name} takes a whole number from 0 to ${max}, not ${text}`)
}

function shareOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/.test(text)) return Number(text)
  throw new CliError(exitCodes.usage, `${name} takes a share from 0 to 1, like 0.8, not ${text}`)
}

const ago_ms: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time, or how long ago it is: `90s`, `15m`, `12h`, `7d`. */
function sinceOf(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text ?? '') ?? []
  return digits === undefined ? timeOf('--since', text) : Math.max(0, Date.now() - Number(digits) * (ago_ms[unit] ?? 0))
}

/** Milliseconds since 1970: given as such, or as a day or time that begins with a year, in UTC unless it says otherwise. */
function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{5,16}$/.test(text)) return Number(text)
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`
  const ms = /^\d{4}(-\d\d){0,2}([T ]|$)/.test(text) ? Date.parse(zoned) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new CliError(
    exitCodes.usage,
    `${name} takes a day like 2026-01-31, a time, or milliseconds since 1970, not ${text}`,
  )
}
