import { EngineError } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { ChannelPolicy } from '../../systems/discord/policy.ts'
import { connectApi, type DiscordApi } from '../discord/api.ts'
import { rights, rightsIn } from '../discord/rights.ts'
import type { Config } from './config.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { momentOf, oneLine } from './words.ts'

/** `todo`: what to do about it; empty when nothing. `code`: of the failure. */
export type DiscordFinding = {
  readonly check: string
  readonly level: 'ok' | 'warn' | 'bad'
  readonly detail: string
  readonly todo: string
  readonly code: string
}
export type DoctorOut = {
  readonly json: boolean
  /** Default: standard output. */
  readonly print?: (text: string) => void
}
type Examined = { readonly api: DiscordApi; readonly me: string; readonly invite: string; readonly tell: Tell }
type Tell = (
  check: string,
  level: DiscordFinding['level'],
  detail: string,
  more?: { todo?: string; code?: string },
) => void

const marks = { ok: 'ok  ', warn: 'warn', bad: 'BAD ' } as const
/** Flags of an application: messages with their contents, as a verified bot and as one in fewer than a hundred servers. */
const contentFlags = (1 << 18) | (1 << 19)
/** What the bot needs, as one number for the invitation. */
const wanted = rights.view | rights.send | rights.history | rights.send_in_threads
/** With fewer connections left today a restart loop would end with a new token. */
const startsFew = 20

const portal = 'https://discord.com/developers/applications'
const setUp = `make an application at ${portal}, give it a bot, and name its token as discord.token (env:DISCORD_TOKEN)`

/**
 * `promethean doctor discord`: whether the token is accepted, messages have their contents, the gateway lets us in, and
 * what the bot may do in each channel of the config. @returns 0 when all of that is well
 */
export async function doctorDiscord(config: Pick<Config, 'discord' | 'policy'>, out: DoctorOut): Promise<ExitCode> {
  const print = out.print ?? ((text: string): void => void process.stdout.write(text))
  const findings: DiscordFinding[] = []
  const tell: Tell = (check, level, detail, { todo = '', code = '' } = {}) => {
    findings.push({ check, level, detail, todo, code })
    if (out.json) return
    print(`${marks[level]} ${check}: ${oneLine(detail, 400)}\n`)
    if (todo !== '') print(`     → ${oneLine(todo, 400)}\n`)
  }
  if (config.discord === undefined) tell('config', 'bad', 'Discord is not configured', { todo: setUp, code: 'CONFIG' })
  else await examine(config, tell)
  const ok = findings.every(({ level }) => level !== 'bad')
  if (out.json) print(`${JSON.stringify({ ok, findings })}\n`)
  return ok ? exitCodes.ok : exitOf(findings.find(({ level }) => level === 'bad')?.code)
}

async function examine({ discord, policy }: Pick<Config, 'discord' | 'policy'>, tell: Tell): Promise<void> {
  if (discord === undefined) return
  const me = await asked(tell, 'token', setUp, async () => {
    const api = await connectApi(discord)
    const { id, username } = await api.me()
    tell('token', 'ok', `${discord.token_name} is that of ${username} (${id})`)
    return { api, id }
  })
  if (me === undefined) return
  const invite = await intents(me.api, tell)
  await gateway(me.api, tell)
  const channels = policy.discord?.channels ?? []
  if (channels.length === 0) {
    const todo = 'list them below discord.channels, or say others: follow'
    const listens = policy.discord?.others === 'follow'
    tell('channels', listens ? 'ok' : 'warn', 'none is named in the config', listens ? {} : { todo })
  }
  const guilds = new Map<string, ReturnType<typeof guildOf>>()
  for (const channel of channels) {
    await examineChannel(channel, { api: me.api, me: me.id, invite, tell }, guilds)
  }
}

/** What a check came to; what it fails with becomes a finding. */
async function asked<T>(tell: Tell, check: string, todo: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof EffectFailure) && !(thrown instanceof EngineError)) throw thrown
    const away = thrown.code === 'DISCORD_AWAY' || thrown.code === 'DISCORD_RATE_LIMITED'
    const later = 'try again later; if that does not help, see whether this machine reaches discord.com'
    tell(check, 'bad', thrown.message, { todo: away ? later : todo, code: thrown.code })
    return undefined
  }
}

/** Says whether messages have contents. @returns the address that invites the bot */
async function intents(api: DiscordApi, tell: Tell): Promise<string> {
  const application = await asked(tell, 'intents', setUp, () => api.application())
  if (application === undefined) return portal
  const { id, name, flags = 0 } = application
  if ((flags & contentFlags) !== 0) tell('intents', 'ok', `${name} may read what messages say`)
  else {
    const todo = `switch on Message Content Intent: ${portal}/${id}/bot, Privileged Gateway Intents`
    tell('intents', 'bad', `${name} gets messages without their contents`, { todo, code: 'INTENT' })
  }
  return `https://discord.com/oauth2/authorize?client_id=${id}&scope=bot&permissions=${wanted}`
}

async function gateway(api: DiscordApi, tell: Tell): Promise<void> {
  const found = await asked(tell, 'gateway', '', () => api.gateway())
  if (found === undefined) return
  const { remaining, total, reset_after } = found.session_start_limit
  const until = momentOf(Date.now() + reset_after)
  const detail = `${found.url}; ${remaining} of ${total} new connections are left until ${until}`
  if (remaining > startsFew) tell('gateway', 'ok', detail)
  else {
    const todo = 'find out what connects so often; when none is left Discord resets the token'
    tell('gateway', remaining === 0 ? 'bad' : 'warn', detail, { todo, code: 'SESSION_STARTS' })
  }
}

async function examineChannel(
  { id, name, speak }: ChannelPolicy,
  { api, me, invite, tell }: Examined,
  guilds: Map<string, ReturnType<typeof guildOf>>,
): Promise<void> {
  const check = `channel ${name} (${id})`
  const todo = `see whether the id is right, and whether the bot is in that server: ${invite}`
  const may = await asked(tell, check, todo, async () => {
    const channel = await api.channel(id)
    if (channel.guild_id === undefined) return wanted
    const thread = [10, 11, 12].includes(channel.type)
    const place = thread && typeof channel.parent_id === 'string' ? await api.channel(channel.parent_id) : channel
    const known = guilds.get(channel.guild_id) ?? guildOf(api, channel.guild_id, me)
    guilds.set(channel.guild_id, known)
    const held = await known
    if (held === undefined) {
      // What it may do cannot be computed, so the one thing that does no harm is tried.
      await api.messages(id, { limit: 1 })
      return wanted
    }
    const all = rightsIn({ user: me, ...held, overwrites: place.permission_overwrites ?? [] })
    return thread && (all & rights.send_in_threads) === 0n ? all & ~rights.send : all
  })
  if (may === undefined) return
  const missing = [
    ...((may & rights.view) === 0n ? ['View Channel'] : []),
    ...((may & rights.history) === 0n ? ['Read Message History'] : []),
    ...(speak !== 'never' && (may & rights.send) === 0n ? ['Send Messages'] : []),
  ]
  const may_words = `may be seen and read${speak === 'never' ? '' : ', and spoken in'}`
  if (missing.length === 0) tell(check, 'ok', may_words)
  else {
    const repair = `allow the bot's role in the channel's settings: Permissions, ${missing.join(', ')}`
    tell(check, 'bad', `the bot lacks ${missing.join(', ')}`, { todo: repair, code: 'DISCORD_FORBIDDEN' })
  }
}

/** A guild's roles and the bot's own; undefined when they may not be seen. */
async function guildOf(api: DiscordApi, id: string, me: string) {
  try {
    return { guild: await api.guild(id), member: await api.member(id, me) }
  } catch (thrown) {
    if (thrown instanceof EffectFailure && !thrown.transient) return undefined
    throw thrown
  }
}

function exitOf(code: string | undefined): ExitCode {
  if (code === 'DISCORD_AUTH') return exitCodes.permission
  if (code === 'DISCORD_AWAY' || code === 'DISCORD_RATE_LIMITED' || code === 'PACKAGE_MISSING') {
    return exitCodes.unavailable
  }
  return exitCodes.config
}
