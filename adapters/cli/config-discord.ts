import type { AgentPolicy } from '../../systems/agents/policy.ts'
import { type ChannelPolicy, type DiscordPolicy, defaultChannel, defaultDiscord } from '../../systems/discord/policy.ts'
import { defaultJanitor, type JanitorPolicy, type PressureSteps } from '../../systems/janitor/policy.ts'
import { addressOf } from '../discord/address.ts'
import { durationOf } from './config-agents.ts'
import { attempt, type ConfigProblems } from './config-problems.ts'

type Optional<T> = { readonly [K in keyof T]?: T[K] }
/** `discord:` as the config writes it. */
export type DiscordConfig = Optional<Omit<DiscordPolicy, 'channels'>> & {
  /** `env:NAME` or `file:PATH`. */
  readonly token: string
  readonly api_url?: string
  readonly channels?: readonly (Pick<ChannelPolicy, 'id' | 'name'> & Optional<ChannelPolicy>)[]
}
/** `janitor:` as the config writes it. */
export type JanitorConfig = Optional<Omit<JanitorPolicy, 'report_ms' | 'pressure' | 'behind'>> & {
  /** How often it reports: `1h`, or `never`. */
  readonly every?: string
  readonly pressure?: Optional<PressureSteps>
  readonly behind?: Optional<PressureSteps>
}
/** What is needed to connect, besides the policy. */
export type DiscordAccess = {
  readonly token: string
  /** Where the token comes from, for messages that must not show it. */
  readonly token_name: string
  readonly api_url: string | undefined
}

/** Reports come at most this often. */
const everyMin_ms = 60_000

/** What the config says of Discord as the policy says it. What contradicts itself is a problem. */
export function discordFrom(given: DiscordConfig, problems: ConfigProblems): DiscordPolicy {
  const { token: _token, api_url, channels = [], ...plain } = given
  const seen = new Set<string>()
  for (const [index, { id }] of channels.entries()) {
    if (seen.has(id)) problems.add(`discord.channels.${index}.id`, `${id} is the id of another one too`)
    seen.add(id)
  }
  if (api_url !== undefined) attempt(problems, 'discord.api_url', () => addressOf(api_url))
  return { ...defaultDiscord, ...plain, channels: channels.map((channel) => ({ ...defaultChannel, ...channel })) }
}

type Around = {
  readonly discord: DiscordPolicy | undefined
  readonly agents: readonly AgentPolicy[]
  readonly problems: ConfigProblems
}

/** What the config says of the janitor as the policy says it, held against the channels and sessions that there are. */
export function janitorFrom(given: JanitorConfig, around: Around): JanitorPolicy {
  const { every, pressure, behind, ...plain } = given
  const { problems } = around
  const policy: JanitorPolicy = {
    ...defaultJanitor,
    ...plain,
    ...(every === undefined ? {} : { report_ms: every === 'never' ? 0 : durationOf(every) }),
    pressure: { ...defaultJanitor.pressure, ...pressure },
    behind: { ...defaultJanitor.behind, ...behind },
  }
  const { report_ms, report_to, session } = policy
  if (every !== undefined && every !== 'never' && report_ms < everyMin_ms) {
    problems.add('janitor.every', `must be at least 1m, not ${every}`)
  }
  for (const name of ['pressure', 'behind'] as const) {
    const { medium, high, flood } = policy[name]
    if (medium <= high && high <= flood) continue
    problems.add(`janitor.${name}`, `must grow from medium (${medium}) over high (${high}) to flood (${flood})`)
  }
  if (report_to !== '') checkChannel(report_to, around)
  if (session !== '') checkSession(session, around)
  return policy
}

function checkChannel(report_to: string, { discord, problems }: Around): void {
  if (discord === undefined) problems.add('janitor.report_to', 'needs discord: there is no channel to report to')
  else if (discord.others !== 'follow' && discord.channels.every(({ id }) => id !== report_to)) {
    problems.add('janitor.report_to', `${report_to} is not among discord.channels`)
  }
}

/** A session that words reports must hear them. */
function checkSession(key: string, { agents, problems }: Around): void {
  const found = agents.flatMap(({ name, sessions }) => sessions.filter((each) => `${name}/${each.name}` === key))[0]
  const known = agents.flatMap(({ name, sessions }) => sessions.map((each) => `${name}/${each.name}`))
  if (found === undefined) problems.add('janitor.session', `there is no session ${key}; there are ${known.join(', ')}`)
  else if (!found.filters.some(({ type }) => type === 'janitor.report')) {
    problems.add('janitor.session', `${key} does not hear reports: add the filter { type: janitor.report } to it`)
  }
}
