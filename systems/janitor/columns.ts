import { singleton, states, table } from '../../engine/world/archetype.ts'

/** What the janitor keeps: rules that it proposed, and its reports. */

export const RuleState = states('none', 'proposed', 'active', 'refused', 'ended')

/** A rule: a family of messages of programs is only counted, and wakes nobody. In force only with the operator's yes. */
export const Rule = table(
  'Rule',
  {
    state: 'u8', //             RuleState
    family: 'u32', //           row in Family
    proposed_at_ms: 'f64',
    decided_at_ms: 'f64',
    suppressed: 'f64', //       messages it has kept away
  },
  { rows_max: 100_000 },
)

/** The running report. */
export const Janitor = singleton('Janitor', {
  since_ms: 'f64', //           beginning of the report that is being gathered; 0 = nothing was heard yet
  reports: 'u32',
  messages: 'f64', //           heard since then
  counted: 'f64', //            of these, only counted
  families: 'u32', //           that became known since then
  turn: 'u32', //               that words the last report; 0 = none does
  reported_tick: 'f64', //      when the last report was given
})

export const janitorArchetypes = [Rule, Janitor] as const
export const janitorRecords = ['report'] as const
