import { readFileSync } from 'node:fs'
import { text as textOf } from 'node:stream/consumers'
import { reasonOf } from '../../engine/errors.ts'
import type { Filter } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import type { NotRouted, Routed, RouteExplained } from '../../systems/route/explain.ts'
import type { Arguments } from './arguments.ts'
import { plain } from './chat/plain.ts'
import { atDesk } from './desk/client.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { rulesOf } from './ingest/rules.ts'
import { configOf } from './inspect.ts'
import { columns, oneLine } from './words.ts'

/** `promethean explain route FILE|-`: which sessions an event would reach, and why the others not. Nothing is sent. */
export async function explainRouteOf(args: Arguments): Promise<ExitCode> {
  const [, file] = args.words
  if (file === undefined) throw new CliError(exitCodes.usage, 'explain route needs a file with one event, or -')
  const event = eventIn(file === '-' ? await textOf(process.stdin) : readOr65(file))
  const answer = (await atDesk(configOf(args, args.notes), 'reading', (ask) => ask({ ask: 'route', event }))) as {
    route: RouteExplained
  }
  for (const doubt of eventDoubts(event)) process.stderr.write(`${doubt}\n`)
  process.stdout.write(`${args.json ? JSON.stringify(answer.route) : routeWords(answer.route)}\n`)
  return exitCodes.ok
}

function readOr65(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new CliError(exitCodes.data, `${file} cannot be read: ${reasonOf(thrown)}`)
  }
}

function eventIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (thrown) {
    throw new CliError(exitCodes.data, `the event is no JSON: ${reasonOf(thrown)}`)
  }
  throw new CliError(exitCodes.data, 'an event is an object: {"type": …, "source": …, "payload": …}')
}

const members = ['id', 'ts', 'type', 'source', 'payload']
const sourceMembers = ['kind', 'channel', 'thread', 'author']

/** What of an event is read by nobody, as sentences: members that no event has, and a type that nothing here declares. */
export function eventDoubts(event: object): string[] {
  const source: unknown = 'source' in event ? event.source : undefined
  const of = (value: object, known: readonly string[], where: string): string[] =>
    Object.keys(value)
      .filter((name) => !known.includes(name))
      .map((name) => `An event has no member ${where}${oneLine(plain(name), 60)}; it is not looked at.`)
  const inSource = typeof source === 'object' && source !== null ? of(source, sourceMembers, 'source.') : []
  const type: unknown = 'type' in event ? event.type : undefined
  const undeclared = typeof type === 'string' && !rulesOf(mind(), 1).known.has(type)
  const unknown = undeclared ? [`No event of the type ${oneLine(plain(type), 60)} is declared: none can come in.`] : []
  return [...unknown, ...of(event, members, ''), ...inSource]
}

function routeWords({ routed, others, others_left, reason }: RouteExplained): string {
  const parts: string[] = []
  if (reason !== undefined) parts.push(reason)
  if (routed.length > 0) parts.push(`It reaches:\n${columns(routed.map(routedRow))}`)
  else if (reason === undefined) parts.push('It reaches nobody.')
  if (others.length > 0) parts.push(`It does not reach:\n${columns(others.map(otherRow))}`)
  if (others_left > 0) parts.push(`… and ${others_left} more`)
  return parts.join('\n\n')
}

function routedRow({ session, filter, locked_by, queue }: Routed): string[] {
  const { queued, queue_max, overflow, dropped } = queue
  const lost = dropped > 0 ? `, ${dropped} lost` : ''
  const by = `by ${filterWords(filter)}${locked_by === 'none' || locked_by === '' ? '' : ` (${locked_by})`}`
  return [`  ${plain(session)}`, by, `queue ${queued} of ${queue_max}${lost}, ${overflow}`]
}

function otherRow({ session, field, wanted, got }: NotRouted): string[] {
  if (field === '') return [`  ${plain(session)}`, got]
  const said = got === '' ? `it has no ${field}` : `its ${field} is ${oneLine(plain(got), 60)}`
  return [`  ${plain(session)}`, `${said}; wanted is ${oneLine(plain(wanted), 60)}`]
}

function filterWords(filter: Filter): string {
  const fields = Object.entries(filter).map(([name, value]) => `${name} ${oneLine(plain(String(value)), 40)}`)
  return fields.length === 0 ? 'everything' : fields.join(', ')
}
