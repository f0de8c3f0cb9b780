import type { Adapter } from '../../engine/flow/adapter.ts'
import type { Config } from './config.ts'
import { secrets } from './secrets.ts'

/** Who runs the commands of the config's repairs. Nobody where it names none: then nothing of it is loaded. */
export async function commandsOf(config: Config): Promise<readonly Adapter[]> {
  const { repairs = [] } = config.policy
  if (repairs.length === 0) return []
  const { command } = await import('../command.ts')
  return [command({ commands: repairs, scrub: (text) => secrets.scrub(text) })]
}
