import type { Tick } from '../engine/system.ts'
import { Gauge, Key, KeyKind } from './components.ts'
import { readWords, Words } from './text/words.ts'

const words = new Words()

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
  if (kind === KeyKind.entity && !text.includes(' ')) keys.term[row] = termOf(text)
  tick.put('key', row, text)
  world.of(Gauge).keys[1]!++
  return row
}

/** The term of a name of one word, by which the lexical lane knows it. */
function termOf(text: string): number {
  readWords(text.slice(text.indexOf(':') + 1), words)
  return words.count === 1 ? words.term[0]! : 0
}
