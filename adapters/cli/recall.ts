import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { MemoryKind } from '../../systems/components.ts'
import type { Hit, Recall, RecallOptions } from '../../systems/recall/types.ts'
import type { Arguments } from './arguments.ts'
import { type Quote, quotesOf } from './ask/answer.ts'
import { type Asking, atDesk } from './desk/client.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { dayOf, oneLine } from './words.ts'

const batchMax = 64

/** `promethean recall`: one query, or with `--queries` a file of them. */
export async function recall(args: Arguments): Promise<ExitCode> {
  const options = recallOptions(args)
  const query = args.words.join(' ')
  if (args.queries === undefined && query.trim() === '')
    throw new CliError(exitCodes.usage, 'recall needs a query, or --queries FILE')
  const config = configOf(args, args.notes)
  if (args.queries !== undefined) return fromFile(args, args.queries, options)
  const found = await atDesk(config, 'recalling', (ask) => recallOne(ask, query, options))
  process.stdout.write(args.json ? `${JSON.stringify(found)}\n` : `${recallWords(found)}\n`)
  return exitCodes.ok
}

/** The answer to one query. */
export async function recallOne(ask: Asking, query: string, options: RecallOptions): Promise<Recall> {
  const [found] = await recallAll(ask, [query], options)
  return found!
}

async function recallAll(ask: Asking, queries: readonly string[], options: RecallOptions): Promise<Recall[]> {
  return ((await ask({ ask: 'recall', queries, options })) as { recalls: Recall[] }).recalls
}

/** What the command line says about hits, as recall takes it. @throws CliError 64 for a kind that there is not */
export function recallOptions(args: Arguments): RecallOptions {
  const { kinds, tags, channel, thread, author, from_ms, to_ms } = args.filters
  const known = Object.keys(MemoryKind).filter((kind) => kind !== 'none')
  const unknown = kinds.find((kind) => !known.includes(kind))
  if (unknown !== undefined) {
    throw new CliError(exitCodes.usage, `there is no kind ${unknown}; there are ${known.join(', ')}`)
  }
  if (args.hits_max === 0) throw new CliError(exitCodes.usage, '-k takes a whole number from 1 to 1000')
  const given = { channel, thread, author, from_ms, to_ms, circuit: args.circuit, hits_max: args.hits_max }
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(kinds.length === 0 ? {} : { kinds }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(args.explain ? { explain: true } : {}),
  }
}

/** One line of JSON for each query of a file, in its order; lines that are no query are named on standard error. */
async function fromFile(args: Arguments, file: string, options: RecallOptions): Promise<ExitCode> {
  if (file !== '-' && !existsSync(file)) throw new CliError(exitCodes.data, `there is no file ${file}`)
  const input = file === '-' ? process.stdin : createReadStream(file)
  let wrong = 0
  await atDesk(configOf(args, args.notes), 'recalling', async (ask) => {
    let batch: string[] = []
    const answer = async (): Promise<void> => {
      const lines = (await recallAll(ask, batch, options)).map((found) => JSON.stringify(lineOf(found, args.explain)))
      if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
      batch = []
    }
    let line = 0
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++
      if (text.trim() === '') continue
      const query = queryOf(text)
      if (query === undefined) {
        wrong++
        process.stderr.write(`${printable(file)}:${line}: not {"query": "<text>"}\n`)
      } else if (batch.push(query) === batchMax) await answer()
    }
    await answer()
  })
  return wrong === 0 ? exitCodes.ok : exitCodes.data
}

function queryOf(text: string): string | undefined {
  try {
    const { query } = JSON.parse(text) as { query?: unknown }
    return typeof query === 'string' ? query : undefined
  } catch {
    return undefined
  }
}

/** What a program asks for of each query. */
function lineOf({ query, answered, confidence, hits }: Recall, explain: boolean): object {
  const shown = explain
    ? hits
    : hits.map(({ id, memory_id, score, lanes, path, text }) => ({ id, memory_id, score, lanes, path, text }))
  return { query, answered, confidence, hits: shown }
}

/** The answer to a query, for people. */
export function recallWords({ query, answered, confidence, hits }: Recall): string {
  const sure = `confidence ${confidence.toFixed(2)}`
  if (hits.length === 0) return `Nothing found (${sure}).`
  const head = answered ? [] : [`Nothing found that answers this (${sure}). The nearest:`, '']
  return [...head, ...quotesOf(query, hits).map((quote, at) => hitWords(quote, at + 1))].join('\n')
}

function hitWords({ text, hit }: Quote, place: number): string {
  const { score, lanes, parts, path, copies, family } = hit
  const margin = ' '.repeat(String(place).length + 2)
  const lines = [
    `${place}. ${titleOf(hit)}`,
    `${margin}${oneLine(text, 300)}`,
    `${margin}score ${score.toFixed(3)} by ${lanes.join(', ')}${path.length > 1 ? `: ${pathWords(path)}` : ''}`,
  ]
  if (copies > 0) lines.push(`${margin}said ${copies + 1} times`)
  if (family.length > 0) lines.push(`${margin}much the same: ${printable(family.map(({ id }) => id).join(', '))}`)
  for (const { name, value, from } of parts.filter(({ from }) => from !== undefined)) {
    const facts = Object.entries(from ?? {}).map(([fact, of]) => `${fact} ${typeof of === 'number' ? rounded(of) : of}`)
    lines.push(`${margin}${value < 0 ? '' : '+'}${rounded(value)} ${name}: ${printable(facts.join(', '))}`)
  }
  return lines.join('\n')
}

/** Who said it, where and when, or the title and path of a note. */
export function titleOf({ kind, memory_id, title, id, source, happened_at_ms }: Hit): string {
  const who = source.author ?? ''
  const where = source.thread ?? source.channel ?? ''
  const named = title === '' ? [who, where].filter((part) => part !== '').join(', ') : title
  const own = id === title || id === '' ? '' : id
  return [
    oneLine(named || own || kind, 120),
    named === '' ? '' : oneLine(own, 120),
    dayOf(happened_at_ms),
    `#${memory_id}`,
  ]
    .filter((part) => part !== '')
    .join(' · ')
}

/** The way from what was found first to this memory. */
export function pathWords(path: readonly string[]): string {
  return printable(path.join(' → '))
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3)
}
