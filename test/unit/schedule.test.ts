import { describe, expect, test } from 'vitest'
import {
  Call,
  CallState,
  Input,
  LaneBudget,
  OpenCall,
  Running,
  Session,
  SessionState,
  Turn,
  TurnInput,
  TurnState,
} from '../../systems/agents/columns.ts'
import { defaultScheduler, defaultSession, type LaneName } from '../../systems/agents/policy.ts'
import { Trust } from '../../systems/components.ts'
import { BudgetExhausted, TurnStarted } from '../../systems/events.ts'
import { rootTurnsMax } from '../../systems/schedule/inputs.ts'
import { type Facet, type Load, policyOf, Shop, start_ms, tick_ms, type Work } from '../support/scheduling.ts'

const quick: Work = { ticks: () => 1 }
const never: Work = { ticks: () => 1_000_000 }
const minute = 60_000 / tick_ms

/** A shop that has heard a policy. */
function shopOf(
  work: Work,
  sessions: readonly Facet[],
  scheduler: Parameters<typeof policyOf>[1] = {},
  agent: Parameters<typeof policyOf>[2] = {},
): Shop {
  const shop = new Shop(work)
  shop.tick([], policyOf(sessions, scheduler, agent))
  return shop
}

function column(shop: Shop, name: string, key: string): number {
  const columns: { [name: string]: ArrayLike<number> } = shop.core.world.of(Session)
  return columns[name]![shop.row(key)]!
}

/** Which session each turn was of, in their order. */
function turnsOf(shop: Shop): string[] {
  const { world } = shop.core
  const { session } = world.of(Turn)
  return Array.from({ length: world.rows(Turn) }, (_, index) => world.keyOf(Session, session[index + 1]!))
}

function times(count: number, load: Load): Load[] {
  return Array.from({ length: count }, () => load)
}

function lanes(of: { [L in LaneName]?: object }): { lanes: typeof defaultScheduler.lanes } {
  const { interactive, operational, maintenance } = defaultScheduler.lanes
  return {
    lanes: {
      interactive: { ...interactive, ...of.interactive },
      operational: { ...operational, ...of.operational },
      maintenance: { ...maintenance, ...of.maintenance },
    },
  }
}

describe('A turn', () => {
  test('begins in the tick of its input, and says so', () => {
    const shop = shopOf(never, [{ name: 'a' }])
    shop.tick([{ session: 'duck/a' }, { session: 'duck/a', bot: true }])
    const { world } = shop.core
    const turns = world.of(Turn)
    expect(world.rows(Turn)).toBe(1)
    expect([turns.session[1], turns.state[1], turns.inputs[1], turns.root[1]]).toEqual([1, TurnState.queued, 2, 1])
    expect(turns.opened_at_ms[1]).toBe(shop.core.now_ms)
    expect(turns.trust[1]).toBe(Trust.bot)
    expect([...world.of(TurnInput).input.slice(1, 3)]).toEqual([1, 2])
    expect([...world.of(TurnInput).turn.slice(1, 3)]).toEqual([1, 1])
    expect([...world.each(Running)].map((entity) => world.of(Running).turn[entity])).toEqual([1])
    expect(column(shop, 'running', 'duck/a')).toBe(1)
    expect(column(shop, 'state', 'duck/a')).toBe(SessionState.running)
    shop.tick()
    expect(shop.of(TurnStarted)).toEqual([{ turn: 1, session: 'duck/a', inputs: [1, 2] }])
  })

  test('answers so many inputs and no more; the others wait for the next', () => {
    const caps = { ...defaultSession.caps, inputs_max: 3 }
    const shop = shopOf(quick, [{ name: 'a', caps }])
    shop.tick(times(7, { session: 'duck/a' }))
    for (let tick = 0; tick < 8; tick++) shop.tick()
    expect(shop.of(TurnStarted).map(({ inputs }) => inputs)).toEqual([[1, 2, 3], [4, 5, 6], [7]])
    expect(column(shop, 'state', 'duck/a')).toBe(SessionState.idle)
  })

  test('is the only one of its session', () => {
    const shop = shopOf(never, [{ name: 'a' }])
    for (let tick = 0; tick < 20; tick++) shop.tick([{ session: 'duck/a' }])
    expect(shop.core.world.rows(Turn)).toBe(1)
    expect(column(shop, 'queued', 'duck/a')).toBe(19)
  })

  test('is given to no session that the policy no longer names, until it does again', () => {
    const shop = shopOf(quick, [{ name: 'a' }, { name: 'b' }], { turns_in_flight_max: 1 })
    shop.tick([{ session: 'duck/a' }, { session: 'duck/b' }])
    shop.tick([], policyOf([{ name: 'a' }]))
    for (let tick = 0; tick < 5; tick++) shop.tick([{ session: 'duck/b' }])
    expect(turnsOf(shop)).toEqual(['duck/a'])
    expect(column(shop, 'queued', 'duck/b')).toBe(6)
    shop.tick([], policyOf([{ name: 'a' }, { name: 'b' }]))
    expect(turnsOf(shop)).toEqual(['duck/a', 'duck/b'])
  })
})

describe('Within a lane', () => {
  test('turns go by weight, and to the lower row where nothing else tells', () => {
    const work = { ...quick }
    const facets = [
      { name: 'light', weight: 1, turns_minute_max: 0 },
      { name: 'heavy', weight: 3, turns_minute_max: 0 },
      { name: 'other', weight: 1, turns_minute_max: 0 },
    ]
    const shop = shopOf(work, facets, { turns_in_flight_max: 1, ageing_ms: 0 })
    const all = facets.flatMap(({ name }) => times(40, { session: `duck/${name}` }))
    for (let tick = 0; tick < 150; tick++) shop.tick(tick % 4 === 0 ? all.slice(0, 120) : [])
    const given = turnsOf(shop)
    const share = (name: string): number => given.filter((key) => key === `duck/${name}`).length
    expect(given.length).toBeGreaterThan(50)
    expect(Math.abs(share('heavy') - share('light') * 3)).toBeLessThanOrEqual(3)
    expect(Math.abs(share('light') - share('other'))).toBeLessThanOrEqual(1)
    expect(given.indexOf('duck/light')).toBeLessThan(given.indexOf('duck/other'))
  })

  test('a session that was idle has saved nothing up', () => {
    const facets = [
      { name: 'a', turns_minute_max: 0 },
      { name: 'b', turns_minute_max: 0 },
    ]
    const shop = shopOf(quick, facets, { turns_in_flight_max: 1, ageing_ms: 0 })
    for (let tick = 0; tick < 100; tick++) shop.tick(times(20, { session: 'duck/a' }))
    const before = turnsOf(shop).length
    expect(before).toBeGreaterThan(30)
    for (let tick = 0; tick < 40; tick++)
      shop.tick([...times(20, { session: 'duck/a' }), ...times(20, { session: 'duck/b' })])
    const given = turnsOf(shop).slice(before)
    const ofB = given.filter((key) => key === 'duck/b').length
    expect(Math.abs(ofB - (given.length - ofB))).toBeLessThanOrEqual(2)
  })

  test.each([
    [0, 0],
    [1000, 1],
  ])('with an ageing of %i ms the lightest session has %i turns among heavy ones', (ageing_ms, least) => {
    const facets = [
      { name: 'light', weight: 0.05 },
      ...Array.from({ length: 3 }, (_, n) => ({ name: `heavy${n}`, weight: 10, turns_minute_max: 0 })),
    ]
    const unbounded = lanes({ interactive: { turns_minute_max: 0 } })
    const shop = shopOf(quick, facets, { turns_in_flight_max: 1, ageing_ms, ...unbounded })
    shop.tick([{ session: 'duck/light' }])
    const busy = facets.slice(1).flatMap(({ name }) => times(16, { session: `duck/${name}` }))
    // The first turn puts the light one far behind; the second is what is looked at.
    shop.tick([{ session: 'duck/light' }, ...busy])
    for (let tick = 0; tick < 1000; tick++) shop.tick(busy)
    expect(turnsOf(shop).filter((key) => key === 'duck/light').length - 1).toBe(least)
  })
})

describe('Another policy', () => {
  test('a session that comes from a busy lane does not pay for it in a quiet one', () => {
    const scheduler = { turns_in_flight_max: 1, ageing_ms: 0, ...lanes({ operational: { turns_minute_max: 0 } }) }
    const others = ['b', 'c'].map((name) => ({ name, turns_minute_max: 0 }))
    const a = { name: 'a', turns_minute_max: 0 }
    const shop = shopOf(quick, [{ ...a, lane: 'operational' }, ...others], scheduler)
    for (let tick = 0; tick < 200; tick++) shop.tick([{ session: 'duck/a' }])
    const before = turnsOf(shop).length
    expect(before).toBeGreaterThan(100)
    shop.tick([], policyOf([a, ...others], scheduler))
    for (let tick = 0; tick < 30; tick++) shop.tick(['a', 'b', 'c'].map((name) => ({ session: `duck/${name}` })))
    const shareOfA = turnsOf(shop)
      .slice(before)
      .filter((key) => key === 'duck/a').length
    expect(shareOfA).toBeGreaterThan(7)
  })
})

describe('After a restart', () => {
  test('sessions are looked at in the same order as without one', () => {
    // The turn of the higher row began first, and both end in one tick.
    const work: Work = { ticks: (turn) => (turn === 1 ? 3 : 2) }
    const live = shopOf(work, [
      { name: 'a', turns_minute_max: 1 },
      { name: 'b', turns_minute_max: 1 },
    ])
    live.tick([{ session: 'duck/b' }])
    live.tick([{ session: 'duck/a' }])
    live.tick()
    expect([column(live, 'running', 'duck/a'), column(live, 'running', 'duck/b')]).toEqual([0, 0])
    const again = live.again(work)
    for (const shop of [live, again]) for (let tick = 0; tick < 3; tick++) shop.tick()
    expect(again.of(BudgetExhausted)).toHaveLength(2)
    expect(again.of(BudgetExhausted)).toEqual(live.of(BudgetExhausted))
  })
})

describe('Lanes', () => {
  const facets: Facet[] = [
    ...Array.from({ length: 20 }, (_, n) => ({ name: `upkeep${n}`, lane: 'maintenance' as const })),
    { name: 'person', lane: 'interactive' },
    { name: 'person2', lane: 'interactive' },
    { name: 'errand', lane: 'operational' },
  ]
  const flood = facets.filter(({ lane }) => lane === 'maintenance').map(({ name }) => ({ session: `duck/${name}` }))

  test('a flood in one never takes the last place of another', () => {
    const shop = shopOf(never, facets, { turns_in_flight_max: 4 })
    shop.tick(flood)
    expect(turnsOf(shop)).toHaveLength(2)
    shop.tick([{ session: 'duck/errand' }, { session: 'duck/person' }, { session: 'duck/person2' }])
    expect(turnsOf(shop).slice(2)).toEqual(['duck/person', 'duck/errand'])
    const { running, ready } = shop.core.world.of(LaneBudget)
    expect([...running.slice(1, 4)]).toEqual([1, 1, 2])
    expect([...ready.slice(1, 4)]).toEqual([1, 0, 18])
  })

  test('urgent ones come first when a place becomes free', () => {
    const shop = shopOf({ ticks: (turn) => (turn === 1 ? 3 : 1) }, facets, { turns_in_flight_max: 1 })
    shop.tick([{ session: 'duck/upkeep0' }])
    shop.tick([...flood, { session: 'duck/errand' }, { session: 'duck/person' }])
    for (let tick = 0; tick < 8; tick++) shop.tick()
    expect(turnsOf(shop).slice(1, 4)).toEqual(['duck/person', 'duck/errand', 'duck/upkeep1'])
  })

  test.each([1, 2, 4])('with %i places none starves under a flood of people', (turns_in_flight_max) => {
    const shop = shopOf(quick, facets, { turns_in_flight_max })
    const people = Array.from({ length: 30 }, (_, n) => ({ name: `p${n}`, turns_minute_max: 0 }))
    shop.tick([], policyOf([...facets, ...people], { turns_in_flight_max }))
    const asked = people.map(({ name }) => ({ session: `duck/${name}` }))
    shop.tick([...asked, { session: 'duck/errand' }, { session: 'duck/upkeep0' }])
    for (let tick = 0; tick < 80; tick++) shop.tick(asked)
    expect(turnsOf(shop)).toContain('duck/errand')
    expect(turnsOf(shop)).toContain('duck/upkeep0')
    expect(turnsOf(shop).filter((key) => key.startsWith('duck/p')).length).toBeGreaterThan(20)
  })

  test('a turn that waits for a model or for a yes holds no place', () => {
    const shop = shopOf(never, facets, { turns_in_flight_max: 3 })
    shop.tick([{ session: 'duck/person' }, ...flood])
    expect(turnsOf(shop)).toEqual(['duck/person', 'duck/upkeep0'])
    const { world } = shop.core
    world.of(Turn).state[1] = TurnState.waiting
    world.of(Turn).state[2] = TurnState.calling
    const open = world.spawn(OpenCall)
    world.settle()
    world.of(OpenCall).turn[open] = 2
    world.of(OpenCall).call[open] = world.append(Call)
    world.of(Call).state[1] = CallState.asked
    shop.tick()
    expect(turnsOf(shop)).toHaveLength(3)
    shop.tick([{ session: 'duck/person2' }])
    expect(turnsOf(shop).at(-1)).toBe('duck/person2')
    world.of(Call).state[1] = CallState.running
    shop.tick([{ session: 'duck/errand' }])
    expect(turnsOf(shop).at(-1)).toBe('duck/errand')
    shop.tick()
    expect(turnsOf(shop)).toHaveLength(5)
  })
})

describe('Budgets', () => {
  test('a session that has had its turns of a minute is blocked, says so once, and comes back; others go on', () => {
    const shop = shopOf(quick, [{ name: 'a', turns_minute_max: 3 }, { name: 'b' }])
    for (let tick = 0; tick < 40; tick++) shop.tick([{ session: 'duck/a' }, { session: 'duck/b' }])
    const until_ms = start_ms + 60_000
    expect(turnsOf(shop).filter((key) => key === 'duck/a')).toHaveLength(3)
    expect(turnsOf(shop).filter((key) => key === 'duck/b').length).toBeGreaterThan(10)
    expect(shop.of(BudgetExhausted)).toEqual([{ scope: 'session', name: 'duck/a', budget: 'turns_minute', until_ms }])
    expect(column(shop, 'state', 'duck/a')).toBe(SessionState.blocked)
    expect(column(shop, 'blocked_until_ms', 'duck/a')).toBe(until_ms)
    expect(column(shop, 'queued', 'duck/a')).toBeGreaterThan(20)
    while (shop.core.now_ms < until_ms) {
      expect(turnsOf(shop).filter((key) => key === 'duck/a')).toHaveLength(3)
      shop.tick()
    }
    expect(turnsOf(shop).filter((key) => key === 'duck/a')).toHaveLength(4)
  })

  test('tokens of a minute and of a day hold it back too; the longer wait counts', () => {
    const work = { ticks: () => 1, tokens: () => 100 }
    const shop = shopOf(work, [{ name: 'a', tokens_minute_max: 150, tokens_day_max: 450 }])
    for (let tick = 0; tick < minute * 4; tick++) shop.tick(tick % 10 === 0 ? [{ session: 'duck/a' }] : [])
    expect(turnsOf(shop)).toHaveLength(5)
    expect(shop.of(BudgetExhausted).map(({ budget }) => budget)).toEqual([
      'tokens_minute',
      'tokens_minute',
      'tokens_day',
    ])
    expect(column(shop, 'blocked_until_ms', 'duck/a')).toBe((Math.floor(start_ms / 86_400_000) + 1) * 86_400_000)
    expect(column(shop, 'cost_day', 'duck/a')).toBe(0)
  })

  test("an agent's money of a day holds all its sessions back, and is said once", () => {
    const work = { ticks: () => 1, tokens: () => 1_000_000 }
    const facets = [{ name: 'a' }, { name: 'b' }, { name: 'c' }].map((each) => ({ ...each, tokens_minute_max: 0 }))
    const agent = { prices: { in_per_million: 2, out_per_million: 4 }, cost_day_max: 4 }
    const shop = shopOf(work, facets, { turns_in_flight_max: 3 }, agent)
    const all = facets.map(({ name }) => ({ session: `duck/${name}` }))
    for (let tick = 0; tick < 20; tick++) shop.tick(all)
    expect(turnsOf(shop)).toHaveLength(2)
    expect(shop.of(BudgetExhausted)).toEqual([
      {
        scope: 'agent',
        name: 'duck',
        budget: 'cost_day',
        until_ms: (Math.floor(start_ms / 86_400_000) + 1) * 86_400_000,
      },
    ])
    for (const { name } of facets) expect(column(shop, 'state', `duck/${name}`)).toBe(SessionState.blocked)
  })

  test('a lane that has had its turns of a minute waits, and says so once; other lanes go on', () => {
    const facets: Facet[] = [{ name: 'a' }, { name: 'b' }, { name: 'c', lane: 'operational' }]
    const shop = shopOf(quick, facets, lanes({ interactive: { turns_minute_max: 4 } }))
    const all = facets.map(({ name }) => ({ session: `duck/${name}` }))
    for (let tick = 0; tick < 40; tick++) shop.tick(all)
    expect(turnsOf(shop).filter((key) => key !== 'duck/c')).toHaveLength(4)
    expect(turnsOf(shop).filter((key) => key === 'duck/c').length).toBeGreaterThan(10)
    expect(shop.of(BudgetExhausted).map(({ scope, name, budget }) => [scope, name, budget])).toEqual([
      ['lane', 'interactive', 'turns_minute'],
    ])
    for (let tick = 0; tick < minute; tick++) shop.tick()
    expect(turnsOf(shop).filter((key) => key !== 'duck/c').length).toBeGreaterThan(4)
  })

  test('a policy that allows more lets a blocked session go on at once', () => {
    const shop = shopOf(quick, [{ name: 'a', turns_minute_max: 1 }])
    for (let tick = 0; tick < 6; tick++) shop.tick([{ session: 'duck/a' }])
    expect(turnsOf(shop)).toHaveLength(1)
    shop.tick([], policyOf([{ name: 'a', turns_minute_max: 5 }]))
    expect(turnsOf(shop)).toHaveLength(2)
  })
})

describe('Turns of their own accord', () => {
  test('come at their interval, with no input, and with whatever waits', () => {
    const shop = shopOf(quick, [{ name: 'a', interval_ms: 1000 }, { name: 'b' }])
    for (let tick = 0; tick < 61; tick++) shop.tick()
    const turns = shop.core.world.of(Turn)
    expect(turnsOf(shop)).toEqual(['duck/a', 'duck/a', 'duck/a'])
    expect([...turns.inputs.slice(1, 4)]).toEqual([0, 0, 0])
    expect(turns.opened_at_ms[2]! - turns.opened_at_ms[1]!).toBe(1000)
    expect(turns.trust[1]).toBe(Trust.operator)
    expect(column(shop, 'bot_turns', 'duck/a')).toBe(0)
  })

  test('end with the policy that wanted them', () => {
    const shop = shopOf(quick, [{ name: 'a', interval_ms: 1000 }])
    for (let tick = 0; tick < 25; tick++) shop.tick()
    shop.tick([], policyOf([{ name: 'a' }]))
    for (let tick = 0; tick < 60; tick++) shop.tick()
    expect(turnsOf(shop)).toHaveLength(1)
    shop.tick([], policyOf([{ name: 'a', interval_ms: 3_600_000 }]))
    shop.tick([], policyOf([{ name: 'a', interval_ms: 500 }]))
    for (let tick = 0; tick < 11; tick++) shop.tick()
    expect(turnsOf(shop)).toHaveLength(2)
  })
})

describe('Programs that answer each other', () => {
  test('two agents come to an end after a few turns, until a person speaks', () => {
    const shop = shopOf(quick, [
      { name: 'a', bot_turns_max: 3 },
      { name: 'b', bot_turns_max: 3 },
    ])
    const answering = (): void => {
      let seen = shop.of(TurnStarted).length
      for (let tick = 0; tick < 60; tick++) {
        const started = shop.of(TurnStarted)
        const said = started.slice(seen).map(({ session }) => (session === 'duck/a' ? 'duck/b' : 'duck/a'))
        seen = started.length
        shop.tick(said.map((session) => ({ session, bot: true })))
      }
    }
    shop.tick([{ session: 'duck/a' }])
    shop.tick()
    shop.heard.length = 0
    shop.tick([{ session: 'duck/b', bot: true }])
    answering()
    expect(turnsOf(shop)).toHaveLength(7)
    expect(column(shop, 'dropped', 'duck/b')).toBe(1)
    expect(column(shop, 'queued', 'duck/b')).toBe(0)
    shop.tick([{ session: 'duck/a' }])
    answering()
    expect(turnsOf(shop).filter((key) => key === 'duck/a').length).toBeGreaterThan(4)
  })

  test('what a program said is still read where a person spoke too', () => {
    const shop = shopOf(quick, [{ name: 'a', bot_turns_max: 0 }])
    shop.tick([{ session: 'duck/a', bot: true }])
    expect(turnsOf(shop)).toHaveLength(0)
    expect(column(shop, 'dropped', 'duck/a')).toBe(1)
    shop.tick([{ session: 'duck/a', bot: true }, { session: 'duck/a' }])
    expect(shop.core.world.of(Turn).inputs[1]).toBe(2)
  })

  test("what an agent said carries its turn's root on, unless a person speaks too", () => {
    const shop = shopOf(quick, [{ name: 'a' }, { name: 'b' }])
    shop.tick([{ session: 'duck/a' }])
    shop.tick([{ session: 'duck/b', turn: 1 }])
    shop.tick([{ session: 'duck/a', turn: 2 }, { session: 'duck/a' }])
    shop.tick([{ session: 'duck/b', turn: 3 }])
    shop.tick([{ session: 'duck/a', bot: true }])
    shop.tick([{ session: 'duck/b', turn: 4_000_000 }])
    expect([...shop.core.world.of(Turn).root.slice(1, 7)]).toEqual([1, 1, 3, 3, 5, 6])
  })

  test('one turn leads to so many and no more, however many sessions hear each other', () => {
    const names = Array.from({ length: 40 }, (_, n) => `s${n}`)
    const facets = names.map((name) => ({ name, bot_turns_max: 1000, turns_minute_max: 0 }))
    const shop = shopOf(quick, facets)
    shop.tick([{ session: 'duck/s0' }])
    let seen = 0
    for (let tick = 0; tick < 300; tick++) {
      const started = shop.of(TurnStarted)
      // Whoever had a turn speaks to two others.
      const said = started
        .slice(seen)
        .flatMap(({ turn }) => [turn * 2, turn * 2 + 1].map((n) => ({ session: `duck/${names[n % 40]}`, turn })))
      seen = started.length
      shop.tick(said)
    }
    const { root } = shop.core.world.of(Turn)
    expect(turnsOf(shop)).toHaveLength(rootTurnsMax)
    expect(new Set(root.slice(1, rootTurnsMax + 1))).toEqual(new Set([1]))
    expect(shop.of(BudgetExhausted)).toEqual([{ scope: 'turn', name: '1', budget: 'turns', until_ms: 0 }])
    shop.tick([{ session: 'duck/s0' }])
    expect(shop.core.world.of(Turn).root[rootTurnsMax + 1]).toBe(rootTurnsMax + 1)
    expect(shop.core.world.rows(Input)).toBeGreaterThan(rootTurnsMax)
  })
})
