import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Ring } from '../../engine/flow/ring.ts'

describe('Ring', () => {
  test('behaves as a bounded list, whatever its limit', () => {
    const step = fc.oneof({ arbitrary: fc.constant('push' as const), weight: 3 }, fc.constantFrom('shift', 'peek'))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
        const ring = new Ring<number>(limit)
        const model: number[] = []
        let next = 0
        for (const what of steps) {
          if (what === 'push') {
            next++
            expect(ring.push(next)).toBe(model.length < limit)
            if (model.length < limit) model.push(next)
          } else if (what === 'shift') expect(ring.shift()).toBe(model.shift())
          else expect(ring.peek()).toBe(model[0])
          expect([ring.count, ring.full]).toEqual([model.length, model.length === limit])
        }
      }),
    )
  })

  test('keeps no reference to what was taken', () => {
    const ring = new Ring<object>(1)
    ring.push({})
    ring.shift()
    expect(ring.peek()).toBeUndefined()
  })
})
