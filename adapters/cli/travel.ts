import type { Arguments } from './arguments.ts'
import type { ExitCode } from './exit.ts'

/** The commands that run a record again under something else, or look in it for a tick: `promethean fork` and `bisect`. */
export async function travel(args: Arguments): Promise<ExitCode> {
  if (args.command === 'fork') return (await import('./fork.ts')).fork(args)
  return (await import('./bisect.ts')).bisect(args)
}
