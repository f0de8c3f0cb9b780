import { parseArgs } from 'node:util'
import { reasonOf } from '../../engine/errors.ts'
import { CliError, exitCodes } from './exit.ts'

export const usage = `promethean: an agent runtime that keeps notes to their contract, remembers them, and can replay all it did

  promethean run [DIR] [--write] [--once]     watch a folder of notes; without --write only show what would change
  promethean chat [SESSION]                   talk with an agent; a pipe is answered line by line
  promethean sessions                         every session: its state, queue, budget, and what it waits for
  promethean approve [HASH] [--deny]          the tool calls that wait for your yes, or the answer to one
  promethean cancel SESSION                   end the turn under way and drop what waits
  promethean outbox                           what is on its way out, and calls of which nobody knows whether they happened
  promethean status [DIR]                     what the daemon, or its record at rest, says
  promethean ask QUESTION                     an answer in quotes, with its sources and how they were found
  promethean recall QUERY [-k N] [--explain]  the memories that answer best, with their scores
  promethean ingest FILE.jsonl... | -         take in events, one JSON object a line
  promethean memory show|forget|pin|unpin ID  one memory; export [--out FILE] writes all of them as events
  promethean explain ID                       where a memory comes from and what it hangs together with
  promethean explain turn ID                  what was put before the model, what was left out, and why
  promethean explain route FILE.json|-        which sessions an event would reach, and why the others not
  promethean audit [DIR]                      duplicates, loops, orphans, stale memories, secrets
  promethean eval DIR...                      measure recall on corpora with questions
  promethean doctor [DIR] [--repair]          check the record and its surroundings
  promethean doctor llm                       ask the configured endpoint what it can do
  promethean doctor discord                   check token, intents, and what the bot may do in each channel
  promethean discord status                   the connection, the channels, and what waits to be sent
  promethean discord backfill CHANNEL         fetch messages from a channel's history (--since, --limit)
  promethean discord resolve POST again|drop  your word on a message of which nobody knows whether it was sent
  promethean janitor [report]                 the last report of what programs said, or a fresh one
  promethean janitor rules                    rules that it proposes; allow N, refuse N, end N decide on one
  promethean replay [DIR] [--verify]          run the journal again and compare every tick
  promethean sentinel list [DIR]              every note and its verdict
  promethean sentinel undo PATH [DIR]         take back the last write to a note, byte for byte
  promethean sentinel retry PATH [DIR]        look at a note again
  promethean config check|print|schema        the configuration in force, or what is wrong with it

  --notes DIR     the notes folder (default: notes in promethean.yaml, else ./docs/notes)
  --data DIR      where the record rests (default: .promethean in the notes folder; without one, here)
  --config FILE   configuration (default: ./promethean.yaml where there is one)
  --write         let sentinels write; else they only show the difference
  --once          work until nothing is open, then exit
  --strict        with --once: exit 65 when a note failed; warnings about the config become errors
  --port N        the inspector's port on loopback (0: any free one; default 4242)
  --until TICK    with replay: stop there
  --sample        where there is no ./docs/notes, repair a scratch copy of the sample notes
  -k N            with recall and ask: most hits (default 10)
  --explain       with recall: what each score was computed from
  --queries FILE  with recall: many queries, one {"query": "..."} a line; the answers as lines of JSON
  --kind, --tag   with recall and ask: only memories of a kind (chat, note, ...), with a tag; may be repeated
  --channel, --thread, --author TEXT          only what was said there, or by them
  --from, --to TIME                           only what happened since, and before: 2026-01-31, or milliseconds
  --circuit NAME  with recall and ask: a lens that weighs kinds of keys
  --since TIME    with discord backfill: from then on: 2026-01-31, milliseconds, or ago: 12h, 7d
  --limit N       with discord backfill: most messages (default 1000)
  --deny          with approve: no instead of yes
  --out FILE      with memory export: where to write (default: standard output)
  --json          lines for machines on standard output
  --version, --help

A SESSION is agent/name, or the name of one of the first agent's; without one it is the first of all.
An ID is the number of a memory, the path of a note, or an event's own id (id:12 where that is a number too).
Exit codes: 0 done, 1 failed, 64 usage, 65 bad data, 69 unavailable, 74 I/O, 75 locked, 77 permission, 78 config.`

const options = {
  notes: { type: 'string' },
  data: { type: 'string' },
  config: { type: 'string' },
  write: { type: 'boolean' },
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
  deny: { type: 'boolean' },
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
  replay: () => 1,
  sentinel: ([order]) => (order === 'list' ? 2 : 3),
  config: () => 2,
  ingest: () => Number.POSITIVE_INFINITY,
  recall: () => Number.POSITIVE_INFINITY,
  ask: () => Number.POSITIVE_INFINITY,
  eval: () => Number.POSITIVE_INFINITY,
  memory: ([order]) => (order === 'export' ? 1 : 2),
  explain: ([what]) => (what === 'turn' || what === 'route' ? 2 : 1),
  audit: () => 1,
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
  readonly deny: boolean
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
      from_ms: timeOf('--from', values.from),
      to_ms: timeOf('--to', values.to),
    },
    circuit: values.circuit,
    since_ms: sinceOf(values.since),
    limit: numberOf('--limit', values.limit, 1_000_000_000),
    out: values.out,
    deny: values.deny === true,
  }
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
