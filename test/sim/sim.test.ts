import { describe, expect, it } from 'vitest'
import { argumentsOf } from './arguments.ts'
import { type CanaryName, canaryNames } from './canaries.ts'
import { type FaultName, faultNames } from './faults.ts'
import { faultsOf } from './ground.ts'
import { markNames } from './marks.ts'
import type { SimReport } from './report.ts'
import { simulate } from './run.ts'
import { commandOf, shrink } from './shrink.ts'

/** Chosen so that between them every fault is on at least once. */
const seeds = [4, 9, 15]
const ticks = 8_000
const reports = new Map<number, Promise<SimReport>>()

function reportOf(seed: number): Promise<SimReport> {
  const known = reports.get(seed) ?? simulate({ seed, ticks })
  reports.set(seed, known)
  return known
}

/** What a report says in a failing test: enough to repeat the run. */
function verdictOf({ seed, violation }: SimReport): string {
  if (violation === undefined) return 'held'
  return `${commandOf({ seed, ticks })}: tick ${violation.tick}: ${violation.message}`
}

describe('a simulated run', () => {
  it.each(seeds)('keeps every promise under seed %i', async (seed) => {
    const report = await reportOf(seed)
    expect(verdictOf(report)).toBe('held')
    expect(report.ticks).toBeGreaterThan(ticks)
    expect(report.checks).toBeGreaterThan(10_000)
    expect(report.journal_ticks).toBeGreaterThan(100)
  })

  it('forgets a note that goes in the tick in which its write is told of, as seed 930 found', async () => {
    expect(verdictOf(await simulate({ seed: 930, ticks: 40 }))).toBe('held')
  })

  it('meets every fault under one seed or another', () => {
    const met = new Set(seeds.flatMap((seed) => faultsOf({ seed }).chosen))
    expect([...met].sort()).toEqual([...faultNames].sort())
  })

  it('takes most odd branches; that fifty seeds take all of them is said by the command', async () => {
    const runs = await Promise.all(seeds.map(reportOf))
    const taken = new Set(runs.flatMap(({ marks }) => marks))
    for (const mark of taken) expect(markNames).toContain(mark)
    expect(taken.size).toBeGreaterThan(markNames.length / 2)
  })

  it('is the same whenever it is run', async () => {
    const [once, again] = [await simulate({ seed: 5, ticks: 800 }), await simulate({ seed: 5, ticks: 800 })]
    expect(again).toEqual(once)
    expect(once.digest).toMatch(/^[0-9a-f]{16}$/)
    const other = await simulate({ seed: 6, ticks: 800 })
    expect(other.digest).not.toBe(once.digest)
  })
})

type Plant = {
  readonly rules: readonly string[]
  readonly faults?: readonly FaultName[]
  /** Where it takes long to do what goes wrong: a seed that soon does, and for how long. */
  readonly late?: { readonly seed: number; readonly ticks: number }
}

/** The promise that each planted bug breaks, whatever the seed, and the faults under which it soon does. */
const broken: { readonly [canary in CanaryName]: Plant } = {
  early_commit: { rules: ['output commit'] },
  unguarded_write: { rules: ['lost edit'], faults: ['late'] },
  chance: { rules: ['replay', 'REPLAY_DIVERGED'] },
  wrong_gauge: { rules: ['gauges'] },
  deaf_memory: { rules: ['one outcome'], faults: [] },
  false_memory: { rules: ['durability', 'replay', 'index'], faults: [] },
  mute_model: { rules: ['liveness'], faults: [] },
  forged_yes: { rules: ['permission'], faults: [] },
  open_door: { rules: ['private'], faults: [] },
  leaked_call: { rules: ['turns'] },
  spendthrift: { rules: ['budget'] },
  lost_edge: { rules: ['nexus'], faults: [] },
  deaf_gateway: { rules: ['discord'], faults: [] },
  tool_twice: { rules: ['once'], faults: [] },
  deaf_hands: { rules: ['opencode'], faults: [] },
  kept_copy: { rules: ['forgotten', 'replay'], faults: [] },
  false_return: { rules: ['undo'], late: { seed: 23, ticks: 9_000 } },
}
const seedsTried = 25

/** The first run, over ascending seeds, in which a planted bug is seen. */
async function firstBroken(canary: CanaryName): Promise<SimReport | undefined> {
  const { faults, late = { seed: 1, ticks: 500 } } = broken[canary]
  for (let seed = late.seed; seed < late.seed + seedsTried; seed++) {
    const report = await simulate({ seed, ticks: late.ticks, canary, faults })
    if (!report.ok) return report
  }
  return undefined
}

describe('a planted bug', () => {
  it.each(canaryNames)('%s is seen, and by the checker that is there for it', async (canary) => {
    const report = await firstBroken(canary)
    expect(broken[canary].rules).toContain(report?.violation?.rule)
  })

  it('is shrunk to fewer faults and ticks that break the same promise, by a command that does so again', async () => {
    const options = { seed: 9, ticks: 300, canary: 'early_commit' } as const
    const report = await simulate(options)
    const { options: smallest, report: shrunk } = await shrink(options, report)
    expect(shrunk.violation?.rule).toBe('output commit')
    expect(smallest.ticks).toBeLessThan(options.ticks)
    expect(smallest.faults).toEqual([])
    const words = commandOf(smallest).split(' -- ')[1]!.split(' ')
    const { first, ticks, faults, canary } = argumentsOf(words)
    expect({ seed: first, ticks, faults, canary }).toEqual(smallest)
    expect((await simulate({ seed: first, ticks, faults, canary })).violation).toEqual(shrunk.violation)
  })
})
