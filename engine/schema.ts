import { createRequire } from 'node:module'
import type { Ajv, ErrorObject } from 'ajv'
import type safeRegex from 'safe-regex2'
import { EngineError, reasonOf } from './errors.ts'

/** A JSON Schema (draft-07 vocabulary), as data. */
export type JsonSchema = { readonly [keyword: string]: unknown }

export type Problem = {
  /** Where, as a path of keys: `tags.0`; empty for the value itself. */
  readonly path: string
  /** What is wrong, as a phrase: `must be string`. */
  readonly message: string
}

/** Tells what is wrong with a value; an empty list means it is valid. Pure. */
export type Check = (value: unknown) => readonly Problem[]

const none: readonly Problem[] = []
const options = { allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true, ownProperties: true }
const require = createRequire(import.meta.url)
let compiler: Ajv | undefined
let judge: Ajv | undefined
let isSafe: typeof safeRegex | undefined

/** Both packages are loaded with the first schema: whoever only imports the engine does not wait for them. */
function newAjv(more: object): Ajv {
  const { Ajv: Compiler } = require('ajv') as typeof import('ajv')
  return new Compiler({ ...options, ...more })
}

/** Compiles without the schema of schemas, which takes longer to compile than all others together. */
function compilerOf(): Ajv {
  compiler ??= newAjv({ meta: false, validateSchema: false })
  return compiler
}

function isSafePattern(pattern: string): boolean {
  isSafe ??= require('safe-regex2') as typeof safeRegex
  return isSafe(pattern)
}

/**
 * Compiles a schema once. Patterns that can backtrack without bound are refused here, because a schema may come
 * from a user's config and would otherwise hold the tick.
 * @throws EngineError SCHEMA_INVALID
 */
export function compileSchema(schema: JsonSchema, name: string): Check {
  for (const pattern of patternsOf(schema)) {
    if (!isSafePattern(pattern)) {
      throw new EngineError('SCHEMA_INVALID', `${name}: the pattern ${pattern} can take exponential time; rewrite it`, {
        value: pattern,
      })
    }
  }
  const validate = orRefuse(schema, name, () => compilerOf().compile(schema))
  return (value) => (validate(value) ? none : (validate.errors ?? []).map(problemOf))
}

/** A check whose schema is compiled when it is first needed, or by `compile`. */
export type LateCheck = Check & { readonly compile: () => Check }

/** As `compileSchema`, but later: most commands look at a record and need none of its sixty schemas. */
export function checkLater(schema: JsonSchema, name: string): LateCheck {
  let check: Check | undefined
  const compile = (): Check => {
    check ??= compileSchema(schema, name)
    return check
  }
  return Object.assign((value: unknown) => compile()(value), { compile })
}

/** Compiles a schema that somebody else wrote, after holding it against the schema of schemas. @throws as `compileSchema` */
export function compileForeignSchema(schema: JsonSchema, name: string): Check {
  judge ??= newAjv({})
  const ajv = judge
  orRefuse(schema, name, () => ajv.validateSchema(schema, true))
  return compileSchema(schema, name)
}

function orRefuse<T>(schema: JsonSchema, name: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw new EngineError('SCHEMA_INVALID', `${name}: ${reasonOf(thrown)}`, { value: schema, cause: thrown })
  }
}

function problemOf(error: ErrorObject): Problem {
  const path = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
  if (error.keyword === 'required') {
    return { path: join(path, String(error.params['missingProperty'])), message: 'is missing' }
  }
  if (error.keyword === 'additionalProperties') {
    return { path: join(path, String(error.params['additionalProperty'])), message: 'is not a known key' }
  }
  if (error.keyword === 'enum') {
    return { path, message: `must be one of ${JSON.stringify(error.params['allowedValues'])}` }
  }
  return { path, message: error.message ?? `fails ${error.keyword}` }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function* patternsOf(node: unknown): Generator<string> {
  if (Array.isArray(node)) {
    for (const item of node) yield* patternsOf(item)
  } else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      if (key === 'pattern' && typeof value === 'string') yield value
      else if (key === 'patternProperties' && typeof value === 'object' && value !== null) {
        yield* Object.keys(value)
        yield* patternsOf(value)
      } else yield* patternsOf(value)
    }
  }
}
