import type { Event } from '../../engine/flow/event.ts'
import { type FilterField, filterFields, hasType, typeAsked } from '../agents/filters.ts'
import { globMatches, globOf, isLiteral } from '../agents/globs.ts'
import type { Filter } from '../events.ts'
import { authorOf, channelOf, isOfTheWorld, kindOf, tagsOf, textOf, threadOf } from './fields.ts'

/** The plain meaning of a filter, one at a time: what the index must agree with, and what an explanation is made of. */

/** The first fields of a filter, in their order, that an event does not meet; none when it is for it. O(fields). */
export function unmet(filter: Filter, event: Event): FilterField[] {
  return filterFields.filter((field) => !meetsField(filter, field, event))
}

/** What an event says in a field, as text for a person. */
export function saidIn(event: Event, field: FilterField): string {
  if (field === 'type') return event.type
  if (field === 'tag') return tagsOf(event).join(', ')
  return textIn(event, field)
}

function meetsField(filter: Filter, field: FilterField, event: Event): boolean {
  const asked = filter[field]
  if (field === 'type') {
    const type = typeAsked(asked)
    return hasType(type, event.type) && !(isOfTheWorld(event) && type.name === '')
  }
  if (asked === undefined) return true
  if (field === 'tag') return tagsOf(event).includes(asked)
  const value = textIn(event, field)
  if (field !== 'path' || value === '') return value === asked
  const glob = globOf(asked)
  return isLiteral(glob) ? value === asked : globMatches(glob.names, value.split('/'))
}

function textIn(event: Event, field: Exclude<FilterField, 'type' | 'tag'>): string {
  switch (field) {
    case 'kind':
      return kindOf(event)
    case 'channel':
      return channelOf(event)
    case 'thread':
      return threadOf(event)
    case 'author':
      return authorOf(event)
    default:
      return textOf(event.payload, field)
  }
}
