import { assert } from '../../engine/errors.ts'
import { type Check, compileForeignSchema } from '../../engine/schema.ts'
import type { Tool, ToolArguments } from './tool.ts'

/** Arguments come from a model, so they may be anything that JSON can say. */

const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype'])
const depthMax = 16
const valuesMax = 10_000

/**
 * Tells what is wrong with a tool's arguments, as phrases. Compiles the schema once; one that says nothing of further
 * members allows none. @throws EngineError SCHEMA_INVALID, or ADAPTER_OPTION when it does not describe an object
 */
export function argumentsCheck({ name, parameters }: Tool): (args: ToolArguments) => string[] {
  assert(parameters['type'] === 'object', 'ADAPTER_OPTION', `the parameters of ${name} must describe an object`, name)
  const schema = 'additionalProperties' in parameters ? parameters : { ...parameters, additionalProperties: false }
  const check: Check = compileForeignSchema(schema, `parameters of ${name}`)
  return (args) => {
    const odd = oddity(args, 0, { left: valuesMax })
    if (odd !== undefined) return [odd]
    return check(args).map(({ path, message }) => (path === '' ? message : `${path} ${message}`))
  }
}

/** What no schema would think of: names that reach into prototypes, numbers that are not what was written, depth. */
function oddity(value: unknown, depth: number, values: { left: number }): string | undefined {
  if (--values.left < 0) return `have more than ${valuesMax} values`
  if (typeof value === 'number') {
    return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? undefined : `have a number beyond ${Number.MAX_SAFE_INTEGER}`
  }
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'have half of a character in a text'
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === depthMax) return `are nested more than ${depthMax} deep`
  for (const [name, each] of Object.entries(value)) {
    if (forbiddenNames.has(name)) return `have a member named ${name}`
    const odd = oddity(each, depth + 1, values)
    if (odd !== undefined) return odd
  }
  return undefined
}
