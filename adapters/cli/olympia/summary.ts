import { version } from '../../../engine/version.ts'
import type { Course } from './run-suite.ts'
import type { Trial } from './seen.ts'
import { percentile, type Rate, sumOf, wilson } from './statistics.ts'
import type { Suite, Task } from './suite.ts'

/** What came of a suite, in figures. */

export type TaskSummary = {
  readonly task: string
  readonly rate: Rate
  readonly latency_p50_ms: number
}

/** Calls of tools: as they should be at first, after mending or a second try, or never. */
export type CallsSummary = { readonly valid: number; readonly repaired: number; readonly failed: number }

/** Runs of a task that failed for the same reasons. */
export type FailureSummary = {
  readonly task: string
  readonly runs: readonly number[]
  readonly reasons: readonly string[]
}

export type ModelSummary = {
  readonly model: string
  readonly planned: number
  readonly rate: Rate
  readonly latency_p50_ms: number
  readonly latency_p95_ms: number
  readonly tokens_in: number
  readonly tokens_out: number
  readonly tokens_estimated: boolean
  /** In the currency of the policy's prices; null without them. */
  readonly cost: number | null
  readonly calls: CallsSummary
  /** Runs in which the model did not answer, which count as not passed. */
  readonly unanswered: number
  readonly given_up: string
  readonly tasks: readonly TaskSummary[]
  readonly failures: readonly FailureSummary[]
}

export type Summary = {
  readonly suite: string
  readonly about: string
  readonly suite_hash: string
  /** In their order, with what each is about. */
  readonly tasks: readonly { readonly name: string; readonly about: string }[]
  /** When it began, as an ISO date. */
  readonly at: string
  readonly versions: Versions
  readonly interrupted: boolean
  readonly models: readonly ModelSummary[]
}

/** With what it was run. */
export type Versions = { readonly promethean: string; readonly node: string }

/** The versions of this process. */
export const versions: Versions = { promethean: version, node: process.versions.node }

/** @param about when it began, and whether it was ended before its time */
export function summaryOf(
  suite: Suite,
  courses: readonly Course[],
  about: { readonly at: string; readonly interrupted: boolean },
): Summary {
  return {
    suite: suite.name,
    about: suite.about,
    suite_hash: suite.hash,
    tasks: suite.tasks.map(({ name, about = '' }) => ({ name, about })),
    ...about,
    versions,
    models: courses.map((course) => modelSummary(suite, course)),
  }
}

function modelSummary(suite: Suite, { model, planned, trials, given_up }: Course): ModelSummary {
  const latencies = trials.map(({ spent }) => spent.latency_ms)
  const costs = trials.flatMap(({ spent }) => (spent.cost === undefined ? [] : [spent.cost]))
  return {
    model,
    planned,
    rate: rateOf(trials),
    latency_p50_ms: percentile(latencies, 0.5),
    latency_p95_ms: percentile(latencies, 0.95),
    tokens_in: sumOf(trials.map(({ spent }) => spent.tokens_in)),
    tokens_out: sumOf(trials.map(({ spent }) => spent.tokens_out)),
    tokens_estimated: trials.some(({ spent }) => spent.tokens_estimated),
    cost: costs.length === 0 ? null : sumOf(costs),
    calls: callsOf(trials),
    unanswered: trials.filter(({ unanswered }) => unanswered !== '').length,
    given_up,
    tasks: suite.tasks.map((task) => taskSummary(task, trials)),
    failures: failuresOf(trials),
  }
}

function taskSummary({ name }: Task, trials: readonly Trial[]): TaskSummary {
  const own = trials.filter(({ task }) => task === name)
  const latencies = own.map(({ spent }) => spent.latency_ms)
  return { task: name, rate: rateOf(own), latency_p50_ms: percentile(latencies, 0.5) }
}

/** In the order of the runs, those alike as one. O(runs). */
function failuresOf(trials: readonly Trial[]): FailureSummary[] {
  const alike = new Map<string, { task: string; runs: number[]; reasons: readonly string[] }>()
  for (const { task, run, reasons, passed } of trials) {
    if (passed) continue
    const key = JSON.stringify([task, reasons])
    const known = alike.get(key)
    if (known === undefined) alike.set(key, { task, runs: [run], reasons })
    else known.runs.push(run)
  }
  return [...alike.values()]
}

function rateOf(trials: readonly Trial[]): Rate {
  return wilson(trials.filter(({ passed }) => passed).length, trials.length)
}

function callsOf(trials: readonly Trial[]): CallsSummary {
  const all = trials.flatMap(({ seen }) => seen.asked)
  const count = (wanted: string): number => all.filter(({ validity }) => validity === wanted).length
  return { valid: count('valid'), repaired: count('repaired'), failed: count('failed') }
}
