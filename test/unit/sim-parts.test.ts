import { describe, expect, it } from 'vitest'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { Agenda } from '../sim/agenda.ts'
import { argumentsOf } from '../sim/arguments.ts'
import { Dice } from '../sim/dice.ts'
import { Faults, faultNames } from '../sim/faults.ts'
import { type Change, Folder } from '../sim/folder.ts'
import { Guild } from '../sim/guild.ts'
import { Calls } from '../sim/neighbour.ts'
import { appended, draft, reheaded } from '../sim/notes.ts'
import { Spells } from '../sim/spells.ts'
import { general } from '../sim/troupe.ts'
import { Court, Violation } from '../sim/violation.ts'

describe('virtual time', () => {
  it('runs what is due in order of time, then of age, also what is added on the way', () => {
    const agenda = new Agenda()
    const seen: string[] = []
    const say = (word: string) => () => seen.push(`${word} ${agenda.now_ms}`)
    agenda.after(20, say('late'))
    agenda.after(10, say('first'))
    agenda.after(10, () => agenda.after(5, say('added')))
    agenda.after(60, say('never'))
    expect(agenda.advance(50)).toBe(4)
    expect(seen).toEqual(['first 10', 'added 15', 'late 20'])
    expect(agenda.now_ms).toBe(50)
  })
})

describe('chance', () => {
  it('repeats itself under a seed and differs by concern', () => {
    const throws = (dice: Dice) => Array.from({ length: 20 }, () => dice.whole(1, 6))
    expect(throws(Dice.of(7, 'a'))).toEqual(throws(Dice.of(7, 'a')))
    expect(throws(Dice.of(7, 'a'))).not.toEqual(throws(Dice.of(7, 'b')))
    expect(throws(new Dice(1)).every((each) => each >= 1 && each <= 6)).toBe(true)
    expect(() => new Dice(1).pick([])).toThrow('nothing to pick')
  })

  it('enables every fault under some seed and none after the calm', () => {
    const chosen = new Set<string>()
    for (let seed = 1; seed <= 40; seed++) {
      const faults = Faults.choose(Dice.of(seed, 'faults'))
      for (const name of faults.chosen) chosen.add(name)
      faults.calm()
      expect(faultNames.some((name) => faults.has(name))).toBe(false)
    }
    expect(chosen.size).toBe(faultNames.length)
  })
})

describe('faults', () => {
  it('are counted when they strike, and strike only while they are on', () => {
    const dice = new Dice(4)
    const faults = new Faults(['late'])
    expect(faults.strikes('crash', dice, 1)).toBe(false)
    expect(faults.strikes('late', dice, 0)).toBe(false)
    expect(faults.strikes('late', dice, 1)).toBe(true)
    expect(faults.strikes('late', dice, 1)).toBe(true)
    faults.calm()
    expect(faults.strikes('late', dice, 1)).toBe(false)
    expect(faults.struck).toEqual({ late: 2 })
  })

  it('meet calms and storms in turn', () => {
    const spells = new Spells(new Dice(6), false)
    const stirs = Array.from({ length: 20_000 }, () => spells.stirs())
    const busy = stirs.filter(Boolean).length
    expect(stirs[0]).toBe(true)
    expect(busy).toBeGreaterThan(50)
    expect(busy).toBeLessThan(2_000)
    const stormy = new Spells(new Dice(6), true)
    expect(Array.from({ length: 20_000 }, () => stormy.stirs()).filter(Boolean).length).toBeGreaterThan(busy)
  })
})

describe('Discord, as it rests', () => {
  it('knows a nonce for two minutes, and says everything in order', () => {
    let now_ms = 1_800_000_000_000
    const guild = new Guild(new Dice(2), () => now_ms)
    for (let left = 60; left > 0; left--) guild.stir()
    const first = guild.post(general, { content: 'Quack.', nonce: 'n' })
    now_ms += 119_999
    expect(guild.post(general, { content: 'Quack.', nonce: 'n' })).toEqual(first)
    now_ms += 1
    expect(guild.post(general, { content: 'Quack.', nonce: 'n' })).not.toEqual(first)
    const ids = guild.messages(general).map(({ id }) => BigInt(id))
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(guild.dispatches.map(({ s }) => s)).toEqual(guild.dispatches.map((_, at) => at + 1))
    const kinds = new Set(guild.dispatches.map(({ t }) => t))
    expect([...kinds].sort()).toEqual(['create', 'delete', 'react', 'update'])
  })
})

describe('the command line', () => {
  it('understands seeds, ranges, minutes and a canary without a name', () => {
    expect(argumentsOf(['--seed', '7'])).toMatchObject({ first: 7, last: 7, ticks: 16_000, json: false, storm: false })
    expect(argumentsOf(['--seeds', '1..50'])).toMatchObject({ first: 1, last: 50 })
    expect(argumentsOf(['--seed', '3', '--minutes', '2']).last).toBe(Number.MAX_SAFE_INTEGER)
    expect(argumentsOf(['--seed', '3', '--storm'])).toMatchObject({ ticks: 1_200, storm: true })
    expect(argumentsOf(['--canary', '--json'])).toMatchObject({ canary: 'early_commit', json: true })
    expect(argumentsOf(['--canary', 'lost_edge']).canary).toBe('lost_edge')
    expect(argumentsOf(['--faults', 'late,crash']).faults).toEqual(['late', 'crash'])
    expect(argumentsOf(['--faults', 'none']).faults).toEqual([])
  })

  it('says what it does not understand', () => {
    expect(() => argumentsOf(['--seed', 'x'])).toThrow('--seed must be a whole number')
    expect(() => argumentsOf(['--seeds', '1-50'])).toThrow('1..50')
    expect(() => argumentsOf(['--faults', 'rain'])).toThrow('there is no fault rain')
    expect(() => argumentsOf(['--canary', 'crow'])).toThrow('there is no canary crow')
  })
})

describe('the folder', () => {
  it('tells of every change, and never stamps two alike', () => {
    const folder = new Folder(() => 5)
    const changes: Change[] = []
    const forget = folder.observe((change) => changes.push(change))
    const bytes = Buffer.from('same')
    folder.userWrites('a.md', bytes, bytes)
    folder.userWrites('a.md', bytes, bytes)
    folder.userDeletes('a.md')
    forget()
    folder.userWrites('b.md', bytes, bytes)
    expect(changes.map(({ by, before, after }) => [by, before?.stat.changed_ms, after?.stat.changed_ms])).toEqual([
      ['user', undefined, 5],
      ['user', 5, 6],
      ['user', 6, undefined],
    ])
    expect(folder.paths()).toEqual(['b.md'])
  })

  it('holds notes whose bytes end with the body', () => {
    const dice = new Dice(3)
    for (let serial = 1; serial <= 300; serial++) {
      const first = draft(dice, serial)
      const second = reheaded(dice, serial, first.body)
      for (const { bytes, body } of [first, second, appended(first.bytes, first.body, 'x')]) {
        expect(bytes.subarray(bytes.length - body.length).equals(body)).toBe(true)
      }
    }
  })
})

describe('a life of the process', () => {
  it('takes its calls with it when it dies', async () => {
    const agenda = new Agenda()
    const calls = new Calls(agenda)
    const acts: string[] = []
    const handler = calls.handler((_request, settle) => {
      calls.after(1, () => acts.push('deed'))
      settle.answer(2, { ok: true })
    })
    const call = { effect_id: 1, attempt: 1, signal: new AbortController().signal }
    const answered = handler({}, call)
    agenda.advance(2)
    await expect(answered).resolves.toEqual({ ok: true })
    const lost = handler({}, call)
    calls.die()
    agenda.advance(10)
    await expect(lost).rejects.toThrow('gone')
    expect(acts).toEqual(['deed'])
  })

  it('hears what lands in spite of its death only while it lives', async () => {
    const agenda = new Agenda()
    const calls = new Calls(agenda)
    const [heard, unheard] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
    const first = calls.carried(heard.promise, () => 5)
    heard.resolve(1)
    await heard.promise
    agenda.advance(5)
    await expect(first).resolves.toBe(1)
    const second = calls.carried(unheard.promise, () => 5)
    calls.die()
    unheard.resolve(2)
    await expect(second).rejects.toThrow('gone')
    const later = new Calls(agenda).later(2, () => {
      throw new EffectFailure('IO', 'no')
    })
    agenda.advance(2)
    await expect(later).rejects.toMatchObject({ code: 'IO' })
  })

  it('passes on how a neighbour fails', async () => {
    const agenda = new Agenda()
    const failing = new Calls(agenda).handler((_request, settle) =>
      settle.fail(3, new EffectFailure('BUSY', 'not now')),
    )
    const failed = failing({}, { effect_id: 1, attempt: 1, signal: new AbortController().signal })
    agenda.advance(3)
    await expect(failed).rejects.toMatchObject({ code: 'BUSY' })
  })
})

describe('the court', () => {
  it('keeps the first finding until it is asked', () => {
    const court = new Court()
    court.holds(true, 'a', () => 'never said')
    expect(() => court.session()).not.toThrow()
    court.holds(false, 'b', () => 'the first')
    court.holds(false, 'c', () => 'the second')
    expect(court.checks).toBe(3)
    expect(() => court.session()).toThrow(new Violation('b', 'the first'))
  })
})
