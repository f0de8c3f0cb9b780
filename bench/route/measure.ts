import type { Event } from '../../engine/index.ts'
import type { Filter } from '../../systems/events.ts'
import { say } from '../memory/children.ts'
import { company, workload } from './workload.ts'

/** What one contender needed for one event, in nanoseconds: in its fastest round over events of which half are for two sessions, and over events that are for nobody. */
export type Measured = { readonly mixed_ns: number; readonly miss_ns: number }

/** Takes an event and says how many sessions it is for. */
export type Routes = (event: Event) => number

const rounds = 5
const atOnce = 1000

/**
 * Measures a contender in a process of its own: `sessions` and `events` are its arguments. Events come out of JSON in
 * batches right before they are routed, as they do in a tick, so no text is known by its address and none has been hashed.
 * Only the routing is timed. @throws Error when an event was for more or fewer sessions than it should be
 */
export function measure(make: (filters: readonly (readonly Filter[])[]) => Routes): void {
  const [sessions, events] = process.argv.slice(2).map(Number) as [number, number]
  const { filters, mixed, misses } = workload(sessions, events)
  const routes = make(filters)
  say('measured', {
    mixed_ns: fastest(routes, mixed, Math.ceil(events / 2) * company),
    miss_ns: fastest(routes, misses, 0),
  } satisfies Measured)
}

function fastest(routes: Routes, events: readonly Event[], expected: number): number {
  const batches: string[] = []
  for (let from = 0; from < events.length; from += atOnce)
    batches.push(JSON.stringify(events.slice(from, from + atOnce)))
  let least_ms = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    let took_ms = 0
    let found = 0
    for (const batch of batches) {
      const parsed = JSON.parse(batch) as Event[]
      const began = performance.now()
      for (const event of parsed) found += routes(event)
      took_ms += performance.now() - began
    }
    if (found !== expected) throw new Error(`events were for ${found} sessions, not ${expected}`)
    least_ms = Math.min(least_ms, took_ms)
  }
  return (least_ms * 1e6) / events.length
}
