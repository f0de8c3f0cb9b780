import { describe, expect, test } from 'vitest'
import { createEngine } from '../../engine/index.ts'
import { defaultLimits, type Limits, limitsOf } from '../../engine/limits.ts'
import { ram } from '../../stores/ram.ts'
import { opened, toy } from '../support/toy.ts'

describe('Limits', () => {
  test('are the defaults with what was changed', () => {
    expect(limitsOf()).toEqual(defaultLimits)
    expect(limitsOf({ tick_ms: 10 })).toEqual({ ...defaultLimits, tick_ms: 10 })
  })

  test.each(Object.keys(defaultLimits))('%s must be a positive finite number', (name) => {
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
      expect(() => limitsOf({ [name]: value } as Partial<Limits>), String(value)).toThrowError(/LIMIT_INVALID/)
    }
  })

  test.each<[string, Partial<Limits>]>([
    ['a shortest tick longer than a tick', { tick_min_ms: 20, tick_ms: 10 }],
    ['a batch larger than a ring', { batch_max: 10, inbox_max: 5 }],
    ['an event larger than a batch', { event_bytes_max: 10, batch_bytes_max: 5 }],
    ['half an event', { batch_max: 1.5 }],
    ['half a slot', { inbox_max: 5000.5 }],
    ['half a trace', { trace_max: 0.5 }],
    ['a limit that does not exist', { ticks: 5 } as Partial<Limits>],
  ])('contradict each other: %s', (_name, changed) => {
    expect(() => limitsOf(changed)).toThrowError(/LIMIT_INVALID/)
  })

  test('are checked before the store is touched', async () => {
    const store = ram()
    await expect(opened({ store, limits: { tick_ms: -1 } })).rejects.toMatchObject({ code: 'LIMIT_INVALID' })
    const engine = await createEngine({ ...toy(), store, drive: 'manual' })
    expect(engine.limits).toEqual(defaultLimits)
    await engine.stop()
  })
})
