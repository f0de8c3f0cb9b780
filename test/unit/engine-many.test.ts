import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Inbox, type Parcel } from '../../engine/flow/inbox.ts'
import { eventType, table } from '../../engine/index.ts'
import { defaultLimits } from '../../engine/limits.ts'
import { World } from '../../engine/world/world.ts'

describe('A batch of large events', () => {
  const Any = eventType('any', { type: 'object' })

  test('is full early, yet takes one event of every ring, and loses none', () => {
    const inbox = new Inbox([Any], defaultLimits)
    const rings = [inbox.ring(), inbox.ring(), inbox.ring()]
    const push = (ring: number, units: number): boolean =>
      rings[ring]!.push(inbox.parcel({ type: 'any', payload: { ring, text: 'x'.repeat(units) } }, 'test'))
    for (let n = 0; n < 40; n++) push(0, 10_000)
    for (const ring of [1, 2]) push(ring, 10)
    const first: Parcel[] = []
    inbox.drain(first, 50_000)
    expect(first.filter(({ event }) => event.payload['ring'] === 0).length).toBeLessThan(8)
    expect(new Set(first.map(({ event }) => event.payload['ring']))).toEqual(new Set([0, 1, 2]))
    const rest: Parcel[] = []
    while (inbox.count > 0) inbox.drain(rest, 50_000)
    expect(first.length + rest.length).toBe(42)
  })

  test('takes all that fits when nobody says what is usual', () => {
    const inbox = new Inbox([Any], defaultLimits)
    const ring = inbox.ring()
    for (let n = 0; n < 100; n++)
      ring.push(inbox.parcel({ type: 'any', payload: { text: 'x'.repeat(10_000) } }, 'test'))
    const batch: Parcel[] = []
    inbox.drain(batch)
    expect(batch).toHaveLength(100)
  })
})

describe('Many rows at once', () => {
  const Pair = table('Pair', { key_high: 'u32', key_low: 'u32' }, { capacity: 4, rows_max: 3000 })

  test('are appended without gaps, zeroed, and never beyond the limit', () => {
    const world = new World([Pair])
    expect([world.append(Pair, 3), world.append(Pair), world.append(Pair, 20)]).toEqual([1, 4, 5])
    expect(world.rows(Pair)).toBe(24)
    expect(
      world
        .of(Pair)
        .key_high.slice(0, 25)
        .every((half) => half === 0),
    ).toBe(true)
    expect(() => world.append(Pair, 2977)).toThrowError(/TABLE_FULL/)
    expect(world.rows(Pair)).toBe(24)
    expect(world.append(Pair, 2976)).toBe(25)
  })

  test('are found at once as they are found one by one', () => {
    const half = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 0xffff_ffff }))
    const keys = fc.array(fc.tuple(half, half), { maxLength: 1200 })
    fc.assert(
      fc.property(keys, keys, (known, others) => {
        const world = new World([Pair])
        for (const [high, low] of known) {
          const row = world.append(Pair)
          world.of(Pair).key_high[row] = high
          world.of(Pair).key_low[row] = low
        }
        const asked = [...known, ...others]
        const highs = Uint32Array.from(asked, ([high]) => high)
        const lows = Uint32Array.from(asked, ([, low]) => low)
        const rows = new Uint32Array(asked.length)
        world.pairs(Pair, 'key').findAll(highs, lows, asked.length, rows)
        expect([...rows]).toEqual(asked.map(([high, low]) => world.findPair(Pair, 'key', high, low)))
      }),
      { numRuns: 20 },
    )
  })
})
