import { offline } from '../../offline.ts'
import type { Model } from './models.ts'
import { Patience } from './patience.ts'
import type { Trial } from './seen.ts'
import type { Suite } from './suite.ts'
import { runTrial } from './trial.ts'
import { judgeOf } from './validate.ts'

/** Runs every task of a suite by every model, as often as is wanted. */

export type Plan = {
  readonly suite: Suite
  readonly models: readonly Model[]
  /** Of each task that does not say itself how often. */
  readonly runs: number
  /** Runs that may be under way at once. */
  readonly parallel: number
  /** Aborted: what is under way is broken off, and what was done stays. */
  readonly signal: AbortSignal
  /** Hears every run that was judged. */
  heard(trial: Trial): void
}

/** What came of a model. */
export type Course = {
  readonly model: string
  readonly planned: number
  readonly trials: readonly Trial[]
  /** Why the rest was left out; empty when nothing was. */
  readonly given_up: string
}

/** How many runs a plan has for each of its models. */
export function runsOf({ suite, runs }: Pick<Plan, 'suite' | 'runs'>): number {
  return suite.tasks.reduce((sum, task) => sum + (task.runs ?? runs), 0)
}

/** One model after another, so that they do not slow each other down. Never rejects for what a model does. */
export async function runSuite(plan: Plan): Promise<readonly Course[]> {
  await warmUp(plan)
  const courses: Course[] = []
  for (const model of plan.models) courses.push(await runModel(plan, model))
  return courses
}

/** The first world of a process takes a quarter of a second longer than all others, which is no model's fault. */
async function warmUp({ suite, signal }: Plan): Promise<void> {
  const [task] = suite.tasks
  const model: Model = { name: 'warm-up', adapters: [offline()], prices: undefined }
  if (task !== undefined)
    await runTrial({ suite, task, judge: () => [], model, run: 1, signal, asked: () => undefined })
}

async function runModel(plan: Plan, model: Model): Promise<Course> {
  const { suite, runs, parallel, signal: stop, heard } = plan
  const jobs = suite.tasks.flatMap((task) => {
    const judge = judgeOf(task, suite)
    return Array.from({ length: task.runs ?? runs }, (_, at) => ({ suite, task, judge, model, run: at + 1 }))
  })
  const trials: Trial[] = []
  const waiting = jobs.values()
  const patience = new Patience()
  const signal = AbortSignal.any([stop, patience.signal])
  const asked = (code: string): void => patience.heard(code)
  const work = async (): Promise<void> => {
    for (const job of waiting) {
      const trial = signal.aborted ? undefined : await runTrial({ ...job, signal, asked })
      if (trial === undefined) continue
      trials.push(trial)
      heard(trial)
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  const rest = jobs.length - trials.length
  const given_up = patience.reason === '' || rest === 0 ? '' : `${patience.reason}, so ${rest} runs were left out`
  return { model: model.name, planned: jobs.length, trials: inPlace(trials, suite), given_up }
}

/** In the order of the suite, whoever was first. */
function inPlace(trials: readonly Trial[], suite: Suite): Trial[] {
  const places = new Map(suite.tasks.map(({ name }, at) => [name, at]))
  return trials.toSorted((a, b) => (places.get(a.task) ?? 0) - (places.get(b.task) ?? 0) || a.run - b.run)
}
