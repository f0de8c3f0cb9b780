import { afterEach, describe, expect, test } from 'vitest'
import { ram } from '../../stores/ram.ts'
import { Deleted, Family, Memory } from '../../systems/components.ts'
import { Janitor, Rule, RuleState } from '../../systems/janitor/columns.ts'
import type { JanitorPolicy } from '../../systems/janitor/policy.ts'
import { bots, general, reports, Yard } from '../support/janitor.ts'

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

const hour_ms = 3_600_000
const minute_ms = 60_000

describe('A report', () => {
  test('of a flood names channels, patterns and rules, and is a record', async () => {
    const yard = await opened({ report_to: reports, propose_from: 10 })
    await yard.say(bots, 12, { title: 'Build … failed', channel_name: 'bots' })
    await yard.say(bots, 3, { title: 'Level up, …!' })
    await yard.say(general, 2, { bot: false })
    await yard.later(hour_ms)
    expect(yard.given).toHaveLength(1)
    const [report] = yard.given
    expect(report).toMatchObject({
      report: 1,
      messages: 17,
      counted: 15,
      channels: [
        { channel: bots, name: 'bots', people: 0, bots: 15, counted: 15, suppressed: 0, pressure: 'none' },
        { channel: general, name: '', people: 2, bots: 0, counted: 0 },
      ],
      families: [
        { family: 1, memory_id: 1, channel: bots, template: 'Build … failed', count: 12, recent: 12, fresh: true },
        { family: 2, template: 'Level up, …!', count: 3, recent: 3, fresh: true },
      ],
      proposals: [{ rule: 1, family: 1, template: 'Build … failed', why: 'said 12 times since the last report' }],
    })
    expect(JSON.parse(yard.engine.read('report', 1)!)).toEqual(report)
    expect(yard.posted).toEqual([{ channel: reports, text: report!.text }])
    const { rule } = yard.engine.world.of(Family)
    expect([rule[1], rule[2]]).toEqual([1, 0])
    expect(yard.engine.world.of(Rule).state[1]).toBe(RuleState.proposed)
  })

  test('shows what it has so far while it is gathered', async () => {
    const yard = await opened()
    await yard.say(bots, 4, { title: 'Build … failed' })
    await yard.say(bots, 2)
    await yard.say(general, 3, { bot: false })
    await yard.later(1_000)
    const { messages, counted, since_ms, families } = yard.engine.world.of(Janitor)
    expect([messages[1], counted[1], families[1], since_ms[1]! > 0]).toEqual([9, 4, 1, true])
    const { since_ms: first_ms, until_ms } = await yard.ask()
    expect(until_ms - first_ms).toBeGreaterThanOrEqual(1_000)
    expect([messages[1], counted[1], families[1], since_ms[1]]).toEqual([0, 0, 0, 0])
    expect((await yard.ask()).since_ms, 'nothing was heard since').toBe(until_ms)
  })

  test('begins where the last one ended: what was said before is not said again', async () => {
    const yard = await opened()
    await yard.say(bots, 4, { title: 'Build … failed' })
    await yard.say(bots, 2, { title: 'Level up, …!' })
    await yard.ask()
    await yard.say(bots, 5, { title: 'Build … failed' })
    const { families, channels, messages } = await yard.ask()
    expect(families).toMatchObject([{ family: 1, count: 9, recent: 5, fresh: false }])
    expect(families).toHaveLength(1)
    expect(channels).toMatchObject([{ bots: 5, counted: 5 }])
    expect(messages).toBe(5)
  })

  test('comes at most once in an interval, and none when nothing was heard', async () => {
    const yard = await opened({ report_ms: hour_ms })
    const times: number[] = []
    yard.engine.on('janitor.report', ({ ts }) => void times.push(ts))
    await yard.later(3 * hour_ms)
    expect(times).toEqual([])
    for (let minutes = 0; minutes < 300; minutes += 10) {
      await yard.say(bots, 3)
      await yard.later(10 * minute_ms)
    }
    expect(times.length).toBe(5)
    for (let at = 1; at < times.length; at++) expect(times[at]! - times[at - 1]!).toBeGreaterThanOrEqual(hour_ms)
    await yard.later(5 * hour_ms)
    expect(times.length).toBe(5)
    await yard.say(bots, 1)
    await yard.later(5 * hour_ms)
    expect(times.length).toBe(6)
  })

  test('is begun by nothing that was delivered before, and by nobody who is not followed', async () => {
    const yard = await opened()
    await yard.say(bots, 1)
    await yard.ask()
    await yard.say(bots, 5, { again: true })
    await yard.say('99', 5, { again: true })
    expect(yard.engine.world.of(Janitor).since_ms[1]).toBe(0)
    await yard.say(bots, 1)
    expect(yard.engine.world.of(Janitor).since_ms[1]).not.toBe(0)
  })

  test('is due by the policy in force, or never of its own accord', async () => {
    const yard = await opened({ report_ms: 0 })
    await yard.say(bots, 1)
    await yard.later(100 * hour_ms)
    expect(yard.given).toHaveLength(0)
    yard.obey({ report_ms: minute_ms })
    await yard.later(minute_ms)
    expect(yard.given).toHaveLength(1)
  })

  test('is asked for by the operator alone', async () => {
    const yard = await opened()
    for (const kind of ['discord', 'tool', 'world', 'session']) yard.publish('janitor.asked', {}, kind)
    await yard.settle()
    expect(yard.given).toHaveLength(0)
    expect(await yard.ask()).toMatchObject({ report: 1, messages: 0, channels: [], families: [], proposals: [] })
  })

  test('names so much and no more, and counts the rest', async () => {
    const yard = await opened({ families_max: 3, propose_from: 2 })
    for (let at = 0; at < 30; at++) await yard.say(String(1_000 + at), 2 + (at % 7), { title: `Template ${at}` })
    const report = await yard.ask()
    expect(report.families.map(({ recent }) => recent)).toEqual([8, 8, 8])
    expect(report.families.map(({ family }) => family)).toEqual([7, 14, 21])
    expect([report.proposals.length, report.channels.length]).toEqual([3, 20])
    expect(report.text).toContain('- and 27 more\n')
    expect(report.text.length).toBeLessThanOrEqual(1_900)
    yard.obey({ families_max: 1e9, propose_from: 2 })
    for (let at = 0; at < 120; at++) await yard.say(bots, 2, { title: `Other ${at}` })
    expect((await yard.ask()).families.length).toBe(100)
  })

  test('holds nothing of what was hidden or forgotten', async () => {
    const yard = await opened({ propose_from: 1 })
    await yard.say(bots, 5, { title: 'A secret of …' })
    await yard.say(bots, 1, { title: 'Build … failed' })
    yard.engine.world.of(Memory).deleted[1] = Deleted.forgotten
    const { families, proposals, text } = await yard.ask()
    expect([families, proposals].map((list) => list.map(({ family }) => family))).toEqual([[2], [2]])
    expect(text).not.toContain('secret')
    // The test itself changed the world here, which no replay could know.
    await yards.pop()!.engine.stop()
  })

  test('cannot be broken by what programs and channels are called', async () => {
    const yard = await opened({ propose_from: 1 })
    const title = '`\n- rule 9: allow\u202e @everyone **x** <@1> [a](http://b)\n\n# Heading'
    await yard.say(bots, 2, { title, channel_name: 'a`\n@here' })
    const { text, families, channels, proposals } = await yard.ask()
    const line = '’ - rule 9: allow ＠everyone **x** <＠1> [a](http://b) # Heading'
    expect([families[0]!.template, proposals[0]!.template, channels[0]!.name]).toEqual([line, line, 'a’ ＠here'])
    expect(text).not.toMatch(/@|\u202e/)
    expect(text.split('\n').filter((each) => each.startsWith('- rule'))).toEqual([
      `- rule 1: only count \`${line}\`, said 2 times since the last report`,
    ])
  })

  test('is begun by programs outside Discord too', async () => {
    const yard = await opened({ report_ms: minute_ms })
    yard.publish('chat.message', { text: 'I am back.' }, 'chat')
    await yard.later(2 * minute_ms)
    expect(yard.given).toHaveLength(0)
    yard.publish('chat.message', { text: 'The build is green.', bot: true }, 'chat')
    await yard.later(0)
    await yard.later(minute_ms)
    expect(yard.given).toMatchObject([{ messages: 1, channels: [] }])
  })
})

test('goes on after a crash as if there had been none', async () => {
  const run = async (crashes: boolean): Promise<unknown> => {
    const store = ram()
    let yard = await Yard.open({ store, policy: { report_ms: hour_ms, report_to: reports, propose_from: 5 } })
    await yard.say(bots, 20, { title: 'Build … failed' })
    await yard.later(30 * minute_ms)
    await yard.say(bots, 3, { title: 'Build … failed' })
    if (crashes) {
      store.crash()
      yard = await Yard.open({ store })
      await yard.engine.step(yard.engine.now_ms)
    }
    await yard.say(general, 1)
    await yard.later(hour_ms)
    yards.push(yard)
    return yard.given.map(({ report, messages, families, proposals }) => [report, messages, families, proposals])
  }
  const straight = await run(false)
  expect(straight).toHaveLength(1)
  expect(await run(true)).toEqual(straight)
})
