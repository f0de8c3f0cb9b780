import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Problem } from '../../engine/schema.ts'
import type { YamlParsed } from '../../engine/yaml.ts'
import { lineOfPath } from '../../engine/yaml-outline.ts'
import { configSchema } from './config-schema.ts'
import { CliError, exitCodes } from './exit.ts'

/** Values that may be a secret written where only its name belongs. */
const secretPaths = new Set(['model.api_key', 'discord.token'])

/** Gathers everything that is wrong with a config, so that all of it is shown at once, each with its line. */
export class ConfigProblems {
  readonly #file: string | undefined
  readonly #parsed: YamlParsed | undefined
  readonly #found: { line: number; path: string; text: string }[] = []

  constructor(file: string | undefined, parsed: YamlParsed | undefined) {
    this.#file = file
    this.#parsed = parsed
  }

  /** Whether nothing is wrong with a key or what stands below it, so that a closer look makes sense. */
  sound(key: string): boolean {
    return !this.#found.some(({ path }) => path === key || path.startsWith(`${key}.`))
  }

  /** What a check of the schema found: the value that was wrong is shown, unless it may be a secret. */
  addProblem({ path, message }: Problem): void {
    const keys = keysOf(path)
    const value = keys.reduce<unknown>(
      (node, key) => (node as Record<string, unknown> | undefined)?.[key],
      this.#parsed?.data,
    )
    if (typeof value === 'number' && isLong(value)) {
      // The digits that YAML kept are not those that were written, so they are not shown.
      this.add(path, 'must stand in quotes: it is an id, and as a number its last digits are lost')
    } else if (secretPaths.has(path)) this.add(path, 'must be env:NAME or file:PATH; the value is not shown')
    else if (message === 'is not a known key') this.add(path, message + nearest(keys.at(-1) ?? '', knownKeys()))
    else this.add(path, value === undefined ? message : `${message}, not ${JSON.stringify(value)?.slice(0, 80)}`)
  }

  add(path: string, text: string): void {
    const line = this.#parsed === undefined ? 0 : lineOfPath(this.#parsed, keysOf(path))
    this.#found.push({ line, path, text })
  }

  /** @throws CliError 78 with everything that was found, in the order of the file */
  refuse(): void {
    if (this.#found.length === 0) return
    const ordered = this.#found.toSorted((a, b) => a.line - b.line)
    const place = (line: number): string => (this.#file === undefined ? 'options' : `${this.#file}:${line}`)
    const lines = ordered.map(({ line, path, text }) => `${place(line)}: ${path || 'the file'}: ${text}`)
    throw new CliError(exitCodes.config, lines.join('\n'))
  }
}

/** Notes what a piece of work throws as a problem, without the code of an EngineError. */
export function attempt(problems: ConfigProblems, path: string, work: () => void): void {
  try {
    work()
  } catch (thrown) {
    const reason = reasonOf(thrown)
    problems.add(path, thrown instanceof EngineError ? reason.slice(thrown.code.length + 2) : reason)
  }
}

/** `; did you mean …?` for the known word that is nearest, or nothing where none is near. */
export function nearest(word: string, known: readonly string[]): string {
  const near = known
    .map((each) => ({ each, steps: distance(each, word) }))
    .filter(({ steps }) => steps <= 2)
    .sort((a, b) => a.steps - b.steps)[0]
  return near === undefined ? '' : `; did you mean ${near.each}?`
}

/** Whether a number is as long as Discord's ids are. */
function isLong(value: number): boolean {
  return value >= 1e15
}

function keysOf(path: string): string[] {
  return path === '' ? [] : path.split('.')
}

function knownKeys(): string[] {
  const keys: string[] = []
  const collect = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { properties, items } = schema as { properties?: Record<string, unknown>; items?: unknown }
    for (const [key, child] of Object.entries(properties ?? {})) {
      keys.push(key)
      collect(child)
    }
    collect(items)
  }
  collect(configSchema)
  return keys
}

/** Edit distance of two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
