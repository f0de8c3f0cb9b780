import { statSync } from 'node:fs'
import { type Adapter, type EffectCall, EffectFailure } from '../engine/flow/adapter.ts'
import type { Payload } from '../engine/flow/event.ts'
import type { CommandRunDone, CommandRunRequest } from '../systems/events.ts'
import { CommandRun } from '../systems/events.ts'
import { environmentOf } from './command/environment.ts'
import { runToEnd } from './command/process.ts'

/** A program with its arguments, and the folder in which it may be run. */
export type NamedCommand = { readonly directory: string; readonly command: readonly string[] }
export type CommandOptions = {
  /** All that may ever be run; anything else is refused. */
  readonly commands: readonly NamedCommand[]
  /** Takes known secrets out of what a command said. */
  readonly scrub?: (text: string) => string
  /** How much of a command's output is kept, from its end. Default 16,384. */
  readonly output_bytes_max?: number
}

/**
 * Runs commands: those that it was given, letter by letter, without a shell, with an environment of a few plain variables
 * and nothing to read. Processes are a group of their own, which ends with the command, its deadline or the engine; where
 * this process itself is killed, they end by themselves or not at all.
 */
export function command({ commands, scrub = (text) => text, output_bytes_max = 16_384 }: CommandOptions): Adapter {
  const named = new Set(commands.map(keyOf))
  const run = async (payload: Payload, { signal }: EffectCall): Promise<Payload> => {
    const request = payload as unknown as CommandRunRequest
    if (!named.has(keyOf(request))) {
      throw new EffectFailure(
        'COMMAND_REFUSED',
        `the config of this process does not name the command of ${request.name}`,
      )
    }
    refuseMissing(request.directory)
    const end = await runToEnd(request, { signal, env: environmentOf(process.env), output_bytes_max })
    const done: CommandRunDone = { ...end, output: scrub(end.output) }
    return done
  }
  return { name: 'command', effects: { [CommandRun.name]: run } }
}

/** The same text for the same command in the same folder only. */
function keyOf({ directory, command: argv }: NamedCommand): string {
  return JSON.stringify([directory, ...argv])
}

function refuseMissing(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new EffectFailure('COMMAND_DIRECTORY', `there is no folder ${directory}`)
}
