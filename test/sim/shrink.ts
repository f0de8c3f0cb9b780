import type { FaultName } from './faults.ts'
import type { SimOptions, SimReport } from './report.ts'
import { simulate } from './run.ts'

const attemptsMax = 40
/** Nobody waits longer for a smaller run. */
const patience_ms = 60_000

/** The same broken promise under fewer faults and in fewer ticks. */
export type Shrunk = { readonly options: SimOptions; readonly report: SimReport; readonly attempts: number }

/**
 * Looks for the smallest run that still breaks the same promise: ends it where it broke, leaves out one fault after the
 * other, halves what is left of its length. Runs at most 40 simulations, for a minute.
 */
export async function shrink(options: SimOptions, report: SimReport): Promise<Shrunk> {
  let best = { options: { ...options, faults: report.faults }, report }
  const ends_ms = performance.now() + patience_ms
  let attempts = 0
  const tries = async (candidate: SimOptions): Promise<boolean> => {
    if (attempts >= attemptsMax || performance.now() > ends_ms) return false
    attempts++
    const tried = await simulate(candidate)
    if (tried.violation?.rule !== report.violation?.rule) return false
    best = { options: { ...candidate, faults: tried.faults }, report: tried }
    return true
  }
  const shorter = async (): Promise<void> => {
    for (let step = best.options.ticks >> 1; step > 0; ) {
      const ticks = best.options.ticks - step
      if (ticks < 1 || !(await tries({ ...best.options, ticks }))) step >>= 1
    }
  }
  const fewer = async (): Promise<void> => {
    for (const fault of best.options.faults)
      await tries({ ...best.options, faults: without(best.options.faults, fault) })
  }
  if (report.violation !== undefined && report.violation.tick < options.ticks) {
    await tries({ ...best.options, ticks: report.violation.tick })
  }
  await fewer()
  await shorter()
  await fewer()
  return { ...best, attempts }
}

function without(faults: readonly FaultName[], fault: FaultName): readonly FaultName[] {
  return faults.filter((each) => each !== fault)
}

/** The command that runs a simulation again. */
export function commandOf({ seed, ticks, faults, storm, canary }: SimOptions): string {
  const chosen = faults === undefined ? '' : ` --faults ${faults.join(',') || 'none'}`
  const planted = canary === undefined ? '' : ` --canary ${canary}`
  return `npm run sim -- --seed ${seed} --ticks ${ticks}${chosen}${storm ? ' --storm' : ''}${planted}`
}
