import { contentSwitch } from './emptiness.ts'

/** Why an adapter stops for good: a code, and what the operator should do. */
export type Fatal = { readonly code: string; readonly reason: string }

/** What a close code of the gateway means when connecting again would end the same; undefined for all others. */
export function fatalOf(close_code: number, token_name: string): Fatal | undefined {
  switch (close_code) {
    case 4004:
      return tokenRefused(token_name)
    case 4010:
      return { code: 'DISCORD_SHARD', reason: 'Discord refuses the number of this connection (4010)' }
    case 4011:
      return { code: 'DISCORD_SHARDING', reason: 'the bot is in too many guilds for one connection (4011)' }
    case 4012:
      return { code: 'DISCORD_VERSION', reason: 'Discord no longer speaks this version of its API (4012)' }
    case 4013:
      return { code: 'DISCORD_INTENTS', reason: `Discord does not know an intent that was asked for (4013)` }
    case 4014:
      return { code: 'DISCORD_INTENTS', reason: `an intent is not allowed (4014): ${contentSwitch}` }
    default:
      return undefined
  }
}

/** Discord does not know the token. */
export function tokenRefused(token_name: string): Fatal {
  const where = 'https://discord.com/developers/applications, under Bot, Reset Token'
  return { code: 'DISCORD_AUTH', reason: `Discord refuses the token of ${token_name}; get a new one at ${where}` }
}
