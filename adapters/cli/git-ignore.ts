import { existsSync, writeFileSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import type { Config } from './config.ts'

/** The record lies in the notes folder or beside the config by default; it is no concern of the repository around it. */
export function ignoreInGit({ data, notes }: Config): void {
  const path = join(data, '.gitignore')
  const amongOthers = data.startsWith(notes + sep) || basename(data) === '.promethean'
  if (amongOthers && !existsSync(path)) writeFileSync(path, '*\n', { mode: 0o600 })
}
