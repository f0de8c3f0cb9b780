#!/usr/bin/env -S node --max-semi-space-size=4
import * as modules from 'node:module'
import { type Arguments, readArguments } from './cli/arguments.ts'
import { printableLines } from './cli/diff.ts'
import { CliError, type ExitCode, exitCodeOf, exitCodes } from './cli/exit.ts'
import { guardCrash, guardStream } from './cli/secrets/output.ts'
import { secrets } from './cli/secrets.ts'
import { usage } from './cli/usage.ts'

type Command = (args: Arguments) => Promise<ExitCode>

/** Every command; what it is made of is loaded only when it is asked for. */
const commands: { readonly [name: string]: Command } = {
  run: async (args) => (await import('./cli/run.ts')).run(args),
  chat: async (args) => (await import('./cli/chat.ts')).chat(args),
  sessions: async (args) => (await import('./cli/agents.ts')).sessions(args),
  approve: async (args) => (await import('./cli/agents.ts')).approvals(args),
  cancel: async (args) => (await import('./cli/agents.ts')).cancel(args),
  outbox: async (args) => (await import('./cli/agents.ts')).outbox(args),
  discord: async (args) => (await import('./cli/discord.ts')).discord(args),
  janitor: async (args) => (await import('./cli/janitor.ts')).janitor(args),
  opencode: async (args) => (await import('./cli/opencode.ts')).opencode(args),
  archive: async (args) => (await import('./cli/archive.ts')).archive(args),
  compact: async (args) => (await import('./cli/compact.ts')).compact(args),
  repair: async (args) => (await import('./cli/repair.ts')).repair(args),
  status: async (args) => (await import('./cli/inspect.ts')).status(args),
  sentinel: async (args) => (await import('./cli/inspect.ts')).sentinel(args),
  ask: async (args) => (await import('./cli/ask.ts')).ask(args),
  recall: async (args) => (await import('./cli/recall.ts')).recall(args),
  ingest: async (args) => (await import('./cli/ingest.ts')).ingest(args),
  memory: async (args) => (await import('./cli/memory.ts')).memory(args),
  explain: async (args) => (await import('./cli/explain.ts')).explain(args),
  audit: async (args) => (await import('./cli/audit.ts')).audit(args),
  eval: async (args) => (await import('./cli/eval.ts')).evaluate(args),
  olympia: async (args) => (await import('./cli/olympia.ts')).olympia(args),
  replay: async (args) => (await import('./cli/replay.ts')).replay(args),
  fork: async (args) => (await import('./cli/travel.ts')).travel(args),
  bisect: async (args) => (await import('./cli/travel.ts')).travel(args),
  backup: async (args) => (await import('./cli/backup.ts')).backup(args),
  restore: async (args) => (await import('./cli/backup.ts')).restore(args),
  top: async (args) => (await import('./cli/top.ts')).top(args),
  mcp: async (args) => (await import('./cli/mcp.ts')).mcp(args),
  repl: async (args) => (await import('./cli/repl.ts')).repl(args),
  doctor: async (args) => (await import('./cli/doctor.ts')).doctor(args),
  config: async (args) => (await import('./cli/show-config.ts')).showConfig(args),
  version: async () => say((await import('../engine/version.ts')).version),
  help: async () => say(usage),
}

/** Runs one command and says how it went. */
async function main(words: readonly string[]): Promise<ExitCode> {
  const args = readArguments(words)
  const command = Object.hasOwn(commands, args.command) ? commands[args.command] : undefined
  if (command !== undefined) return command(args)
  throw new CliError(exitCodes.usage, `there is no command ${args.command}; promethean --help lists them`)
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
  const text = thrown instanceof Error ? (known ? thrown.message : (thrown.stack ?? thrown.message)) : String(thrown)
  // Messages name paths, keys of config files and what a daemon said: none of it may steer the terminal.
  process.stderr.write(`${printableLines(text)}\n`)
}
