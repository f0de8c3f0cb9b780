import type { Event } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import { answered as answeredProbe, ask, clear, judge, keepQuestion } from './compact/check.ts'
import { Compaction, CompactPhase, Plan, PlanState } from './compact/columns.ts'
import { extracted, membersIn, membersOf, plannedOf, ready } from './compact/plans.ts'
import { type CompactPolicy, compactPolicyOf } from './compact/policy.ts'
import { learn } from './compact/rarity.ts'
import { beginPass, commit, committed, endPass, isThrough, look, settle, takeBack } from './compact/rounds.ts'
import { judge as judgeSummary } from './compact/summary.ts'
import { Memory } from './components.ts'
import { CompactOrder, ConfigSet, LlmChat, MemoryCompacted, MemoryOrder, MemoryRecall, MemoryUsed } from './events.ts'
import { Texts } from './memory/text-of.ts'
import { parseAnswer } from './text/answer.ts'

/**
 * Memories that nobody uses are stood for by a summary, in rounds that are taken back when they make recall worse. Off until the
 * policy wants it. O(1) while it rests; else a slice of the memories, or what one round holds, a tick.
 */
export const compact = system('compact', (tick) => {
  // Before any answer: what is to be forgotten is not on its way to a model any more.
  if (tick.events.some((event) => MemoryOrder.is(event))) withdrawHidden(tick)
  for (const event of tick.events) hear(tick, event)
  const run = tick.world.of(Compaction)
  if (run.on[1] === 0 && run.phase[1]! <= CompactPhase.resting) return
  if (run.phase[1]! > CompactPhase.resting) goOn(tick)
  else if (tick.now_ms >= run.due_at_ms[1]!) beginPass(tick)
})

function hear(tick: Tick, event: Event): void {
  const { world } = tick
  if (ConfigSet.is(event)) world.of(Compaction).on[1] = event.payload.policy['compact'] === undefined ? 0 : 1
  else if (MemoryUsed.is(event)) {
    if (world.of(Compaction).on[1] === 1) keepQuestion(tick, event.payload)
  } else if (CompactOrder.is(event)) obey(tick, event)
  else if (MemoryCompacted.is(event)) {
    if (event.source.kind === 'world') committed(tick, event.payload)
  } else if (MemoryRecall.done.is(event) || MemoryRecall.failed.is(event)) answeredProbe(tick, event)
  else if (LlmChat.done.is(event)) answeredPlan(tick, event, event.payload.content)
  else if (LlmChat.failed.is(event) || LlmChat.unknown.is(event)) answeredPlan(tick, event, undefined)
}

function obey(tick: Tick, { payload: { order, plan }, source }: Event & { readonly payload: CompactOrder }): void {
  if (source.kind !== 'operator' && source.kind !== 'admin') return
  const { world } = tick
  const run = world.of(Compaction)
  if (order === 'undo') {
    if (plan !== undefined && plan <= world.rows(Plan)) takeBack(tick, plan, PlanState.undone)
  } else if (order === 'halt') run.halted[1] = 1
  else if (order === 'run' && run.on[1] === 1 && run.phase[1]! <= CompactPhase.resting) beginPass(tick)
}

/** Plans of the round that wait for a model and have a member that is hidden now are dropped. O(plans of the round) */
function withdrawHidden(tick: Tick): void {
  const { world } = tick
  const { deleted } = world.of(Memory)
  const run = world.of(Compaction)
  const { effect_id, state } = world.of(Plan)
  for (let row = Math.max(1, run.first[1]!); row <= world.rows(Plan); row++) {
    if (state[row] !== PlanState.asked || membersIn(tick, row).every((id) => deleted[id] === 0)) continue
    const effect = effect_id[row]!
    run.asked[1]!--
    ready(tick, row, undefined)
    tick.withdraw(effect)
  }
}

/** A model's summary, or none: then it is made of the memories' own sentences. */
function answeredPlan(tick: Tick, event: Event, content: string | undefined): void {
  const effect = event.payload['effect_id']
  if (typeof effect !== 'number') return
  const { world } = tick
  const row = tick.ownerOf(effect)
  const plans = world.of(Plan)
  if (row < 1 || row > world.rows(Plan) || plans.effect_id[row] !== effect) return
  const policy = compactPolicyOf(tick)
  world.of(Compaction).asked[1]!--
  if (policy === undefined) {
    ready(tick, row, undefined)
    return
  }
  const given = content === undefined ? undefined : givenOf(tick, row, content, policy)
  if (given !== undefined) plans.by_model[row] = 1
  ready(tick, row, given ?? extracted(tick, row, policy))
}

function givenOf(tick: Tick, row: number, content: string, policy: CompactPolicy): ReturnType<typeof extracted> {
  const answer = parseAnswer(content)
  if (!answer.ok) return undefined
  const rows = membersIn(tick, row)
  const summary = judgeSummary(answer.value, rows)
  if ('reason' in summary) return undefined
  return plannedOf(tick.world, summary, rows, membersOf(new Texts(tick), rows), policy)
}

/** The next slice of the running round. */
function goOn(tick: Tick): void {
  const { world } = tick
  const run = world.of(Compaction)
  const policy = compactPolicyOf(tick)
  switch (run.phase[1]) {
    case CompactPhase.learning:
      if (learn(tick)) run.phase[1] = CompactPhase.planning
      return
    case CompactPhase.planning:
      return planOn(tick, policy)
    case CompactPhase.before:
      if (run.waiting[1] !== 0) return
      commit(tick)
      run.phase[1] = CompactPhase.committing
      return
    case CompactPhase.committing:
      // What was asked of memory in the tick before has happened in this one.
      run.phase[1] = CompactPhase.after
      ask(tick)
      return
    case CompactPhase.after:
      if (run.waiting[1] !== 0) return
      settle(tick, policy !== undefined && judge(tick, policy))
      run.phase[1] = CompactPhase.planning
  }
}

function planOn(tick: Tick, policy: CompactPolicy | undefined): void {
  const { world } = tick
  const run = world.of(Compaction)
  const ends = policy === undefined || run.on[1] === 0 || run.halted[1] === 1
  const complete = ends || look(tick, policy)
  if (!complete || run.asked[1] !== 0) return
  if (run.first[1] === 0) {
    if (ends || isThrough(tick)) endPass(tick, policy)
    return
  }
  run.phase[1] = CompactPhase.before
  clear(tick)
  ask(tick)
}
