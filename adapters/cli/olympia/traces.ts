import type { Trial } from './seen.ts'
import type { Suite } from './suite.ts'
import { versions } from './summary.ts'

/** One line of `traces.jsonl`: a run with what was asked, what was answered, and how it was judged. */
export function traceLine(suite: Suite, trial: Trial): string {
  const { task, model, run, seed, passed, reasons, unanswered, messages, tools, seen, spent } = trial
  const { answer, asked, ran, ending, note } = seen
  const { latency_ms, model_ms, ...tokens } = spent
  return JSON.stringify({
    suite: suite.name,
    suite_hash: suite.hash,
    task,
    model,
    run,
    seed,
    passed,
    reasons,
    unanswered,
    messages,
    tools,
    calls: asked,
    results: ran,
    answer,
    ...(note === undefined ? {} : { note }),
    ending,
    ...tokens,
    latency_ms: Math.round(latency_ms),
    model_ms: Math.round(model_ms),
    versions,
  })
}
