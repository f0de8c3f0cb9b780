import { Matcher } from '../../systems/route/matcher.ts'
import { measure } from './measure.ts'

/** The matcher of systems/route, with all that it does with an event's texts. */
measure((filters) => {
  const matcher = new Matcher()
  let row = 0
  for (const [session, each] of filters.entries()) for (const filter of each) matcher.add(++row, session + 1, filter)
  return (event) => matcher.match(event)
})
