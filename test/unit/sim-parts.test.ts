import { describe, expect, it } from 'vitest'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { Agenda } from '../sim/agenda.ts'
import { Dice } from '../sim/dice.ts'
import { Faults, faultNames } from '../sim/faults.ts'
import { type Change, Folder } from '../sim/folder.ts'
import { Calls } from '../sim/neighbour.ts'
import { appended, draft, reheaded } from '../sim/notes.ts'
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
