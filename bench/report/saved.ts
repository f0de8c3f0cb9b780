import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NamedRow } from './compare.ts'

/** A run of the bench as it is kept, and as `--json` prints it. */
export type Report = {
  readonly date: string
  readonly machine: string
  readonly smoke: boolean
  readonly full: boolean
  readonly rows: readonly NamedRow[]
}

const folder = fileURLToPath(new URL('../saved', import.meta.url))
const plain = /^[\w.-]{1,100}$/

/** Keeps a run under a name, in place of the one that had it. @returns the path of its file */
export function save(name: string, report: Report): string {
  mkdirSync(folder, { recursive: true })
  const path = pathOf(name)
  writeFileSync(path, `${JSON.stringify(report, null, 1)}\n`)
  return path
}

/** The run of a name. @throws Error that names what there is */
export function saved(name: string): Report {
  try {
    return JSON.parse(readFileSync(pathOf(name), 'utf8')) as Report
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    const names = namesSaved()
    const there =
      names.length === 0 ? 'nothing is saved yet: save one with --save NAME' : `saved are ${names.join(', ')}`
    throw new Error(`no run is saved as ${name}; ${there}`)
  }
}

function namesSaved(): string[] {
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder).map((file) => file.replace(/\.json$/, ''))
}

function pathOf(name: string): string {
  if (!plain.test(name)) throw new Error(`a run cannot be called ${name}: use letters, digits, dots and dashes`)
  return join(folder, `${name}.json`)
}
