import type { Event } from '../../../engine/flow/event.ts'
import type { World } from '../../../engine/world/world.ts'
import { SourceCount } from '../../../systems/olympia/columns.ts'
import type { SourceBrief } from '../../inspector/shapes.ts'

const shown = 20
/** Sources whose rate is kept; the world names about as many. */
const ratesMax = 2_000
/** An event counts for its minute. */
const seconds = 60

type Rate = { readonly perSecond: Uint32Array; second: number }

/** How much each source sends in a minute. O(1) an event; nothing of it is in the world, which has only the counts. */
export class Rates {
  readonly #rates = new Map<string, Rate>()

  hear({ source: { kind, channel } }: Event, now_ms: number): void {
    const key = channel === undefined || channel === '' ? kind : `${kind} ${channel}`
    let rate = this.#rates.get(key)
    if (rate === undefined) {
      if (this.#rates.size === ratesMax) return
      rate = { perSecond: new Uint32Array(seconds), second: 0 }
      this.#rates.set(key, rate)
    }
    const second = Math.floor(now_ms / 1000)
    forget(rate, second)
    rate.perSecond[second % seconds]!++
  }

  /** The busiest of the last minute, then of all time; what is beyond them is `other`. O(sources). */
  sources(world: World, now_ms: number): SourceBrief[] {
    const { events } = world.of(SourceCount)
    const all: SourceBrief[] = []
    for (let row = 1; row <= world.rows(SourceCount); row++) {
      const source = world.keyOf(SourceCount, row)
      all.push({ source, events: events[row]!, per_minute: this.#perMinute(source, now_ms) })
    }
    all.sort((a, b) => b.per_minute - a.per_minute || b.events - a.events || (a.source < b.source ? -1 : 1))
    const rest = all.slice(shown)
    if (rest.length === 0) return all
    const sum = (of: (each: SourceBrief) => number): number => rest.reduce((total, each) => total + of(each), 0)
    const other = { source: 'other', events: sum((each) => each.events), per_minute: sum((each) => each.per_minute) }
    return [...all.slice(0, shown), other]
  }

  #perMinute(source: string, now_ms: number): number {
    const rate = this.#rates.get(source)
    if (rate === undefined) return 0
    forget(rate, Math.floor(now_ms / 1000))
    return rate.perSecond.reduce((sum, count) => sum + count, 0)
  }
}

/** Clears the seconds that have passed since something was heard. */
function forget(rate: Rate, second: number): void {
  const passed = Math.min(seconds, second - rate.second)
  for (let back = 0; back < passed; back++) rate.perSecond[(second - back) % seconds] = 0
  rate.second = Math.max(rate.second, second)
}
