import type { Tick } from '../engine/system.ts'
import { Gauge, Key } from './components.ts'

/** The row of a new key, by the 64-bit hash of its canonical text, which is kept in a record. @param at_ms when it was met */
export function appendKey(tick: Tick, kind: number, high: number, low: number, text: string, at_ms: number): number {
  const { world } = tick
  const row = world.append(Key)
  const keys = world.of(Key)
  keys.kind[row] = kind
  keys.key_high[row] = high
  keys.key_low[row] = low
  keys.first_at_ms[row] = at_ms
  keys.last_at_ms[row] = at_ms
  tick.put('key', row, text)
  world.of(Gauge).keys[1]!++
  return row
}
