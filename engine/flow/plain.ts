import type { Json } from './event.ts'

/** Deeper than any honest payload; what lies deeper goes through JSON, which also finds a value that holds itself. */
const depthMax = 64

/**
 * A copy of a value as JSON would give it back, without making the text: undefined members fall away, -0 is 0.
 * Undefined when the value is not plain data (`toJSON`, instances of classes, NaN, holes, a key `__proto__`) or is
 * too deep: it then has to go through JSON itself.
 */
export function plainCopy(value: unknown, depth = 0): Json | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return copyOfNumber(value)
    case 'object':
      if (value === null) return null
      if (depth > depthMax) return undefined
      return Array.isArray(value) ? copyOfArray(value, depth) : copyOfObject(value, depth)
    default:
      return undefined
  }
}

function copyOfNumber(value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined
  return value === 0 ? 0 : value
}

function copyOfArray(value: readonly unknown[], depth: number): Json | undefined {
  if (Object.getPrototypeOf(value) !== Array.prototype || 'toJSON' in value) return undefined
  const copy: Json[] = []
  for (let index = 0; index < value.length; index++) {
    const item = plainCopy(value[index], depth + 1)
    if (item === undefined) return undefined
    copy.push(item)
  }
  return copy
}

function copyOfObject(value: object, depth: number): Json | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const copy: { [key: string]: Json } = {}
  const source = value as { readonly [key: string]: unknown }
  for (const key in source) {
    if (key === '__proto__' || !Object.hasOwn(source, key)) return undefined
    const member = source[key]
    if (member === undefined) continue
    const item = plainCopy(member, depth + 1)
    if (item === undefined) return undefined
    copy[key] = item
  }
  return copy
}
