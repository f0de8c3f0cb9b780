import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { dataPath } from '../../stores/lmdb/create.ts'
import type { Arguments } from './arguments.ts'
import { standsAt } from './backup/aside.ts'
import type { BackupManifest } from './backup/manifest.ts'
import { backUp } from './backup/record.ts'
import { restoreTo } from './backup/restore.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'

/** `promethean backup TO`: a copy of the record in a new folder, while the daemon runs or at rest. 65 where the record is damaged. */
export async function backup(args: Arguments): Promise<ExitCode> {
  const [to] = args.words
  if (to === undefined) throw new CliError(exitCodes.usage, 'backup needs the folder to make: promethean backup TO')
  const target = resolve(to)
  const { data } = configOf(args, args.notes)
  if (!existsSync(dataPath(data))) throw new CliError(exitCodes.data, `there is no record in ${data}`)
  if ((await standsAt(target)) !== 'nothing') {
    throw new CliError(exitCodes.data, `${target} is there already; a backup goes to a folder that is not there yet`)
  }
  const manifest = await backUp(data, target)
  say(args, `backed up to ${target}`, { target, ...manifest })
  return manifest.damage.length === 0 ? exitCodes.ok : exitCodes.data
}

/** `promethean restore FROM DIR`: a backup becomes a data directory. */
export async function restore(args: Arguments): Promise<ExitCode> {
  const [from, to] = args.words
  if (from === undefined || to === undefined) {
    throw new CliError(exitCodes.usage, 'restore needs a backup and a data directory: promethean restore FROM DIR')
  }
  const target = resolve(to)
  const manifest = await restoreTo(resolve(from), target)
  say(args, `restored to ${target}`, { target, ...manifest })
  return exitCodes.ok
}

function say(args: Arguments, done: string, manifest: BackupManifest & { readonly target: string }): void {
  const { damage, files, journal_entries, last_tick, made_at, records } = manifest
  for (const each of damage) process.stderr.write(`the record was damaged when it was backed up: ${printable(each)}\n`)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const what = `tick ${last_tick}, ${journal_entries} journal entries, ${records} records, ${bytes} bytes, made ${made_at}`
  process.stdout.write(args.json ? `${JSON.stringify(manifest)}\n` : `${printable(`${done}: ${what}`)}\n`)
}
