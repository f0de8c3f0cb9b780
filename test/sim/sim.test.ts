import { describe, expect, it } from 'vitest'
import { canaryNames } from './canaries.ts'
import { faultNames } from './faults.ts'
import { faultsOf, type SimReport, simulate } from './run.ts'

/** Chosen so that between them every fault is on at least once. */
const seeds = [3, 14, 16, 17]
const ticks = 600

/** What a report says in a failing test: enough to repeat the run. */
function verdictOf({ seed, violation }: SimReport): string {
  if (violation === undefined) return 'held'
  return `npm run sim -- --seed ${seed} --ticks ${ticks}: tick ${violation.tick}: ${violation.message}`
}

describe('a simulated run', () => {
  it.each(seeds)('keeps every promise under seed %i', async (seed) => {
    const report = await simulate({ seed, ticks })
    expect(verdictOf(report)).toBe('held')
    expect(report.ok).toBe(true)
    expect(report.ticks).toBeGreaterThan(ticks)
    expect(report.checks).toBeGreaterThan(1_000)
  })

  it('meets every fault under one seed or another', () => {
    const met = new Set(seeds.flatMap((seed) => faultsOf(seed).chosen))
    expect([...met].sort()).toEqual([...faultNames].sort())
  })

  it('is the same whenever it is run', async () => {
    const [once, again] = [await simulate({ seed: 5, ticks: 300 }), await simulate({ seed: 5, ticks: 300 })]
    expect(again).toEqual(once)
  })
})

/** The promise that each planted bug breaks. */
const broken: { readonly [canary in (typeof canaryNames)[number]]: string } = {
  unguarded_write: 'lost edit',
  chance: 'replay',
  early_commit: 'output commit',
  wrong_gauge: 'gauges',
  deaf_memory: 'one outcome',
  mute_model: 'liveness',
}

describe('a planted bug', () => {
  it.each(canaryNames)('%s is seen, and by the checker that is there for it', async (canary) => {
    const report = await simulate({ seed: 10, ticks: 400, canary })
    expect(report.ok).toBe(false)
    expect(report.violation?.rule).toBe(broken[canary])
  })
})
