import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where `bundle.ts` made the programs of this run; where it made none, the sources are run as they are. */
const made = process.env['TESTED_PROGRAMS']
const inSources = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The path at which tests start a program. @param source its path under the top folder, with its extension */
export function programAt(source: string): string {
  return made === undefined ? inSources(source) : join(made, `${basename(source, '.ts')}.js`)
}

/** The command `promethean` as the sources have it, for the tests that show that it runs from there. */
export const sourcePath = inSources('adapters/cli.ts')

/** The command `promethean`, as a path. */
export const cliPath = programAt('adapters/cli.ts')
