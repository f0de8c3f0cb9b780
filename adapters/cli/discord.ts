import { postWords } from './agents.ts'
import type { Arguments } from './arguments.ts'
import type { Config } from './config.ts'
import { loadConfig } from './config.ts'
import { atDesk } from './desk/client.ts'
import type { Backfilled, DiscordView, Resolved } from './desk/discord.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { counted } from './progress.ts'
import { columns, momentOf, oneLine } from './words.ts'

/** `promethean discord status|backfill CHANNEL|resolve POST again|drop`. */
export async function discord(args: Arguments): Promise<ExitCode> {
  const [order = 'status', ...words] = args.words
  if (order === 'status') return status(args)
  if (order === 'backfill') return backfill(args, words[0])
  if (order === 'resolve') return resolve(args, words)
  throw new CliError(exitCodes.usage, `discord takes status, backfill CHANNEL or resolve POST again|drop, not ${order}`)
}

async function status(args: Arguments): Promise<ExitCode> {
  const config = configOf(args, args.notes)
  const view = (await atDesk(config, 'reading', (ask) => ask({ ask: 'discord' }))) as DiscordView
  print(args.json ? JSON.stringify(view) : statusWords(view, config))
  return exitCodes.ok
}

function statusWords(view: DiscordView, config: Config): string {
  const parts = [gatewayWords(view, config)]
  if (view.channels.length > 0) {
    const rows = view.channels.map((each) => [
      `#${oneLine(each.name, 40)}`,
      each.id,
      [
        ...(each.locked ? ['locked'] : []),
        `speaks ${each.speak}`,
        ...(each.behind ? ['behind'] : []),
        ...(each.closed ? ['closed'] : []),
        ...(each.gone ? ['gone'] : []),
        ...(each.pressure === 'none' ? [] : [`pressure ${each.pressure}`]),
      ].join(', '),
      counted(each.people),
      counted(each.bots),
      counted(each.counted),
      each.last_at_ms > 0 ? momentOf(each.last_at_ms) : 'never',
    ])
    parts.push(columns([['channel', 'id', '', 'people', 'programs', 'only counted', 'last heard'], ...rows]))
  }
  if (view.posts.length > 0) parts.push(postWords(view.posts))
  return parts.join('\n\n')
}

function gatewayWords({ live, gateway, configured }: DiscordView, config: Config): string {
  if (live !== null) {
    const facts = Object.entries(live).filter(([, value]) => value !== '' && value !== 0)
    return columns(facts.map(([name, value]) => [name, factWords(name, value)]))
  }
  const where = configured || config.discord !== undefined ? 'no daemon runs' : 'Discord is not configured'
  if (gateway === null) return `${where}; nothing was ever heard of Discord`
  const { state, sequence, changed_at_ms } = gateway
  return `${where}; the connection was last ${state} at ${momentOf(changed_at_ms)}, at sequence ${sequence}`
}

function factWords(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : oneLine(value.join(', '), 400)
  return name === 'since_ms' && typeof value === 'number' ? momentOf(value) : oneLine(String(value), 400)
}

async function backfill(args: Arguments, channel: string | undefined): Promise<ExitCode> {
  if (channel === undefined || !/^[0-9]{1,20}$/.test(channel)) {
    const why = channel === undefined ? 'needs a CHANNEL' : `needs the id of a channel, not ${printable(channel)}`
    throw new CliError(exitCodes.usage, `discord backfill ${why}; promethean discord status lists them`)
  }
  const config = loadConfig(args, args.notes)
  if (config.discord === undefined) throw new CliError(exitCodes.config, 'discord: is missing in the config')
  const { since_ms, limit } = args
  if (!args.json) print(`fetching from ${channel}${since_ms === undefined ? '' : ` since ${momentOf(since_ms)}`} …`)
  const began_ms = performance.now()
  const answer = (await atDesk(config, 'connecting', (ask) =>
    ask({
      ask: 'backfill',
      channel,
      ...(since_ms === undefined ? {} : { since_ms }),
      ...(limit === undefined ? {} : { limit }),
    }),
  )) as Backfilled
  const seconds = Math.round((performance.now() - began_ms) / 100) / 10
  const { read, published } = answer
  if (args.json) print(JSON.stringify({ ...answer, seconds }))
  else print(`${counted(read)} messages read, ${counted(published)} of them given to the world, in ${seconds} s`)
  return exitCodes.ok
}

async function resolve(args: Arguments, [post, order]: readonly string[]): Promise<ExitCode> {
  if (post === undefined || !/^[1-9][0-9]{0,9}$/.test(post) || (order !== 'again' && order !== 'drop')) {
    throw new CliError(exitCodes.usage, 'discord resolve takes the number of a post and again or drop')
  }
  const config = configOf(args, args.notes)
  const answer = (await atDesk(config, 'ordering', (ask) =>
    ask({ ask: 'resolve', post: Number(post), order }),
  )) as Resolved
  const words = answer.done ? (order === 'again' ? 'it is sent again' : 'it is let go') : `not done: ${answer.reason}`
  print(args.json ? JSON.stringify(answer) : `post ${post}: ${words}`)
  return answer.done ? exitCodes.ok : exitCodes.data
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
