import type { Adapter } from '../../engine/flow/adapter.ts'
import type { Config } from './config.ts'

/** The adapter that hears opencode and works with it. None where the config does not name it: then nothing of it is loaded. */
export async function opencodeOf(config: Config): Promise<readonly Adapter[]> {
  if (config.opencode === undefined) return []
  const { opencode } = await import('../opencode.ts')
  const { password, ...rest } = config.opencode
  return [opencode({ ...rest, ...(password !== undefined && { password }) })]
}

/** What carries out effects on opencode where no daemon runs; nothing is heard. */
export async function opencodeSending(config: Config): Promise<readonly Adapter[]> {
  if (config.opencode === undefined) return []
  const { opencodeEffects } = await import('../opencode.ts')
  const { base_url, password } = config.opencode
  return [opencodeEffects({ base_url, ...(password !== undefined && { password }) })]
}
