import { system } from '../engine/system.ts'
import { JanitorAsked } from './events.ts'

/** Rates and pressure of channels, reports of what programs said, and rules that keep floods away. */
export const janitor = system('janitor', (tick) => {
  for (const event of tick.events) {
    if (JanitorAsked.is(event)) continue
  }
})
