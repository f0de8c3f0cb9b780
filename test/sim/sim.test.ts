import { describe, expect, it } from 'vitest'
import { type CanaryName, canaryNames } from './canaries.ts'
import { faultNames } from './faults.ts'
import type { SimReport } from './report.ts'
import { faultsOf, simulate } from './run.ts'

/** Chosen so that between them every fault is on at least once. */
const seeds = [2, 3, 6, 14, 16, 17]
const ticks = 1_500

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

/** The promise that each planted bug breaks, and a seed under which it does so early. */
const broken: { readonly [canary in CanaryName]: { readonly seed: number; readonly rule: string } } = {
  unguarded_write: { seed: 2, rule: 'lost edit' },
  chance: { seed: 10, rule: 'replay' },
  early_commit: { seed: 10, rule: 'output commit' },
  wrong_gauge: { seed: 10, rule: 'gauges' },
  deaf_memory: { seed: 10, rule: 'one outcome' },
  false_memory: { seed: 10, rule: 'durability' },
  mute_model: { seed: 10, rule: 'liveness' },
}

describe('a planted bug', () => {
  it.each(canaryNames)('%s is seen, and by the checker that is there for it', async (canary) => {
    const { seed, rule } = broken[canary]
    const report = await simulate({ seed, ticks: 300, canary })
    expect(report.ok).toBe(false)
    expect(report.violation?.rule).toBe(rule)
  })
})
