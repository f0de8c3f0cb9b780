import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { markOf } from '../../engine/record/mark.ts'
import { Input, LaneBudget, Running, Session, Turn, TurnInput } from '../../systems/agents/columns.ts'
import { defaultScheduler, defaultSession, type LaneName } from '../../systems/agents/policy.ts'
import { Heap } from '../../systems/schedule/heap.ts'
import { chance, type Facet, type Load, policyOf, Shop, type Work } from '../support/scheduling.ts'

const laneNames = ['interactive', 'operational', 'maintenance'] as const
const facet = fc.record({
  lane: fc.constantFrom(...laneNames),
  weight: fc.constantFrom(0.1, 1, 1, 5),
  turns_minute_max: fc.constantFrom(0, 5, 40),
  tokens_minute_max: fc.constantFrom(0, 1500),
  tokens_day_max: fc.constantFrom(0, 0, 6000),
  interval_ms: fc.constantFrom(0, 0, 0, 700),
  bot_turns_max: fc.constantFrom(1, 3),
  overflow: fc.constantFrom('block' as const, 'drop_oldest' as const, 'coalesce' as const),
  queue_max: fc.constantFrom(4, 256),
})
const shopping = fc.record({
  facets: fc.array(facet, { minLength: 1, maxLength: 12 }),
  places: fc.integer({ min: 1, max: 6 }),
  reserved: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(1)),
  lane_turns: fc.constantFrom(0, 30),
  ageing_ms: fc.constantFrom(0, 500, 60_000),
  slow: fc.integer({ min: 1, max: 6 }),
  busy: fc.integer({ min: 1, max: 6 }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
})
type Shopping = typeof shopping extends fc.Arbitrary<infer S> ? S : never

const ticks = 160

function workOf({ slow }: Shopping): Work {
  return { ticks: (turn) => 1 + ((turn * 7) % slow), tokens: (turn) => (turn % 5) * 100 }
}

function named(facets: readonly Partial<Facet>[]): Facet[] {
  return facets.map((each, n) => ({ ...each, name: `s${n}` }))
}

function schedulerOf({ places, reserved, lane_turns, ageing_ms }: Shopping) {
  const lanes = { ...defaultScheduler.lanes }
  laneNames.forEach((name, n) => {
    lanes[name] = { ...lanes[name], reserved: reserved[n]!, turns_minute_max: lane_turns }
  })
  return { turns_in_flight_max: places, ageing_ms, lanes }
}

/** What each tick brings: most of it for the first session, some of it from programs and from agents' earlier turns. */
function loads(given: Shopping): Load[][] {
  const next = chance(given.seed)
  return Array.from({ length: ticks }, (_, tick) =>
    Array.from({ length: Math.floor(next() * given.busy) }, () => {
      const n = next() < 0.5 ? 0 : Math.floor(next() * given.facets.length)
      const bot = next() < 0.3
      const turn = bot && tick > 20 && next() < 0.5 ? 1 + Math.floor(next() * 5) : undefined
      return { session: `duck/s${n}`, bot, ...(turn === undefined ? {} : { turn }) }
    }),
  )
}

/** Another policy half-way: other weights and lanes, fewer places, and one session less. */
function otherPolicy(given: Shopping): ReturnType<typeof policyOf> {
  const facets = named(given.facets).map((each, n) => ({ ...each, weight: 1 + (n % 3), lane: laneNames[n % 3]! }))
  return policyOf(facets.slice(0, Math.max(1, facets.length - 1)), { ...schedulerOf(given), ageing_ms: 1000 })
}

function each(shop: Shop, given: Shopping, at: number, load: readonly Load[]): void {
  const policy = at === 0 ? policyOf(named(given.facets), schedulerOf(given)) : undefined
  shop.tick(load, at === ticks / 2 ? otherPolicy(given) : policy)
}

describe('Any load', () => {
  test('no budget is exceeded, lanes keep their places, and every input is answered once or counted as dropped', () => {
    fc.assert(
      fc.property(shopping, (given) => {
        const shop = new Shop(workOf(given))
        loads(given).forEach((load, at) => {
          each(shop, given, at, load)
          holdsPlaces(shop, given)
          holdsBudgets(shop, given, at)
        })
        const { world } = shop.core
        // Time enough for every minute and day to be whole again.
        shop.core.now_ms += 86_400_000
        shop.tick([], policyOf(named(given.facets.map((all) => ({ ...all, interval_ms: 0 })))))
        for (let tick = 0; tick < 1500 && !atRest(shop); tick++) {
          shop.tick()
          if (tick % 300 === 299) shop.core.now_ms += 86_400_000
        }
        expect(atRest(shop)).toBe(true)
        const answered = [...world.of(TurnInput).input.slice(1, world.rows(TurnInput) + 1)]
        expect(new Set(answered).size).toBe(answered.length)
        let dropped = 0
        for (let row = 1; row <= world.rows(Session); row++) dropped += world.of(Session).dropped[row]!
        expect(answered.length + dropped).toBe(world.rows(Input))
      }),
      { numRuns: 50 },
    )
  })

  test('a world restored at any tick gives the same turns', () => {
    fc.assert(
      fc.property(shopping, fc.array(fc.nat(ticks - 1), { minLength: 1, maxLength: 3 }), (given, cuts) => {
        const live = new Shop(workOf(given))
        let again: Shop | undefined
        loads(given).forEach((load, at) => {
          each(live, given, at, load)
          if (again !== undefined) {
            each(again, given, at, load)
            if (at % 20 === 0 || at === ticks - 1 || cuts.includes(at)) {
              expect(markOf(again.core)).toEqual(markOf(live.core))
            }
          }
          if (cuts.includes(at)) again = live.again(workOf(given))
        })
      }),
      { numRuns: 25 },
    )
  })

  function atRest(shop: Shop): boolean {
    const { world } = shop.core
    const { queued } = world.of(Session)
    for (let row = 1; row <= world.rows(Session); row++) if (queued[row]! > 0) return false
    return world.each(Running).length === 0
  }

  /** Every lane that waits and has turns left uses at least the places that are its own. */
  function holdsPlaces(shop: Shop, { places, reserved }: Shopping): void {
    const { running, ready, turns_minute } = shop.core.world.of(LaneBudget)
    let left = places - 1
    let total = 0
    const most = schedulerLimit(shop)
    for (let lane = 1; lane <= 3; lane++) {
      const own = Math.min(left, reserved[lane - 1]!)
      left -= own
      total += running[lane]!
      if (ready[lane]! > 0 && (most === 0 || turns_minute[lane]! < most)) {
        expect(running[lane]).toBeGreaterThanOrEqual(own)
      }
    }
    expect(total).toBeLessThanOrEqual(places)
  }

  function schedulerLimit(shop: Shop): number {
    const { turns_minute } = shop.core.world.of(LaneBudget)
    return Math.max(turns_minute[1]!, turns_minute[2]!, turns_minute[3]!) >= 30 ? 30 : 0
  }

  function holdsBudgets(shop: Shop, given: Shopping, at: number): void {
    const { world } = shop.core
    const { turns_minute } = world.of(Session)
    given.facets.forEach(({ turns_minute_max }, n) => {
      const used = turns_minute[shop.row(`duck/s${n}`)]!
      if (turns_minute_max > 0) expect(used).toBeLessThanOrEqual(turns_minute_max)
    })
    const lanes = world.of(LaneBudget).turns_minute
    if (given.lane_turns > 0 && at < ticks / 2) {
      for (let lane = 1; lane <= 3; lane++) expect(lanes[lane]).toBeLessThanOrEqual(given.lane_turns)
    }
  }
})

describe('Fairness', () => {
  test('with one session sending nearly all, each of the others waits at most twice its fair share', () => {
    const spread = fc.record({
      sessions: fc.integer({ min: 2, max: 60 }),
      places: fc.integer({ min: 1, max: 4 }),
      slow: fc.integer({ min: 1, max: 3 }),
      rate: fc.double({ min: 0.2, max: 1, noNaN: true }),
      seed: fc.integer({ min: 1, max: 1_000_000 }),
    })
    fc.assert(
      fc.property(spread, ({ sessions, places, slow, rate, seed }) => {
        const free = { turns_minute_max: 0, tokens_minute_max: 0, calls_minute_max: 0 }
        const caps = { ...defaultSession.caps, inputs_max: 1 }
        const facets = Array.from({ length: sessions }, (_, n) => ({ name: `s${n}`, caps, ...free }))
        const lane = { ...defaultScheduler.lanes.interactive, turns_minute_max: 0, reserved: 0 }
        const lanes = { interactive: lane, operational: lane, maintenance: lane }
        const shop = new Shop({ ticks: () => slow })
        shop.tick([], policyOf(facets, { turns_in_flight_max: places, lanes }))
        const next = chance(seed)
        const asked = new Map<string, number>()
        // A turn given in one tick leaves its place to one of the tick after its end.
        const round = Math.ceil(sessions / places) * (slow + 1)
        for (let tick = 0; tick < 400; tick++) {
          const load: Load[] = Array.from({ length: 20 }, () => ({ session: 'duck/s0' }))
          if (next() < rate) {
            const session = `duck/s${1 + Math.floor(next() * (sessions - 1))}`
            if (!asked.has(session)) {
              asked.set(session, tick)
              load.push({ session })
            }
          }
          shop.tick(load)
          for (const [session, since] of asked) {
            if (shop.core.world.of(Session).queued[shop.row(session)]! > 0) {
              expect(tick - since).toBeLessThanOrEqual(2 * round)
            } else asked.delete(session)
          }
        }
      }),
      { numRuns: 25 },
    )
  })

  test('shares of a busy lane are as the weights', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(weights, fc.constantFrom<LaneName>(...laneNames), (given, lane) => {
        const caps = { ...defaultSession.caps, inputs_max: 1 }
        const facets = given.map((weight, n) => ({ name: `s${n}`, weight, lane, caps, turns_minute_max: 0 }))
        const shop = new Shop({ ticks: () => 1 })
        shop.tick([], policyOf(facets, { turns_in_flight_max: 1, ageing_ms: 0 }))
        const all = facets.flatMap(({ name }) => Array.from({ length: 16 }, () => ({ session: `duck/${name}` })))
        for (let tick = 0; tick < 500; tick++) shop.tick(tick % 8 === 0 ? all : [])
        const total = shop.core.world.rows(Turn)
        const sum = given.reduce((a, b) => a + b, 0)
        expect(total).toBeGreaterThan(200)
        given.forEach((weight, n) => {
          const turns = shop.core.world.of(Session).turns[shop.row(`duck/s${n}`)]!
          expect(Math.abs(turns - (total * weight) / sum)).toBeLessThanOrEqual(given.length + 2)
        })
      }),
      { numRuns: 20 },
    )
  })
})

describe('The heap', () => {
  test('gives what a sorted list would', () => {
    const step = fc.tuple(fc.constantFrom('put', 'put', 'remove', 'pop'), fc.integer({ min: 1, max: 300 }), fc.nat(20))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const heap = new Heap()
        const model = new Map<number, number>()
        const first = () => [...model].sort(([a, x], [b, y]) => x - y || a - b)[0]
        for (const [what, row, key] of steps) {
          if (what === 'put') {
            heap.put(row, key)
            model.set(row, key)
          } else {
            const gone = what === 'pop' ? heap.top : row
            if (gone !== 0) heap.remove(gone)
            model.delete(gone)
          }
          expect(heap.size).toBe(model.size)
          expect(heap.has(row)).toBe(model.has(row))
          const [top = 0, least = Number.POSITIVE_INFINITY] = first() ?? []
          expect([heap.top, heap.topKey]).toEqual([top, least])
        }
      }),
      { numRuns: 100 },
    )
  })
})
