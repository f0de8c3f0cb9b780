import { afterEach, describe, expect, test } from 'vitest'
import { Family } from '../../systems/components.ts'
import { Janitor, Rule, RuleState } from '../../systems/janitor/columns.ts'
import type { JanitorPolicy } from '../../systems/janitor/policy.ts'
import { bots, Yard } from '../support/janitor.ts'

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

describe('A rule', () => {
  async function proposed(): Promise<Yard> {
    const yard = await opened({ propose_from: 10 })
    await yard.say(bots, 10, { title: 'Build … failed' })
    await yard.ask()
    return yard
  }
  const state = (yard: Yard, rule = 1) => yard.engine.world.of(Rule).state[rule]
  const leftAlone = (yard: Yard) => yard.engine.world.of(Janitor).left_alone[1]
  async function decide(yard: Yard, order: string, rule = 1, kind = 'operator'): Promise<number | undefined> {
    yard.publish('janitor.rule', { rule, order }, kind)
    await yard.engine.step()
    return state(yard)
  }

  test('is in force only with the yes of the operator', async () => {
    const yard = await proposed()
    for (const kind of ['discord', 'tool', 'session', 'world', 'chat']) {
      expect(await decide(yard, 'allow', 1, kind)).toBe(RuleState.proposed)
    }
    expect(leftAlone(yard)).toBe(5)
    expect(await decide(yard, 'allow')).toBe(RuleState.active)
    expect(leftAlone(yard)).toBe(5)
  })

  test('goes only the ways there are; all other orders are left alone and counted', async () => {
    const yard = await proposed()
    expect(await decide(yard, 'end')).toBe(RuleState.proposed)
    expect(await decide(yard, 'allow', 2)).toBe(RuleState.proposed)
    expect(await decide(yard, 'allow')).toBe(RuleState.active)
    expect(await decide(yard, 'refuse')).toBe(RuleState.active)
    await yard.say(bots, 200, { title: 'Build … failed' })
    expect((await yard.ask()).proposals, 'it is in force already').toEqual([])
    expect(await decide(yard, 'end')).toBe(RuleState.ended)
    expect(await decide(yard, 'end')).toBe(RuleState.ended)
    expect(await decide(yard, 'allow')).toBe(RuleState.active)
    expect(leftAlone(yard)).toBe(4)
  })

  test('is proposed once, and the report says while it waits', async () => {
    const yard = await proposed()
    await yard.say(bots, 500, { title: 'Build … failed' })
    const { proposals, text } = await yard.ask()
    expect(proposals).toEqual([])
    expect(text).toContain('1 older rule waits for your word.')
    expect(yard.engine.world.rows(Rule)).toBe(1)
  })

  test('that was refused late comes back later', async () => {
    const yard = await proposed()
    await yard.say(bots, 90, { title: 'Build … failed' })
    await decide(yard, 'refuse')
    await yard.say(bots, 899, { title: 'Build … failed' })
    expect((await yard.ask()).proposals).toEqual([])
    await yard.say(bots, 10, { title: 'Build … failed' })
    expect((await yard.ask()).proposals).toHaveLength(1)
  })

  test('that was refused comes back when its family has ten times the members', async () => {
    const yard = await proposed()
    await decide(yard, 'refuse')
    await yard.say(bots, 89, { title: 'Build … failed' })
    expect((await yard.ask()).proposals).toEqual([])
    await yard.say(bots, 9, { title: 'Build … failed' })
    expect((await yard.ask()).proposals, 'fewer since the last report than a proposal asks for').toEqual([])
    await yard.say(bots, 10, { title: 'Build … failed' })
    expect((await yard.ask()).proposals).toMatchObject([{ rule: 2, family: 1 }])
    expect(yard.engine.world.of(Family).rule[1]).toBe(2)
    expect(await decide(yard, 'allow', 1), 'an older rule of the family').toBe(RuleState.refused)
    await decide(yard, 'allow', 2)
    expect(state(yard, 2)).toBe(RuleState.active)
  })
})
