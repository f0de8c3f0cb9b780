import type { World } from '../../engine/world/world.ts'

/** Upper bounds of the buckets in seconds; what took longer is counted by `count` alone. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** How long something took, in buckets, since this process began. */
export class Latency {
  readonly #buckets = new Float64Array(bounds.length)
  count = 0
  sum_s = 0

  /** O(buckets), nothing is allocated. */
  add(seconds: number): void {
    this.count++
    this.sum_s += seconds
    for (let at = 0; at < bounds.length; at++) if (seconds <= bounds[at]!) this.#buckets[at]!++
  }

  /** Bounds in seconds, ascending, each with how many took no longer than that. */
  buckets(): [bound_s: number, count: number][] {
    return bounds.map((bound, at) => [bound, this.#buckets[at]!])
  }
}

const latencies = new WeakMap<World, Latency>()

/** How long recalls over this world took, with the making of the query's vector. Outside the world: it never decides. */
export function recallLatency(world: World): Latency {
  const known = latencies.get(world)
  if (known !== undefined) return known
  const made = new Latency()
  latencies.set(world, made)
  return made
}
