import { describe, expect, test } from 'vitest'
import { compare, type NamedRow } from '../../bench/report/compare.ts'
import { gabOf } from '../../bench/report/gab.ts'
import { lineOf } from '../../bench/report/lines.ts'
import { merged } from '../../bench/report/rounds.ts'
import { saved } from '../../bench/report/saved.ts'
import { statsFrom } from '../../bench/support.ts'

const row = (value: number, more: Partial<NamedRow> = {}): NamedRow => ({
  concern: 'tick',
  name: 'idle',
  value,
  unit: 'µs p50',
  ...more,
})
/** Samples around a middle, so far to both sides. */
const around = (middle: number, stray: number) =>
  statsFrom(Float64Array.from({ length: 160 }, (_, n) => middle + ((n % 5) - 2) * stray))
const sampled = (value: number, stray: number, more: Partial<NamedRow> = {}) =>
  row(value, { stats: around(value, stray), ...more })
const verdict = (now: NamedRow, before: NamedRow): string | undefined => compare([now], [before])[0]?.verdict

describe('Two runs compared', () => {
  test('beyond a tenth and the noise a figure is worse or better; within either it is the same', () => {
    expect(verdict(sampled(112, 0.1), sampled(100, 0.1))).toBe('worse')
    expect(verdict(sampled(88, 0.1), sampled(100, 0.1))).toBe('better')
    expect(verdict(sampled(109, 0.1), sampled(100, 0.1))).toBe('same')
    expect(verdict(sampled(112, 30), sampled(100, 30))).toBe('same')
  })

  test('noise in either run counts, and many samples make it smaller', () => {
    expect(verdict(sampled(115, 30), sampled(100, 0.1))).toBe('same')
    const many = { ...around(115, 30), samples: 160_000 }
    expect(verdict(sampled(115, 0, { stats: many }), sampled(100, 0.1))).toBe('worse')
  })

  test('rates and peers are better when larger', () => {
    const rate = { unit: 'events/s' }
    expect(verdict(sampled(80, 0.1, rate), sampled(100, 0.1, rate))).toBe('worse')
    expect(verdict(sampled(120, 0.1, rate), sampled(100, 0.1, rate))).toBe('better')
    const faster = { unit: '× faster', goal: '>= 3' }
    expect(verdict(sampled(2, 0.01, faster), sampled(3, 0.01, faster))).toBe('worse')
    const bare = { unit: '× bare loop', goal: '<= 1.5' }
    expect(verdict(sampled(2, 0.01, bare), sampled(1, 0.01, bare))).toBe('worse')
  })

  test('without samples nobody can say whether it is noise', () => {
    expect(verdict(row(150), row(100))).toBe('unsure')
    expect(verdict(row(105), row(100))).toBe('same')
  })

  test('what the rounds stray is noise too, and makes figures without samples comparable', () => {
    const wild = { rounds: [100, 140, 60] }
    const calm = { rounds: [100, 101, 99] }
    expect(verdict(sampled(120, 0.1, { rounds: [120, 170, 80] }), sampled(100, 0.1, wild))).toBe('same')
    expect(verdict(row(120, { rounds: [120, 121, 119] }), row(100, calm))).toBe('worse')
    expect(verdict(row(120, { rounds: [120, 121] }), row(100, calm))).toBe('unsure')
  })

  test('of several rounds the one in the middle stands, with the figures of all', () => {
    const rounds = [[row(3)], [row(1)], [row(2)]]
    expect(merged(rounds)).toEqual([{ ...row(2), rounds: [3, 1, 2] }])
    expect(merged([[row(3)]])).toEqual([row(3)])
  })

  test('only what both runs have is compared', () => {
    expect(compare([row(1, { name: 'new' })], [row(1, { name: 'old' })])).toEqual([])
    expect(compare([row(1)], [row(1, { unit: 'ms' })])).toEqual([])
  })
})

describe('Forms of a report', () => {
  test('for github-action-benchmark smaller is better throughout', () => {
    const rows = [
      row(2),
      row(50_000, { unit: 'events/s', goal: '>= 20000' }),
      row(4, { unit: '× faster', goal: '>= 3' }),
    ]
    expect(gabOf(rows).map((each) => [(each as NamedRow).value, (each as NamedRow).unit])).toEqual([
      [2, 'µs p50'],
      [20, 'µs each'],
      [0.25, '1 / (× faster)'],
    ])
    expect(gabOf([sampled(100, 2)])[0]).toMatchObject({ name: 'tick: idle', range: '± 2.00', extra: '160 samples' })
  })

  test('a line has the figure, its samples and its verdict', () => {
    expect(lineOf(row(3, { goal: '< 10', met: true, detail: 'so' }))).toMatch(/idle +3\.00 µs p50 +< 10 met +so$/)
    expect(lineOf(sampled(3, 1, { goal: '< 2', met: false }))).toMatch(
      /3\.00 µs p50 +p75 +4\.00 +p99 +5\.00 +160 samples < 2 NOT met$/,
    )
  })

  test('a run that was not saved is named, and so is a name that cannot be one', () => {
    expect(() => saved('never-saved')).toThrow(/no run is saved as never-saved/)
    expect(() => saved('../../package')).toThrow(/cannot be called/)
  })
})
