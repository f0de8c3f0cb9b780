import type { World } from '../../engine/world/world.ts'
import { Repair, RepairClock, RepairState } from './columns.ts'

/**
 * In the first moments of a run of the process nothing begins by itself, so that a command which opens the record for a
 * moment does not begin what it cannot see through.
 */
const settle_ms = 10_000

/** Says when the next repair begins by itself. O(repairs). */
export function plan(world: World): void {
  const { state, next_at_ms } = world.of(Repair)
  let next = 0
  for (let row = 1; row <= world.rows(Repair); row++) {
    const at = next_at_ms[row]!
    if (state[row] === RepairState.none && at > 0 && (next === 0 || at < next)) next = at
  }
  world.of(RepairClock).next_at_ms[1] = next
}

/** Nothing that is due begins before the process has settled. O(repairs). */
export function settle(world: World, now_ms: number): void {
  const { next_at_ms } = world.of(Repair)
  for (let row = 1; row <= world.rows(Repair); row++) {
    if (next_at_ms[row]! > 0) next_at_ms[row] = Math.max(next_at_ms[row]!, now_ms + settle_ms)
  }
  plan(world)
}

/** When a repair that is new, or has another period, begins for the first time; 0 when it has none. */
export function firstAt(every_ms: number, now_ms: number): number {
  return every_ms > 0 ? now_ms + Math.min(settle_ms, every_ms) : 0
}

/** Repairs at rest whose time has come. O(1) while none has, else O(repairs). */
export function* due(world: World, now_ms: number): Generator<number> {
  const next = world.of(RepairClock).next_at_ms[1]!
  if (next === 0 || next > now_ms) return
  const { state, next_at_ms } = world.of(Repair)
  for (let row = 1; row <= world.rows(Repair); row++) {
    if (state[row] === RepairState.none && next_at_ms[row]! > 0 && next_at_ms[row]! <= now_ms) yield row
  }
}
