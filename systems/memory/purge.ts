import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Plan, PlanState } from '../compact/columns.ts'
import { Deleted, Memory } from '../components.ts'
import { CompactOrder } from '../events.ts'
import { erase } from './forget.ts'

/** Plans that one order purges: their texts are some thousand records, which one tick writes. */
const plans_max = 64

/** Whether an event orders a purge. */
export function isPurge(event: Event): event is Event & { readonly payload: CompactOrder } {
  return CompactOrder.is(event) && event.payload.order === 'purge'
}

/**
 * Removes the texts that summaries stand for, of plans put in place before a time: what is left of a memory is its row, by which it is
 * known when it is delivered again, and what the summary says. O(plans + memories purged)
 */
export function purge(
  tick: Tick,
  { payload: { before_ms = 0 }, source }: Event & { readonly payload: CompactOrder },
): void {
  if (source.kind !== 'operator' && source.kind !== 'admin') return
  const { world } = tick
  const { ended_at_ms, state } = world.of(Plan)
  let purged = 0
  for (let plan = 1; plan <= world.rows(Plan) && purged < plans_max; plan++) {
    if (state[plan] !== PlanState.kept || ended_at_ms[plan]! >= before_ms) continue
    const members = tick.read('plan', plan)
    for (const id of members ? (JSON.parse(members) as number[]) : []) purgeOne(tick, id)
    state[plan] = PlanState.purged
    purged++
  }
}

function purgeOne(tick: Tick, id: number): void {
  const { chunks, deleted, replaced_by } = tick.world.of(Memory)
  if (deleted[id] !== 0 || replaced_by[id] === 0) return
  for (let row = id; row <= id + chunks[id]!; row++) deleted[row] = Deleted.forgotten
  erase(tick, id)
}
