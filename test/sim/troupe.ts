import {
  type AgentsPolicy,
  defaultAgent,
  defaultScheduler,
  defaultSession,
  type SessionPolicy,
} from '../../systems/agents/policy.ts'
import type { ToolSpec } from '../../systems/agents/tools.ts'
import { type DiscordPolicy, defaultChannel } from '../../systems/discord/policy.ts'

/** The agent of the simulation: what its sessions hear, which tools they have, and what they may spend. */

export const general = '343179912196128792'
export const bots = '343299242963763200'
/** Nobody follows this one. */
export const elsewhere = '999999999999999999'
export const channels = [general, bots, elsewhere] as const
/** The agent's own account on Discord. */
export const me = '42'

const parameters = {
  type: 'object',
  required: ['what'],
  properties: { what: { type: 'string' } },
  additionalProperties: false,
}

function tool(name: string, more: Partial<ToolSpec>): ToolSpec {
  return { name, description: `To ${name}.`, parameters, risk: 'read_only', retry: 'safe', deadline_ms: 8_000, ...more }
}

export const tools: readonly ToolSpec[] = [
  tool('look', {}),
  tool('measure', { retry: 'once' }),
  tool('jot', { risk: 'side_effect' }),
  tool('send', { risk: 'side_effect', retry: 'once' }),
  tool('wipe', { risk: 'destructive', retry: 'once' }),
]

function session(name: string, more: Partial<SessionPolicy>): SessionPolicy {
  const caps = { ...defaultSession.caps, rounds_max: 4, calls_max: 8, calls_round_max: 4, approval_ms: 20_000 }
  const retries = { model_retries_max: 3, inputs_max: 4, repairs_max: 1 }
  return {
    ...defaultSession,
    name,
    related_max: 4,
    filters: [],
    tools: tools.map((each) => each.name),
    ...more,
    caps: { ...caps, ...retries, ...more.caps },
  }
}

/** The sessions, by the names they are talked to under. */
export const talkedTo = ['duck/chat', 'duck/reader'] as const

/** What is said in these is for nobody else. */
export const privateSessions = ['duck/reader'] as const

const said = { type: 'discord.message.*' }

function sessions(tight: boolean): readonly SessionPolicy[] {
  const spending = tight ? { turns_minute_max: 3, calls_minute_max: 3, tokens_minute_max: 900 } : {}
  return [
    session('chat', { permissions: 'auto', ...spending, queue_max: 8, overflow: 'block' }),
    session('reader', {
      permissions: 'read',
      scope: 'private',
      queue_max: 4,
      overflow: 'drop_oldest',
      caps: { ...defaultSession.caps, repairs_max: 0 },
    }),
    session('general', { filters: [{ ...said, channel: general }], permissions: 'ask', ...spending, queue_max: 4 }),
    session('bots', {
      filters: [{ ...said, channel: bots }],
      lane: 'operational',
      permissions: 'auto',
      queue_max: 4,
      overflow: 'coalesce',
      caps: { ...defaultSession.caps, repairs_max: 0, rounds_max: 2 },
    }),
    session('keeper', { lane: 'maintenance', interval_ms: 90_000, permissions: 'read', tools: ['look'] }),
  ]
}

/** What the policy says of agents. @param tight whether budgets are so small that they are met */
export function agentsFor(tight: boolean): AgentsPolicy {
  const turns_in_flight_max = tight ? 2 : 6
  const spending = tight ? { tokens_day_max: 5_000 } : {}
  return {
    agents: [
      { ...defaultAgent, name: 'duck', instructions: 'You are a duck.', ...spending, sessions: sessions(tight) },
    ],
    tools,
    scheduler: { ...defaultScheduler, turns_in_flight_max },
    tokens: 'estimate',
  }
}

/** What the policy says of Discord. */
export const discordPolicy: DiscordPolicy = {
  channels: [
    { ...defaultChannel, id: general, name: 'general', locked: true, speak: 'asked' },
    { ...defaultChannel, id: bots, name: 'bots', speak: 'always' },
  ],
  others: 'ignore',
  direct: false,
  bot_hops_max: 2,
}
