#!/usr/bin/env -S node --max-semi-space-size=4
import { enableCompileCache } from 'node:module'
import { readArguments, usage } from './cli/arguments.ts'
import { CliError, type ExitCode, exitCodeOf, exitCodes } from './cli/exit.ts'

/** Runs one command and says how it went; the commands are loaded only when they are asked for. */
async function main(words: readonly string[]): Promise<ExitCode> {
  const args = readArguments(words)
  switch (args.command) {
    case 'run':
      return (await import('./cli/run.ts')).run(args)
    case 'status':
      return (await import('./cli/inspect.ts')).status(args)
    case 'sentinel':
      return (await import('./cli/inspect.ts')).sentinel(args)
    case 'replay':
      return (await import('./cli/replay.ts')).replay(args)
    case 'doctor':
      return (await import('./cli/doctor.ts')).doctor(args)
    case 'config':
      return (await import('./cli/show-config.ts')).showConfig(args)
    case 'version':
      process.stdout.write(`${(await import('../engine/version.ts')).version}\n`)
      return exitCodes.ok
    case 'help':
      process.stdout.write(`${usage}\n`)
      return exitCodes.ok
    default:
      throw new CliError(exitCodes.usage, `there is no command ${args.command}\n\n${usage}`)
  }
}

/** Whoever reads the output may leave (`| head`); the work goes on, because the record matters and the report does not. */
function outputFailed(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== 'EPIPE') process.stderr.write(`the output cannot be written: ${thrown.message}\n`)
}

process.umask(0o077)
process.stdout.on('error', outputFailed)
enableCompileCache()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (thrown) {
  process.exitCode = exitCodeOf(thrown)
  const known = process.exitCode !== exitCodes.failed || thrown instanceof CliError
  process.stderr.write(`${thrown instanceof Error ? (known ? thrown.message : thrown.stack) : String(thrown)}\n`)
}
