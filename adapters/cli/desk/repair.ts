import type { Engine } from '../../../engine/engine.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import { RepairAsked } from '../../../systems/events.ts'
import { Repair, RepairPhase, RepairState, RepairVerdict } from '../../../systems/repair/columns.ts'
import { repairRulesOf } from '../../../systems/repair/policy.ts'
import { filesChanged, lastCheck } from '../../../systems/repair/steps.ts'

/** What may be asked about repairs. */
export type RepairQuestion =
  | { readonly ask: 'repairs' }
  /** Lets one begin; answered once it has, or is at work already. */
  | { readonly ask: 'repair'; readonly name: string }

const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 100 }

/** The form of each question. */
export const repairSchemas: { readonly [ask in RepairQuestion['ask']]: JsonSchema } = {
  repairs: objectOf({ ask: { const: 'repairs' } }),
  repair: objectOf({ ask: { const: 'repair' }, name }),
}

/** How a repair stands. Times are in milliseconds since 1970, 0 = never. */
export type RepairView = {
  readonly name: string
  readonly directory: string
  readonly command: readonly string[]
  /** open, done, failed, or none before the first run. */
  readonly verdict: string
  /** pending, running, validating, retry, or none at rest. */
  readonly state: string
  /** checking or asking while it waits for that. */
  readonly phase: string
  readonly runs: number
  readonly attempts: number
  readonly attempts_max: number
  readonly exit_code: number
  /** What opencode says it has changed in the last run. */
  readonly files: readonly string[]
  readonly code: string
  readonly reason: string
  /** End of what the command said last. */
  readonly output: string
  readonly asked_at_ms: number
  readonly ended_at_ms: number
  readonly next_at_ms: number
}
export type RepairBegun = { readonly begun: boolean; readonly runs: number; readonly reason: string }

const nameOf = (states: { readonly [name: string]: number }, value: number): string =>
  Object.keys(states)[value] ?? 'none'

/** Answers a question about repairs. An order is durable when this resolves. */
export async function answerOfRepairs(engine: Engine, question: RepairQuestion): Promise<object> {
  return question.ask === 'repairs' ? { repairs: repairsOf(engine) } : begun(engine, question.name)
}

/** The repairs that the policy names, in its order. O(repairs + steps of their last runs). */
export function repairsOf(view: View): RepairView[] {
  const { world } = view
  const repair = world.of(Repair)
  return [...repairRulesOf(view).values()].map(({ name: key, directory, command, attempts_max }) => {
    const row = world.find(Repair, key)
    return {
      name: key,
      directory,
      command,
      verdict: nameOf(RepairVerdict, repair.verdict[row]!),
      state: nameOf(RepairState, repair.state[row]!),
      phase: nameOf(RepairPhase, repair.phase[row]!),
      runs: repair.runs[row]!,
      attempts: repair.attempts[row]!,
      attempts_max,
      exit_code: repair.exit_code[row]!,
      files: filesChanged(view, row),
      code: world.names.text(repair.code[row]!),
      reason: world.names.text(repair.reason[row]!),
      output: lastCheck(view, row)?.output ?? '',
      asked_at_ms: repair.asked_at_ms[row]!,
      ended_at_ms: repair.ended_at_ms[row]!,
      next_at_ms: repair.next_at_ms[row]!,
    }
  })
}

async function begun(engine: Engine, key: string): Promise<RepairBegun> {
  const { world } = engine
  // A policy that was set a moment ago may name it.
  await engine.flushed()
  const row = world.find(Repair, key)
  if (row === 0 || !repairRulesOf(engine).has(key)) {
    return { begun: false, runs: 0, reason: `the config names no repair ${key}` }
  }
  const before = world.of(Repair).runs[row]!
  await engine.ingest({ type: RepairAsked.name, source: { kind: 'operator' }, payload: { name: key } })
  const runs = world.of(Repair).runs[row]!
  return { begun: runs > before, runs, reason: runs > before ? '' : 'it is at work already' }
}
