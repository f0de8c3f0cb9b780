import { filter, Subject } from 'rxjs'
import type { Event } from '../../engine/index.ts'
import { measure } from '../route/measure.ts'
import { byHand } from '../route/plain.ts'

/** One stream of events; each session subscribes with a filter that is written by hand. */
measure((filters) => {
  const events = new Subject<Event>()
  let found = 0
  for (const each of filters) {
    const session = each.map(byHand)
    events.pipe(filter((event) => session.some((meets) => meets(event)))).subscribe(() => {
      found++
    })
  }
  return (event) => {
    found = 0
    events.next(event)
    return found
  }
})
