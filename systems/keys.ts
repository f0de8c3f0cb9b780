import type { Tick } from '../engine/system.ts'
import { Gauge, Key } from './components.ts'

/**
 * The row of a key, by the 64-bit hash of its canonical text; a new key keeps the text in a record.
 * @param kind KeyKind; @param at_ms when it was first met
 */
export function keyFor(tick: Tick, kind: number, high: number, low: number, text: string, at_ms: number): number {
  const { world } = tick
  const known = world.findPair(Key, 'key', high, low)
  if (known !== 0) return known
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
