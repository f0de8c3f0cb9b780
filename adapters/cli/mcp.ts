import { Console } from 'node:console'
import { mcpOnStdio } from '../mcp.ts'
import type { Arguments } from './arguments.ts'
import { loadConfig } from './config.ts'
import { clientName, scopeOf } from './config-mcp.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { openLog } from './log.ts'
import { Keeper } from './mcp/keeper.ts'

const nameless = 'mcp'

/**
 * `promethean mcp`: the memory for one client on standard input and output, until the input ends or a signal comes. Standard
 * output carries the protocol alone; whatever else is said goes to standard error.
 */
export async function mcp(args: Arguments): Promise<ExitCode> {
  // A module that the config names may write to the console: never into the protocol.
  globalThis.console = new Console(process.stderr)
  const { client = nameless } = args
  if (!clientName.test(client)) throw new CliError(exitCodes.usage, '--client takes a name of A-Z a-z 0-9 . _ -')
  const config = loadConfig(args, args.notes)
  const { log } = await openLog(config.level)
  for (const warning of config.warnings) log.warn({}, warning)
  const keeper = new Keeper(config, log)
  const ending = Promise.withResolvers<void>()
  const end = (): void => ending.resolve()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  const server = await mcpOnStdio({ door: keeper.door, scope: scopeOf(config.mcp, client), log }, end)
  await ending.promise
  await server.close()
  await keeper.end()
  return exitCodes.ok
}
