#!/usr/bin/env -S node --max-semi-space-size=4
import * as modules from 'node:module'
import { readArguments } from './cli/arguments.ts'
import { CliError, type ExitCode, exitCodeOf, exitCodes } from './cli/exit.ts'
import { guardCrash, guardStream } from './cli/secrets/output.ts'
import { secrets } from './cli/secrets.ts'
import { usage } from './cli/usage.ts'

/** Runs one command and says how it went; the commands are loaded only when they are asked for. */
async function main(words: readonly string[]): Promise<ExitCode> {
  const args = readArguments(words)
  switch (args.command) {
    case 'run':
      return (await import('./cli/run.ts')).run(args)
    case 'chat':
      return (await import('./cli/chat.ts')).chat(args)
    case 'sessions':
      return (await import('./cli/agents.ts')).sessions(args)
    case 'approve':
      return (await import('./cli/agents.ts')).approvals(args)
    case 'cancel':
      return (await import('./cli/agents.ts')).cancel(args)
    case 'outbox':
      return (await import('./cli/agents.ts')).outbox(args)
    case 'discord':
      return (await import('./cli/discord.ts')).discord(args)
    case 'janitor':
      return (await import('./cli/janitor.ts')).janitor(args)
    case 'opencode':
      return (await import('./cli/opencode.ts')).opencode(args)
    case 'archive':
      return (await import('./cli/archive.ts')).archive(args)
    case 'compact':
      return (await import('./cli/compact.ts')).compact(args)
    case 'repair':
      return (await import('./cli/repair.ts')).repair(args)
    case 'status':
      return (await import('./cli/inspect.ts')).status(args)
    case 'sentinel':
      return (await import('./cli/inspect.ts')).sentinel(args)
    case 'ask':
      return (await import('./cli/ask.ts')).ask(args)
    case 'recall':
      return (await import('./cli/recall.ts')).recall(args)
    case 'ingest':
      return (await import('./cli/ingest.ts')).ingest(args)
    case 'memory':
      return (await import('./cli/memory.ts')).memory(args)
    case 'explain':
      return (await import('./cli/explain.ts')).explain(args)
    case 'audit':
      return (await import('./cli/audit.ts')).audit(args)
    case 'eval':
      return (await import('./cli/eval.ts')).evaluate(args)
    case 'olympia':
      return (await import('./cli/olympia.ts')).olympia(args)
    case 'replay':
      return (await import('./cli/replay.ts')).replay(args)
    case 'fork':
    case 'bisect':
      return (await import('./cli/travel.ts')).travel(args)
    case 'backup':
      return (await import('./cli/backup.ts')).backup(args)
    case 'restore':
      return (await import('./cli/backup.ts')).restore(args)
    case 'top':
      return (await import('./cli/top.ts')).top(args)
    case 'mcp':
      return (await import('./cli/mcp.ts')).mcp(args)
    case 'repl':
      return (await import('./cli/repl.ts')).repl(args)
    case 'doctor':
      return (await import('./cli/doctor.ts')).doctor(args)
    case 'config':
      return (await import('./cli/show-config.ts')).showConfig(args)
    case 'version':
      return say((await import('../engine/version.ts')).version)
    case 'help':
      return say(usage)
    default:
      throw new CliError(exitCodes.usage, `there is no command ${args.command}; promethean --help lists them`)
  }
}

function say(text: string): ExitCode {
  process.stdout.write(`${text}\n`)
  return exitCodes.ok
}

/** Whoever reads the output may leave (`| head`, a closed terminal); the work goes on, because the record matters and the report does not. */
function muted(): void {
  for (const stream of [process.stdout, process.stderr]) stream.write = () => true
}

function refuseOldNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 22)) return
  throw new CliError(exitCodes.unavailable, `promethean needs Node 22.22 or newer; this is ${process.versions.node}`)
}

process.umask(0o077)
for (const stream of [process.stdout, process.stderr]) guardStream(stream, secrets)
guardCrash(process.stderr)
process.stdout.on('error', muted)
process.stderr.on('error', muted)
modules.enableCompileCache?.()
try {
  refuseOldNode()
  process.exitCode = await main(process.argv.slice(2))
} catch (thrown) {
  process.exitCode = exitCodeOf(thrown)
  const known = process.exitCode !== exitCodes.failed || thrown instanceof CliError
  process.stderr.write(`${thrown instanceof Error ? (known ? thrown.message : thrown.stack) : String(thrown)}\n`)
}
