import { system } from '../engine/system.ts'
import { Policy } from './components.ts'
import { ConfigSet } from './events.ts'

/** A policy becomes a row when it differs from the one in force; every system of the same tick already obeys it. */
export const policy = system('policy', (tick) => {
  for (const event of tick.events) {
    if (!ConfigSet.is(event)) continue
    const { policy: set } = event.payload
    const text = JSON.stringify(set)
    const current = tick.world.rows(Policy)
    if (current > 0 && tick.read('policy', current) === text) continue
    const row = tick.world.append(Policy)
    const columns = tick.world.of(Policy)
    const { chat_in_flight_max } = set
    columns.set_at_ms[row] = tick.now_ms
    columns.set_tick[row] = tick.tick
    columns.chat_in_flight_max[row] = typeof chat_in_flight_max === 'number' ? chat_in_flight_max : 0
    tick.put('policy', row, text)
  }
})
