import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileSchema, type JsonSchema, type Problem } from '../../../engine/schema.ts'
import { parseYaml, type YamlParsed } from '../../../engine/yaml.ts'
import { ConfigProblems, nearest } from '../config-problems.ts'
import { CliError, exitCodes } from '../exit.ts'
import { checkSuite } from './check.ts'
import { type Suite, type SuiteFile, suiteOf } from './suite.ts'
import { suiteSchema } from './suite-schema.ts'

/** Finds and reads suites. */

const limits = { bytes_max: 1_048_576, lines_max: 20_000 }

/** Names of the suites that come with the package. */
export function ownSuites(): string[] {
  return readdirSync(ownFolder())
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort()
}

/** Reads a suite by its name or path. @throws CliError 64 where there is none, 78 naming every error of its file */
export function loadSuite(named: string): Suite {
  const file = fileOf(named)
  const text = readFileSync(file, 'utf8')
  const parsed = parseYaml(text, limits)
  if (!parsed.ok) throw new CliError(exitCodes.config, `${file}:${parsed.line}: not valid YAML: ${parsed.reason}`)
  return suiteOf(checkedFile(file, parsed), hash('sha256', text).slice(0, 12))
}

/** The suites lie beside the sources, and one folder further up when this is the built package. */
function ownFolder(): string {
  const candidates = ['../../olympia', '../../../../adapters/olympia']
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)))
  const found = paths.find((path) => existsSync(path) && readdirSync(path).some((name) => name.endsWith('.yaml')))
  if (found !== undefined) return found
  throw new CliError(exitCodes.unavailable, 'the suites are missing from this installation')
}

function fileOf(named: string): string {
  const own = ownSuites()
  if (own.includes(named)) return join(ownFolder(), `${named}.yaml`)
  const path = resolve(named)
  if (existsSync(path) && statSync(path).isFile()) return path
  const said = `there is no suite ${named}, and no such file${nearest(named, own)}`
  throw new CliError(exitCodes.usage, `${said}; promethean olympia list shows the suites`)
}

function checkedFile(file: string, parsed: YamlParsed): SuiteFile {
  const problems = new ConfigProblems(file, parsed)
  for (const problem of compileSchema(suiteSchema, 'a suite')(parsed.data)) addProblem(problems, parsed, problem)
  problems.refuse()
  // What the schema has let through has the form of a suite's file.
  const suite = parsed.data as unknown as SuiteFile
  checkSuite(suite, problems)
  problems.refuse()
  return suite
}

/** Shows the value that was wrong; of a key that is not known, the one that was probably meant. */
function addProblem(problems: ConfigProblems, parsed: YamlParsed, { path, message }: Problem): void {
  const keys = path === '' ? [] : path.split('.')
  const value = keys.reduce<unknown>((node, key) => (node as Record<string, unknown> | null)?.[key], parsed.data)
  if (message === 'is not a known key') problems.add(path, message + nearest(keys.at(-1) ?? '', keysAt(keys)))
  else problems.add(path, value === undefined ? message : `${message}, not ${JSON.stringify(value)?.slice(0, 80)}`)
}

/** The keys that the schema knows in the place where an unknown one was found. */
function keysAt(keys: readonly string[]): string[] {
  let at: JsonSchema | undefined = suiteSchema
  for (const key of keys.slice(0, -1)) {
    const { properties = {}, items } = (at ?? {}) as {
      properties?: Record<string, JsonSchema>
      items?: JsonSchema
    }
    at = /^\d+$/.test(key) ? items : properties[key]
  }
  return Object.keys((at?.['properties'] as object | undefined) ?? {})
}
