import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyTick, ownCopy, tickKey } from '../../stores/lmdb/environment.ts'

const tick = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(1000),
  fc.nat(10).map((near) => 0x1_0000_0000 + near - 5),
)

describe('keys of the journal', () => {
  test('come back as the tick they were', () => {
    fc.assert(fc.property(tick, (one) => keyTick(tickKey(one)) === one))
  })

  test('are ordered as their ticks are', () => {
    fc.assert(
      fc.property(tick, tick, (one, other) => {
        expect(Buffer.compare(tickKey(one), tickKey(other))).toBe(Math.sign(one - other))
      }),
    )
  })

  test('a copy shares nothing and begins its buffer', () => {
    const lent = Buffer.from('borrowed').subarray(3)
    const copy = ownCopy(lent)
    lent.fill(0)
    expect(new TextDecoder().decode(copy)).toBe('rowed')
    expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, 5])
  })
})
