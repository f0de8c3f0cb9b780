import type { Adapter } from '../../engine/flow/adapter.ts'
import { discordSending } from './compose-discord.ts'
import { opencodeSending } from './compose-opencode.ts'
import { commandsOf } from './compose-repair.ts'
import type { Config } from './config.ts'

/** What carries out effects where no daemon runs: nothing connects and nothing is heard, but what was asked for goes out. */
export async function sendingOf(config: Config): Promise<readonly Adapter[]> {
  return [...(await discordSending(config)), ...(await commandsOf(config)), ...(await opencodeSending(config))]
}
