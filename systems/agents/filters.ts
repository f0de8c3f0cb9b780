import type { Filter } from '../events.ts'
import { globOf, isWithinGlob } from './globs.ts'

/** What a filter is as data, and when one is as wide as another. */

/** The fields of a filter in the order in which its record names them. */
export const filterFields = ['type', 'kind', 'channel', 'thread', 'author', 'tool', 'tag', 'path'] as const
export type FilterField = (typeof filterFields)[number]

/** The record of a filter: the same text for filters that ask the same. Fields that no filter has are left out. */
export function filterText(filter: Filter): string {
  const plain: { [field: string]: string } = {}
  for (const field of filterFields) {
    const value = filter[field]
    if (typeof value === 'string' && value !== '') plain[field] = value
  }
  return JSON.stringify(plain)
}

/** The filter of a record. @throws SyntaxError when it is none */
export function filterOf(text: string): Filter {
  return JSON.parse(text) as Filter
}

/** What a filter asks of the type: a whole name, or its beginning. */
export type TypeAsked = { readonly name: string; readonly prefix: boolean }

/** `discord.*` is a prefix, and so is a filter that names no type: it begins with nothing. */
export function typeAsked(type: string | undefined): TypeAsked {
  if (type === undefined) return { name: '', prefix: true }
  return type.endsWith('*') ? { name: type.slice(0, -1), prefix: true } : { name: type, prefix: false }
}

/** Whether an event's type is what is asked for. */
export function hasType({ name, prefix }: TypeAsked, type: string): boolean {
  return prefix ? type.startsWith(name) : type === name
}

/**
 * Whether all that a filter hears is heard by one of the envelope too. Where two globs of paths are hard to compare the
 * answer is no. An envelope that names no type allows to name any, also of what the world itself says. O(envelope).
 */
export function isWithin(filter: Filter, envelope: readonly Filter[]): boolean {
  return envelope.some((wide) => filterFields.every((field) => isFieldWithin(field, filter[field], wide[field])))
}

function isFieldWithin(field: FilterField, narrow: string | undefined, wide: string | undefined): boolean {
  if (field === 'type') return isTypeWithin(typeAsked(narrow), typeAsked(wide))
  if (wide === undefined) return true
  if (narrow === undefined) return false
  return narrow === wide || (field === 'path' && isWithinGlob(globOf(narrow), globOf(wide)))
}

function isTypeWithin(narrow: TypeAsked, wide: TypeAsked): boolean {
  if (!wide.prefix) return !narrow.prefix && narrow.name === wide.name
  return narrow.name.startsWith(wide.name)
}
