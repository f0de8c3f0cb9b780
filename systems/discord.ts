import { system } from '../engine/system.ts'
import { ConfigSet } from './events.ts'

/** Keeps what the world knows of Discord, and sends there what sessions say. O(events of Discord). */
export const discord = system('discord', (tick) => {
  for (const event of tick.events) {
    if (ConfigSet.is(event)) continue
  }
})
