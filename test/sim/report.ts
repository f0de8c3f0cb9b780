import { EngineError } from '../../engine/errors.ts'
import type { CanaryName } from './canaries.ts'
import type { FaultName } from './faults.ts'
import { Violation } from './violation.ts'

/** What is to be simulated. */
export type SimOptions = {
  readonly seed: number
  /** Ticks of the phase with faults. */
  readonly ticks: number
  /** Only these faults; without it those that the seed chooses. */
  readonly faults?: readonly FaultName[] | undefined
  /** No calms, and a process that dies many times more: for kill points. */
  readonly storm?: boolean | undefined
  readonly canary?: CanaryName | undefined
  /** Told, line by line, what happens to one note; for finding out how a promise came to be broken. */
  readonly trace?: { readonly path: string; readonly say: (line: string) => void } | undefined
}

/** What a run was and what became of it. */
export type SimReport = {
  readonly seed: number
  /** Ticks of both phases. */
  readonly ticks: number
  readonly faults: readonly FaultName[]
  /** How often each fault has happened. */
  readonly struck: { readonly [name in FaultName]?: number }
  readonly checks: number
  readonly crashes: number
  readonly ok: boolean
  /** What was seen to be broken, and at which tick of the simulation. */
  readonly violation: { readonly rule: string; readonly message: string; readonly tick: number } | undefined
  /** Of the journal's chain and of the world where it ended: the same for one seed whenever it is run. */
  readonly digest: string
  /** Odd branches that were taken, see `marks.ts`. */
  readonly marks: readonly string[]
  readonly edits: number
  readonly journal_ticks: number
}

/** Whatever ended a run, as the promise it broke: an engine that fails has broken one too. */
export function brokenBy(thrown: unknown): { rule: string; message: string } {
  if (thrown instanceof Violation) return { rule: thrown.rule, message: thrown.message }
  if (thrown instanceof EngineError) return { rule: thrown.code, message: thrown.message }
  if (thrown instanceof Error) return { rule: thrown.name, message: thrown.stack ?? thrown.message }
  return { rule: 'unknown', message: String(thrown) }
}
