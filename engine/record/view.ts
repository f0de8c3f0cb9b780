import type { View } from '../flow/adapter.ts'
import type { Core } from '../tick.ts'

/** What may be looked at of a core. */
export function viewOf(core: Core): View {
  return {
    world: core.world,
    get tick() {
      return core.tick
    },
    get now_ms() {
      return core.now_ms
    },
    read: (table, id) => core.read(table, id),
  }
}
