import { describe, expect, test } from 'vitest'
import type { Tick } from '../../engine/system.ts'
import {
  chargeCall,
  chargeTokens,
  chargeTurn,
  exhausted,
  limitsOf,
  spentByLane,
  spentBySession,
} from '../../systems/agents/budget.ts'
import { Agent, Lane, LaneBudget, Session, Turn } from '../../systems/agents/columns.ts'
import { defaultScheduler } from '../../systems/agents/policy.ts'
import { forgetWoken, markReady, turnEnded, wokenSessions } from '../../systems/agents/ready.ts'
import { type Facet, policyOf, Shop, start_ms } from '../support/scheduling.ts'

const day_ms = 86_400_000
const today_ms = Math.floor(start_ms / day_ms) * day_ms

/** A tick at a time, over a world with two sessions (rows 1 and 2) and one turn of each (rows 1 and 2). */
function deskOf(first: Partial<Facet>, agent: Parameters<typeof policyOf>[2] = {}, calls = 0) {
  const { interactive } = defaultScheduler.lanes
  const lanes = { ...defaultScheduler.lanes, interactive: { ...interactive, calls_minute_max: calls } }
  const shop = new Shop({ ticks: () => 100 })
  shop.tick([], policyOf([{ ...first, name: 'a' }, { name: 'b' }], { lanes }, agent))
  shop.tick([{ session: 'duck/a' }, { session: 'duck/b' }])
  const said: unknown[] = []
  const at = (now_ms: number): Tick =>
    ({
      world: shop.core.world,
      now_ms,
      read: (table: string, id: number) => shop.records.get(`${table} ${id}`),
      emit: (_type: unknown, payload: unknown) => void said.push(payload),
    }) as unknown as Tick
  return { world: shop.core.world, at, said }
}

describe('Budgets', () => {
  test('calls are counted for the session and its lane, and a minute later anew', () => {
    const { at, said, world } = deskOf({ calls_minute_max: 2 }, {}, 3)
    const tick = at(start_ms)
    chargeCall(tick, 1)
    expect(exhausted(tick, 1)).toBeUndefined()
    chargeCall(tick, 1)
    const until_ms = start_ms + 60_000
    expect(exhausted(tick, 1)).toEqual({ scope: 'session', name: 'duck/a', budget: 'calls_minute', until_ms })
    expect(exhausted(tick, 2)).toBeUndefined()
    expect(said).toEqual([])
    chargeCall(tick, 2)
    expect(said).toEqual([{ scope: 'lane', name: 'interactive', budget: 'calls_minute', until_ms }])
    expect(exhausted(tick, 2)).toEqual(said[0])
    chargeCall(tick, 2)
    expect(said).toHaveLength(1)
    expect(exhausted(at(until_ms - 1), 1)?.until_ms).toBe(until_ms)
    expect(exhausted(at(until_ms), 1)).toBeUndefined()
    expect(world.of(LaneBudget).calls_minute[Lane.interactive]).toBe(0)
  })

  test('a turn under way is not held back by its own beginning; the next one is', () => {
    const { at } = deskOf({ turns_minute_max: 1 })
    expect(exhausted(at(start_ms), 1)).toBeUndefined()
    expect(spentBySession(at(start_ms), 1)?.budget).toBe('turns_minute')
    expect(spentByLane(at(start_ms), Lane.interactive)).toBeUndefined()
  })

  test('tokens and money of a day are the longer wait, and last until midnight in UTC', () => {
    const agent = { prices: { in_per_million: 1, out_per_million: 10 } }
    const { at, world } = deskOf({ tokens_minute_max: 100, tokens_day_max: 1000, cost_day_max: 0.005 }, agent)
    const tick = at(start_ms)
    chargeTokens(tick, 1, 90, 10)
    expect(exhausted(tick, 1)?.budget).toBe('tokens_minute')
    expect(world.of(Session).cost_day[1]).toBeCloseTo(0.00019, 10)
    chargeTokens(tick, 1, 0, 500)
    const until_ms = today_ms + day_ms
    expect(exhausted(tick, 1)).toEqual({ scope: 'session', name: 'duck/a', budget: 'cost_day', until_ms })
    chargeTokens(tick, 1, 400, 0)
    expect(exhausted(tick, 1)?.budget).toBe('tokens_day')
    expect(exhausted(at(until_ms - 1), 1)?.budget).toBe('tokens_day')
    expect(exhausted(at(until_ms), 1)).toBeUndefined()
    expect(world.of(Turn).tokens_in[1]).toBe(0)
  })

  test('what one session spends counts for all of its agent; that is said once a day', () => {
    const { at, said, world } = deskOf({}, { tokens_day_max: 1000 })
    const tick = at(start_ms)
    chargeTokens(tick, 1, 999, 0)
    expect(exhausted(tick, 2)).toBeUndefined()
    chargeTokens(tick, 1, 1, 0)
    chargeTokens(tick, 2, 1, 0)
    const until_ms = today_ms + day_ms
    const spent = { scope: 'agent', name: 'duck', budget: 'tokens_day', until_ms }
    expect(said).toEqual([spent])
    expect(exhausted(tick, 2)).toEqual(spent)
    expect(world.of(Agent).exhausted[1]).toBe(1)
    expect(exhausted(at(until_ms), 2)).toBeUndefined()
    expect(world.of(Agent).exhausted[1]).toBe(0)
  })

  test('a cap of 0 is no cap', () => {
    const none = { turns_minute_max: 0, tokens_minute_max: 0, calls_minute_max: 0, tokens_day_max: 0, cost_day_max: 0 }
    const { at, said } = deskOf(none)
    const tick = at(start_ms)
    for (let n = 0; n < 500; n++) {
      chargeTurn(tick, 1)
      chargeCall(tick, 1)
    }
    chargeTokens(tick, 1, 9_000_000, 0)
    expect(spentBySession(tick, 1)).toBeUndefined()
    expect(said).toEqual([])
  })

  test('the policy is read anew when there is another, and not before', () => {
    const { at, world } = deskOf({ turns_minute_max: 7 })
    let reads = 0
    const tick = at(start_ms)
    const counting: Tick = {
      ...tick,
      read: (table, id) => {
        reads++
        return tick.read(table, id)
      },
    }
    expect(limitsOf(counting, 1)?.session.turns_minute_max).toBe(7)
    expect(limitsOf(counting, 2)?.agent.name).toBe('duck')
    expect(reads).toBe(0)
    expect(world.keyOf(Session, 1)).toBe('duck/a')
  })
})

describe('The list of sessions to look at', () => {
  test('names each once, and starts over', () => {
    const { world } = deskOf({})
    forgetWoken(world)
    markReady(world, 2)
    markReady(world, 1)
    markReady(world, 2)
    expect(wokenSessions(world)).toEqual([2, 1])
    forgetWoken(world)
    expect(wokenSessions(world)).toEqual([])
    markReady(world, 5000)
    turnEnded(world, 1)
    expect(wokenSessions(world)).toEqual([5000, 1])
    expect(world.of(Session).running[1]).toBe(0)
    forgetWoken(world)
  })
})
