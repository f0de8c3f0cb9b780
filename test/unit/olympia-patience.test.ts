import { expect, test } from 'vitest'
import { Patience } from '../../adapters/cli/olympia/patience.ts'

/** Whether patience is over after failures at these times, in seconds. */
function after(...told: readonly (readonly [seconds: number, code: string])[]): boolean {
  let now_ms = 0
  const patience = new Patience(() => now_ms)
  for (const [seconds, code] of told) {
    now_ms = seconds * 1_000
    patience.heard(code)
  }
  expect(patience.reason === '').toBe(!patience.signal.aborted)
  return patience.signal.aborted
}
const times = (count: number, seconds: number, code: string) =>
  Array.from({ length: count }, () => [seconds, code] as const)

test('a refused key ends it after five questions at once, and no sooner', () => {
  expect(after(...times(4, 0, 'AUTH'))).toBe(false)
  expect(after(...times(5, 0, 'AUTH'))).toBe(true)
})

test('an endpoint that is down has 15 s to come back, however often it is asked', () => {
  expect(after(...times(50, 14, 'NETWORK'))).toBe(false)
  expect(after([0, 'NETWORK'], ...times(50, 14, 'UNAVAILABLE'))).toBe(false)
  expect(after([0, 'NETWORK'], ...times(3, 5, 'UNAVAILABLE'), [15, 'UNAVAILABLE'])).toBe(true)
  expect(after([0, 'TIMEOUT'], [30, 'TIMEOUT'])).toBe(false)
})

test('an answer, and what is wrong with one question alone, begin the count anew', () => {
  for (const code of ['', 'REFUSED', 'CONTEXT_TOO_LONG', 'BAD_REQUEST']) {
    expect(after([0, 'NETWORK'], ...times(3, 5, 'NETWORK'), [6, code], ...times(4, 20, 'NETWORK'))).toBe(false)
  }
})

test('an endpoint that asks to slow down is not down', () => {
  expect(after(...times(50, 100, 'RATE_LIMITED'))).toBe(false)
  expect(after(...times(4, 0, 'AUTH'), [1, 'RATE_LIMITED'], [2, 'AUTH'])).toBe(true)
})
