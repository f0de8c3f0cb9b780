import type { Adapter, View } from '../../engine/flow/adapter.ts'
import { type DiscordRules, discordRulesOf } from '../../systems/discord/policy.ts'
import type { DiscordAdapter, Follows } from '../discord.ts'
import type { Config } from './config.ts'

export type { DiscordAdapter } from '../discord.ts'

/** Discord as the config names it; `see` gives it the world, once there is one. */
export type DiscordPart = { readonly adapter: DiscordAdapter; see(view: View): void }

/**
 * The whole adapter, which connects when it is started. Undefined where the config has no word about Discord: then
 * nothing of it is loaded.
 */
export async function discordOf(config: Config): Promise<DiscordPart | undefined> {
  const access = config.discord
  if (access === undefined) return undefined
  const { discord } = await import('../discord.ts')
  let world: View | undefined
  let kept: { readonly rules: DiscordRules; readonly follows: Follows } | undefined
  const follows = (): Follows => {
    const inWorld = world === undefined ? undefined : discordRulesOf(world)
    // Until the policy has entered the world, the config is what it will say.
    const rules = inWorld?.said === true ? inWorld : configured(config)
    if (kept?.rules !== rules) kept = { rules, follows: followsOf(rules) }
    return kept.follows
  }
  return {
    adapter: discord({ ...access, follows }),
    see: (view) => {
      world = view
    },
  }
}

/** Only what sends: where no daemon runs nothing connects, but what was said still goes out. */
export async function discordSending(config: Config): Promise<readonly Adapter[]> {
  const part = await discordOf(config)
  if (part === undefined) return []
  const { name, effects = {} } = part.adapter
  return [{ name, effects }]
}

const rulesByConfig = new WeakMap<Config, DiscordRules>()

function configured(config: Config): DiscordRules {
  const known = rulesByConfig.get(config)
  if (known !== undefined) return known
  const policy = config.policy.discord ?? { channels: [], others: 'ignore', direct: true, bot_hops_max: 0 }
  const rules = { said: true, policy, named: new Map(policy.channels.map((channel) => [channel.id, channel])) }
  rulesByConfig.set(config, rules)
  return rules
}

function followsOf({ policy }: DiscordRules): Follows {
  const { channels, others, direct } = policy
  return { channels: new Set(channels.map(({ id }) => id)), others: others === 'follow', direct }
}
