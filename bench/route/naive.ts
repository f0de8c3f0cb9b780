import { measure } from './measure.ts'
import { byHand } from './plain.ts'

/** Every filter of every session is tried, one after the other. */
measure((filters) => {
  const sessions = filters.map((each) => each.map(byHand))
  return (event) => {
    let found = 0
    for (const session of sessions) if (session.some((meets) => meets(event))) found++
    return found
  }
})
