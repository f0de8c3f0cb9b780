import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Policy } from '../../systems/components.ts'
import { ChannelPressure } from '../../systems/discord/columns.ts'
import { Warm } from '../../systems/janitor/columns.ts'
import { defaultJanitor, type JanitorPolicy } from '../../systems/janitor/policy.ts'
import { pressureOf } from '../../systems/janitor/pressure.ts'
import { bots, general, Yard } from '../support/janitor.ts'

const yards: Yard[] = []
afterEach(async () => {
  for (const { engine } of yards.splice(0)) {
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  }
})

async function opened(policy: Partial<JanitorPolicy> = {}): Promise<Yard> {
  const yard = await Yard.open({ policy })
  yards.push(yard)
  return yard
}

const minute_ms = 60_000

describe('Rates and pressure', () => {
  const policy = { pressure: { medium: 10, high: 100, flood: 1_000 }, behind: { medium: 100, high: 200, flood: 300 } }
  const { none, medium, high, flood } = ChannelPressure

  test('a rate is messages a minute, fades, and costs nothing when it has', async () => {
    const yard = await opened()
    for (let second = 0; second < 600; second++) {
      await yard.say(bots, 2)
      await yard.engine.step(yard.engine.now_ms + 900)
    }
    const { rate } = yard.channel(bots)
    expect(rate).toBeGreaterThan(115)
    expect(rate).toBeLessThan(130)
    await yard.later(minute_ms)
    expect(yard.channel(bots).rate / rate).toBeCloseTo(Math.exp(-1), 1)
    await yard.later(20 * minute_ms)
    expect(yard.channel(bots)).toEqual({ rate: 0, pressure: none })
    expect(yard.engine.world.each(Warm)).toHaveLength(0)
    await yard.say(bots, 3)
    expect(yard.channel(bots).rate).toBe(3)
  })

  test('a message counts where it was said, and a report knows the newest', async () => {
    const yard = await opened()
    await yard.say(bots, 4, {}, '77')
    await yard.say(bots, 6, {}, '77')
    expect(yard.engine.world.each(Warm)).toHaveLength(1)
    const { channels } = await yard.ask()
    expect(channels).toMatchObject([{ channel: '77', bots: 10, rate: 10 }])
  })

  test('a channel that is cold has no pressure, whatever the thresholds', async () => {
    const yard = await opened({ pressure: { medium: 0.001, high: 100, flood: 1_000 } })
    await yard.say(bots, 1)
    expect(yard.channel(bots).pressure).toBe(medium)
    await yard.later(190_000)
    expect(yard.channel(bots)).toEqual({ rate: 0, pressure: none })
  })

  test('a flood is felt in the tick in which it comes, and a quiet channel stays as it is', async () => {
    const yard = await opened(policy)
    await yard.say(general, 3, { bot: false })
    await yard.say(bots, 1_000)
    expect([yard.channel(bots).pressure, yard.channel(general).pressure]).toEqual([flood, none])
    await yard.later(30 * minute_ms)
    expect(yard.channel(bots).pressure).toBe(none)
  })

  test('while the embedding queue is behind each message weighs more', async () => {
    const yard = await opened(policy)
    await yard.say(bots, 4)
    await yard.say(bots, 1, { queue: 200 })
    await yard.later(1_000)
    expect(yard.channel(bots).pressure).toBe(medium)
  })

  test('a step falls only below half of what raised it', () => {
    const at = { ...defaultJanitor, ...policy }
    const steps = (from: number, rates: number[], waiting = 0) => {
      let step = from
      return rates.map((rate) => {
        step = pressureOf(rate, step, waiting, at)
        return step
      })
    }
    expect(steps(none, [9, 10, 9, 5, 4.9, 9])).toEqual([none, medium, medium, medium, none, none])
    expect(steps(none, [1_000, 999, 500, 499, 50, 49, 5, 4])).toEqual([
      flood,
      flood,
      flood,
      high,
      high,
      medium,
      medium,
      none,
    ])
    expect(steps(none, [5, 5], 100)).toEqual([medium, medium])
    expect(steps(medium, [5]), 'the queue has caught up').toEqual([medium])
    expect(steps(none, [2], 300)).toEqual([medium])
    expect(steps(none, [1, 0], 1e9)).toEqual([none, none])
  })

  test('for one and the same rate the step comes to rest at once', () => {
    const amount = fc.double({ min: 0, max: 10_000, noNaN: true })
    fc.assert(
      fc.property(amount, fc.nat({ max: 3 }), fc.nat({ max: 400 }), (rate, present, waiting) => {
        const at = { ...defaultJanitor, ...policy }
        const step = pressureOf(rate, present, waiting, at)
        expect(pressureOf(rate, step, waiting, at)).toBe(step)
        expect(pressureOf(rate + 1, present, waiting, at)).toBeGreaterThanOrEqual(step)
      }),
    )
  })
})

test('what the policy leaves out is as without one', async () => {
  const yard = await opened({ pressure: { flood: 5 } } as Partial<JanitorPolicy>)
  expect(yard.engine.world.rows(Policy)).toBe(1)
  await yard.say(bots, 5)
  expect(yard.channel(bots).pressure).toBe(ChannelPressure.flood)
})
