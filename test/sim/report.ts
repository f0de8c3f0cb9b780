import { EngineError } from '../../engine/errors.ts'
import type { CanaryName } from './canaries.ts'
import { Violation } from './violation.ts'

/** What is to be simulated. */
export type SimOptions = {
  readonly seed: number
  /** Ticks of the phase with faults. */
  readonly ticks: number
  readonly canary?: CanaryName | undefined
  /** Told, line by line, what happens to one note; for finding out how a promise came to be broken. */
  readonly trace?: { readonly path: string; readonly say: (line: string) => void } | undefined
}

/** What a run was and what became of it. */
export type SimReport = {
  readonly seed: number
  /** Ticks of both phases. */
  readonly ticks: number
  readonly faults: readonly string[]
  readonly checks: number
  readonly crashes: number
  readonly ok: boolean
  /** What was seen to be broken, and at which tick of the simulation. */
  readonly violation: { readonly rule: string; readonly message: string; readonly tick: number } | undefined
  /** Columns of the world where it ended, by which two runs of one seed are compared. */
  readonly mark: { readonly [column: string]: number }
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
