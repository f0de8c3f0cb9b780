import { singleton, states, table } from '../../engine/world/archetype.ts'

/** Sentinels over commands: each holds a folder to a command that must succeed. */

export const RepairVerdict = states('none', 'open', 'done', 'failed')
/** As a sentinel's: `validating` runs the command after opencode has worked, `retry` asks it again. */
export const RepairState = states('none', 'pending', 'running', 'validating', 'retry')
export const RepairPhase = states('none', 'checking', 'asking')

/** A repair that the policy names or named, keyed by its name, with the run of it that is under way or was the last. */
export const Repair = table(
  'Repair',
  {
    verdict: 'u8', //         RepairVerdict of the last run
    state: 'u8', //           RepairState; none = at rest
    phase: 'u8', //           RepairPhase: what it waits for
    attempts: 'u8', //        times that opencode was asked in this run
    runs: 'u32', //           how often it was begun
    effect_id: 'u32', //      what it waits for; 0 = nothing
    exit_code: 'i32', //      of the last command that ended; -1 = by a signal
    newest: 'u32', //         last step of this run, row in RepairStep; 0 = none
    asked_at_ms: 'f64', //    when this run was asked for
    ended_at_ms: 'f64', //    0 = it has not
    next_at_ms: 'f64', //     when it begins by itself; 0 = never
    code: 'u32', //           name of the failure's code; 0 = none
    reason: 'u32', //         name of the failure's reason
  },
  { capacity: 64, rows_max: 65_536 },
)

export const StepKind = states('none', 'check', 'ask')

/** What was done in a run: the command was run, or opencode was asked. Record: `step`, JSON of what came of it. */
export const RepairStep = table(
  'RepairStep',
  {
    repair: 'u32', //         row in Repair
    kind: 'u8', //            StepKind
    exit_code: 'i32', //      of a check; -1 = by a signal
    previous: 'u32', //       the step before it in its run; 0 = it is the first
    ended_at_ms: 'f64',
  },
  { fixed: true },
)

/** When the next repair begins by itself, so that a tick in which none does costs nothing. 0 = none will. */
export const RepairClock = singleton('RepairClock', { next_at_ms: 'f64' })

export const repairArchetypes = [Repair, RepairStep, RepairClock] as const
export const repairRecords = ['step'] as const
