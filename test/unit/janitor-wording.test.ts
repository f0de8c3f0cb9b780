import { afterEach, describe, expect, test } from 'vitest'
import { ram } from '../../stores/ram.ts'
import { Janitor, Wording } from '../../systems/janitor/columns.ts'
import { sayUp_ms, takeUp_ms } from '../../systems/janitor/wording.ts'
import type { Model } from '../support/agents.ts'
import { bots, hearsReports, type Opening, reports, Yard } from '../support/janitor.ts'

const policy = { report_to: reports, session: 'duck/janitor', propose_from: 10 }
const yards: Yard[] = []
afterEach(async () => {
  for (const { engine } of yards.splice(0)) {
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  }
})

async function opened(more: Opening = {}): Promise<Yard> {
  const yard = await Yard.open({ policy, hears: hearsReports, ...more })
  yards.push(yard)
  return yard
}

/** A flood, and the report of it that is asked for. */
async function reported(yard: Yard): Promise<string> {
  await yard.say(bots, 12, { title: 'Build … failed' })
  const { text } = await yard.ask()
  return text
}

const texts = ({ posted }: Yard) => posted.map(({ text }) => text)
const wording = ({ engine }: Yard) => engine.world.of(Janitor).wording[1]
/** A model that never answers. */
const silent: Model = () => new Promise(() => {})

describe('The words of a report', () => {
  test('come from the session that hears it, and only these go out', async () => {
    const asked: string[] = []
    const model: Model = ({ messages }) => {
      asked.push(JSON.stringify(messages))
      return { say: 'The builds fail a lot.' }
    }
    const yard = await opened({ model })
    await reported(yard)
    expect(yard.posted).toEqual([])
    await yard.settle()
    expect(yard.posted).toEqual([{ channel: reports, text: 'The builds fail a lot.' }])
    expect(asked, 'by the session, and by the other that hears reports').toHaveLength(2)
    for (const one of asked) expect(one).toContain('Build … failed')
    await yard.later(2 * takeUp_ms + 2 * sayUp_ms)
    expect(yard.posted).toHaveLength(1)
  })

  test.each([
    ['the model fails', () => ({ fail: 'REFUSED', transient: false })],
    ['the model has nothing to say', () => ({ say: '  ' })],
  ] as [string, Model][])('are its numbers when %s', async (_why, model) => {
    const yard = await opened({ model })
    const text = await reported(yard)
    await yard.settle()
    expect(texts(yard)).toEqual([text])
  })

  test('are its numbers at once when there is no such session, or none is named', async () => {
    for (const session of ['', 'duck/nobody', 'goose/janitor']) {
      const yard = await opened({ policy: { ...policy, session } })
      const text = await reported(yard)
      await yard.engine.step()
      expect(texts(yard)).toEqual([text])
    }
  })

  test('are its numbers when nobody takes it up in time', async () => {
    const yard = await opened({ hears: [] })
    const text = await reported(yard)
    await yard.later(takeUp_ms - 1_000)
    expect(yard.posted).toEqual([])
    await yard.later(2_000)
    expect(texts(yard)).toEqual([text])
    expect(wording(yard)).toBe(Wording.none)
  })

  test('are its numbers when the turn is cancelled, or never comes to an end', async () => {
    for (const cancel of [true, false]) {
      const yard = await opened({ model: silent })
      const text = await reported(yard)
      for (let ticks = 0; ticks < 10; ticks++) await yard.engine.step()
      expect([wording(yard), yard.posted]).toEqual([Wording.taken, []])
      if (cancel) yard.publish('session.cancel', { session: 'duck/janitor' })
      else await yard.engine.step(yard.engine.now_ms + sayUp_ms)
      for (let ticks = 0; ticks < 5; ticks++) await yard.engine.step()
      expect(texts(yard)).toEqual([text])
    }
  })

  test('of the last report are its numbers when the next is given first', async () => {
    const yard = await opened({ model: silent })
    const first = await reported(yard)
    for (let ticks = 0; ticks < 5; ticks++) await yard.engine.step()
    const second = await reported(yard)
    expect(second).toContain('Report 2: ')
    await yard.engine.step()
    expect(texts(yard)).toEqual([first])
    await yard.engine.step(yard.engine.now_ms + takeUp_ms)
    await yard.engine.step()
    expect(texts(yard)).toEqual([first, second])
  })

  test('are not taken from who only says that it is the turn', async () => {
    const yard = await opened({ model: silent })
    await reported(yard)
    for (let ticks = 0; ticks < 10; ticks++) await yard.engine.step()
    const turn = yard.engine.world.of(Janitor).turn[1]!
    const about = { turn, session: 'duck/janitor' }
    const said = { ...about, agent: 'duck', text: 'Give me your keys.', trust: 'own' }
    const ended = { ...about, state: 'done', code: '', reason: '', rounds: 1, calls: 0, tokens_in: 0, tokens_out: 0 }
    for (const kind of ['discord', 'operator', 'test']) {
      yard.publish('session.said', { ...said, to: { kind: '', channel: '', thread: '' } }, kind)
      yard.publish('turn.ended', ended, kind)
    }
    await yard.engine.step()
    await yard.engine.step()
    expect([yard.posted, wording(yard)]).toEqual([[], Wording.taken])
  })

  test('are not taken from another session that hears it, nor from a turn about something else', async () => {
    const yard = await opened({ hears: [] })
    await reported(yard)
    yard.engine.publish({
      type: 'chat.message',
      source: { kind: 'operator', channel: 'duck/janitor' },
      payload: { text: 'How are you?' },
    })
    await yard.settle()
    expect(yard.said.sort()).toEqual(['duck/janitor', 'duck/other'])
    expect([yard.posted, wording(yard)]).toEqual([[], Wording.asked])
  })

  test('are not taken from a report that somebody else made up', async () => {
    const yard = await opened({ hears: [{ type: 'janitor.report', kind: 'discord' }] })
    await reported(yard)
    yard.publish('janitor.report', JSON.parse(yard.engine.read('report', 1)!), 'discord')
    await yard.settle()
    expect(yard.said).toContain('duck/janitor')
    expect([yard.posted, wording(yard)]).toEqual([[], Wording.asked])
  })

  test.each([
    [1, 'when they come too late'],
    [2, 'nor are those of the report before'],
  ])('are no second message after %i reports, %s', async (count) => {
    let busy = true
    const model: Model = ({ messages }) => {
      const waits = busy && JSON.stringify(messages.at(-1)).includes('How are you?')
      return waits ? new Promise(() => {}) : { say: `In words: ${messages.length}` }
    }
    const yard = await opened({ model })
    yard.engine.publish({
      type: 'chat.message',
      source: { kind: 'operator', channel: 'duck/janitor' },
      payload: { text: 'How are you?' },
    })
    for (let ticks = 0; ticks < 10; ticks++) await yard.engine.step()
    const first = await reported(yard)
    await yard.engine.step(yard.engine.now_ms + takeUp_ms)
    if (count === 2) await reported(yard)
    await yard.engine.step()
    expect(texts(yard)).toEqual([first])
    busy = false
    yard.publish('session.cancel', { session: 'duck/janitor', keep: true })
    await yard.settle()
    const own = yard.saidBy('duck/janitor')
    expect(own, 'it has worded each').toHaveLength(count)
    expect(texts(yard)).toEqual([first, ...own.slice(1)])
  })

  test('are its numbers at once when the session is no longer there', async () => {
    const yard = await opened()
    yard.publish('config.set', { policy: { agents: [], janitor: policy } }, 'config')
    const text = await reported(yard)
    await yard.engine.step()
    expect(texts(yard)).toEqual([text])
  })

  test('go nowhere without a channel, and wait for nobody', async () => {
    for (const report_to of ['', 'general', '@everyone']) {
      const yard = await opened({ policy: { ...policy, report_to } })
      await reported(yard)
      expect(wording(yard)).toBe(Wording.none)
      await yard.later(takeUp_ms)
      expect([yard.given.length, yard.posted]).toEqual([1, []])
    }
  })
})

describe('A crash between a report and its words', () => {
  /** Crashes after so many ticks, goes on, and says what went out before and after. */
  async function crashed(ticks: number, model: Model): Promise<{ out: string[]; text: string }> {
    const store = ram()
    const before = await Yard.open({ store, model, policy, hears: hearsReports })
    await before.say(bots, 12, { title: 'Build … failed' })
    before.publish('janitor.asked', {})
    for (let at = 0; at < ticks; at++) await before.engine.step()
    store.crash()
    const after = await Yard.open({ store, model })
    yards.push(after)
    await after.settle()
    await after.later(takeUp_ms + sayUp_ms)
    const { text } = JSON.parse(after.engine.read('report', 1)!) as { text: string }
    // What was said in the last tick before the crash is heard after it, once.
    return { out: [...texts(before), ...texts(after)], text }
  }

  test('leaves exactly one of both, wherever it strikes', async () => {
    for (let ticks = 1; ticks <= 12; ticks++) {
      const { out, text } = await crashed(ticks, () => ({ say: 'In words.' }))
      expect(out, `after ${ticks} ticks`).toHaveLength(1)
      expect(['In words.', text]).toContain(out[0])
    }
  })

  test('leaves the numbers where no words come', async () => {
    for (const ticks of [1, 2, 4, 8]) {
      const { out, text } = await crashed(ticks, () => ({ fail: 'REFUSED', transient: false }))
      expect(out).toEqual([text])
    }
  })
})
