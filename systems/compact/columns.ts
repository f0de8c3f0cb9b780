import { singleton, states, table } from '../../engine/world/archetype.ts'

/** What compaction keeps: its plans, how far it has looked, and the questions by which it checks itself. */

/** Where the running round stands; see `rounds.ts`. */
export const CompactPhase = states('none', 'resting', 'learning', 'planning', 'before', 'committing', 'after')

/** Compaction as a whole. */
export const Compaction = singleton('Compaction', {
  on: 'u8', //                1 while the policy wants it
  phase: 'u8', //             CompactPhase
  key: 'u32', //              row in Key of the line that is looked through; 0 = none
  at: 'u32', //               the next memory of it, newest first; 0 = the line has not been begun
  looked: 'u32', //           memories looked at in this pass
  began_at_ms: 'f64', //      of the pass
  due_at_ms: 'f64', //        of the next; 0 = as soon as it is on
  first: 'u32', //            plan of the running round, which goes up to the newest; 0 = none yet
  asked: 'u32', //            plans of the round that wait for a model
  waiting: 'u32', //          questions of the round that wait for an answer
  found: 'u32', //            memories that the questions found before the round
  kept: 'u32', //             of these, still found after it, themselves or by what stands for them
  learnt: 'u32', //           memories whose words were counted for this pass
  cleared: 'u32', //          questions up to this one are hidden, because a memory was forgotten
  cleared_tick: 'u32', //     in which they were
  halted: 'u8', //            1: the operator wants it to end with this round
})

/** What became of a plan: `kept` is in force, `refused` made recall worse, `dropped` was overtaken, `undone` by the operator; of what was `purged` only the summary is left. */
export const PlanState = states(
  'none',
  'asked',
  'ready',
  'committed',
  'kept',
  'refused',
  'dropped',
  'undone',
  'forgotten',
  'purged',
)

/** Memories that are to be stood for by a summary. Records: `plan` (who they are), `summary` (what stands for them). */
export const Plan = table('Plan', {
  state: 'u8', //             PlanState
  line: 'u32', //             row in Key: the thread or channel they were said in
  members: 'u16',
  hash_high: 'u32', //        of the group as it was planned
  hash_low: 'u32',
  units_before: 'u32', //     UTF-16 units of its members' texts, and of the summary's
  units_after: 'u32',
  memory_id: 'u32', //        the summary; 0 = none yet
  by_model: 'u8', //          1: a model wrote it
  effect_id: 'u32', //        what it waits for; 0 = nothing
  planned_at_ms: 'f64',
  ended_at_ms: 'f64',
})

/** A question that was asked of the memory for somebody who used the answer. Record: `question`, its text. */
export const Question = table('Question', {
  hash_high: 'u32',
  hash_low: 'u32',
  asked_at_ms: 'f64',
  hidden_tick: 'u32', //      see systems/hidden.ts
})

/** How many of the newest questions a round is checked by, and how many memories of each answer: the best, because the tail changes with every memory. */
export const probes_max = 16
export const probeHits_max = 5

/** A question of the running round. */
export const Probe = table(
  'Probe',
  {
    question: 'u32', //       row in Question
    effect_id: 'u32', //      what it waits for; 0 = nothing
    hits: 'u8', //            memories found before: rows in ProbeHit, from (row - 1) * probeHits_max + 1 on
  },
  { capacity: probes_max, rows_max: probes_max },
)
export const ProbeHit = table(
  'ProbeHit',
  { memory_id: 'u32' },
  { capacity: probes_max * probeHits_max, rows_max: probes_max * probeHits_max },
)

/** How often words are said, as counted over a sample: row 1 + a word's hash modulo `wordCounts`. */
export const wordCounts = 16_384
export const WordCount = table('WordCount', { times: 'u16' }, { capacity: wordCounts, rows_max: wordCounts })

export const compactArchetypes = [Compaction, Plan, Question, Probe, ProbeHit, WordCount] as const
export const compactRecords = ['plan', 'summary', 'question'] as const
