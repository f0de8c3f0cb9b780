import { describe, expect, it } from 'vitest'
import { virtual, wall } from '../../adapters/clock.ts'
import { createEngine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'

describe('clocks', () => {
  it('gives the machine’s time', () => {
    const before = Date.now()
    expect(wall()()).toBeGreaterThanOrEqual(before)
  })

  it('moves only when it is told to, and never back', () => {
    const clock = virtual(1000)
    clock.advance(250)
    expect(clock()).toBe(1250)
    expect(() => clock.advance(-1)).toThrowError(/ADAPTER_OPTION/)
    expect(() => clock.advance(Number.NaN)).toThrowError(/ADAPTER_OPTION/)
    expect(clock()).toBe(1250)
  })

  it('is where the world’s time comes from', async () => {
    const clock = virtual(Date.UTC(2026, 0, 31))
    await using engine = await createEngine({ ...mind(), store: ram(), clock, drive: 'manual' })
    await engine.start()
    await engine.step()
    expect(engine.now_ms).toBe(Date.UTC(2026, 0, 31))
    clock.advance(60_000)
    await engine.step(clock())
    expect(engine.now_ms).toBe(Date.UTC(2026, 0, 31) + 60_000)
  })
})
