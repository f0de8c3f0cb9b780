import { resolve } from 'node:path'
import type { Arguments } from './arguments.ts'
import type { ArchiveAnswer } from './desk/archive.ts'
import { atDesk } from './desk/client.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { counted } from './progress.ts'

/** `promethean archive DIR`: what the journal holds, compressed and with its checksum, out of the record; what can be replayed begins now. */
export async function archive(args: Arguments): Promise<ExitCode> {
  const [to] = args.words
  if (to === undefined)
    throw new CliError(exitCodes.usage, 'archive needs the folder to write to: promethean archive DIR')
  const folder = resolve(to)
  const answer = (await atDesk(configOf(args, args.notes), 'ordering', (ask) =>
    ask({ ask: 'archive', folder }),
  )) as ArchiveAnswer
  process.stdout.write(`${args.json ? JSON.stringify(answer) : printable(wordsOf(answer, folder))}\n`)
  return exitCodes.ok
}

function wordsOf({ archived, first_tick }: ArchiveAnswer, folder: string): string {
  if (archived === null) return `there was nothing to archive; what can be replayed begins at tick ${first_tick}`
  const { bytes, entries, name } = archived
  return `${counted(entries)} ticks in ${folder}/${name}, ${counted(bytes)} bytes; what can be replayed begins at tick ${first_tick}`
}
