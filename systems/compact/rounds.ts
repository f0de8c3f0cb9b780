import type { Tick } from '../../engine/system.ts'
import { Key, Memory, MemoryKind } from '../components.ts'
import { type MemoryCompacted as Committed, CompactEnded, MemoryCompacted, MemoryRestored } from '../events.ts'
import { Texts } from '../memory/text-of.ts'
import { Compaction, CompactPhase, Plan, PlanState } from './columns.ts'
import { Group, gather, nextLine } from './groups.ts'
import { isSound, membersIn, type Planned, plan, plannedIn } from './plans.ts'
import type { CompactPolicy } from './policy.ts'

/**
 * A pass goes along every line of memories in rounds: some plans are made, the last questions are asked, the plans are committed,
 * the questions are asked again, and the round stands or is taken back. Each tick does a slice, so that none is long.
 */

/** Memories and keys that one tick looks at. */
const looked_max = 1_024
const keysLooked_max = 32_768
/** Plans that one tick makes, and plans of a round: what is committed in one tick. */
const perTick_max = 1
const round_max = 4
const group = new Group()

/** Looks on for groups, and plans some. True when the round is complete. O(looked_max), and the texts of one group */
export function look(tick: Tick, policy: CompactPolicy): boolean {
  const { world, now_ms } = tick
  const run = world.of(Compaction)
  const kept_before_ms = now_ms - policy.after_ms
  let left = looked_max
  let keysLeft = keysLooked_max
  let made = 0
  while (left > 0 && keysLeft > 0 && made < perTick_max && !isFull(tick)) {
    if (run.at[1] === 0) {
      const { key, looked } = nextLine(world, run.key[1]!, keysLeft)
      keysLeft -= looked
      if (key === 0 && run.key[1]! + looked >= world.rows(Key)) return true
      run.key[1]! += looked
      if (key !== 0) run.at[1] = world.of(Key).newest_memory[key]!
      continue
    }
    const { next, steps } = gather(world, run.at[1]!, kept_before_ms, now_ms, left, group)
    run.at[1] = next
    run.looked[1]! += steps
    left -= Math.max(1, steps)
    if (!group.worthwhile) continue
    const row = plan(tick, group, run.key[1]!, policy)
    if (row === 0) continue
    made++
    if (run.first[1] === 0) run.first[1] = row
    if (world.of(Plan).state[row] === PlanState.asked) run.asked[1]!++
  }
  return isFull(tick)
}

function isFull({ world }: Tick): boolean {
  const first = world.of(Compaction).first[1]!
  return first !== 0 && world.rows(Plan) - first + 1 >= round_max
}

/** Whether the pass has looked at everything. */
export function isThrough({ world }: Tick): boolean {
  const { at, key } = world.of(Compaction)
  return at[1] === 0 && nextLine(world, key[1]!, world.rows(Key)).key === 0
}

/** Asks memory to put the summaries of the round in place; plans of which a member has changed are dropped. O(plans of the round) */
export function commit(tick: Tick): void {
  const { world } = tick
  const plans = world.of(Plan)
  for (const row of ofRound(tick)) {
    if (plans.state[row] !== PlanState.ready) continue
    const rows = membersIn(tick, row)
    const planned = plannedIn(tick, row)
    if (planned === undefined || !isSound(tick, row, rows)) end(tick, row, PlanState.dropped)
    else tick.emit(MemoryCompacted, committedOf(tick, row, rows, planned))
  }
}

function committedOf(tick: Tick, row: number, rows: readonly number[], { title, text, to_ms }: Planned): Committed {
  const { trust } = tick.world.of(Memory)
  const texts = new Texts(tick)
  const { kind, channel, thread } = texts.meta(rows[0]!).source
  const authors = new Set(rows.map((each) => texts.meta(each).source.author ?? ''))
  const [author = ''] = authors.size === 1 ? authors : []
  return {
    plan: row,
    memory_ids: [...rows],
    title,
    text,
    trust: Math.min(...rows.map((each) => trust[each]!)),
    happened_ms: to_ms,
    source: {
      kind,
      ...(channel === undefined ? {} : { channel }),
      ...(thread === undefined ? {} : { thread }),
      ...(author === '' ? {} : { author }),
    },
  }
}

/** Memory has put a summary in place, or could not. O(1) */
export function committed({ world, now_ms }: Tick, { plan: row, memory_ids }: Committed): void {
  const { kind, replaced_by } = world.of(Memory)
  const plans = world.of(Plan)
  const summary = replaced_by[memory_ids[0]!]!
  if (summary === 0 || kind[summary] !== MemoryKind.summary) {
    plans.state[row] = PlanState.dropped
    plans.ended_at_ms[row] = now_ms
    return
  }
  plans.memory_id[row] = summary
  plans.state[row] = PlanState.committed
}

/** The round stands, or all of it is taken back. O(plans of the round) */
export function settle(tick: Tick, accepted: boolean): void {
  const plans = tick.world.of(Plan)
  for (const row of ofRound(tick)) {
    if (plans.state[row] !== PlanState.committed) continue
    if (accepted) end(tick, row, PlanState.kept)
    else takeBack(tick, row, PlanState.refused)
  }
  const run = tick.world.of(Compaction)
  run.first[1] = 0
  run.asked[1] = 0
}

/** A plan in force is taken back: memory serves its members again. False when it is not in force. O(members) */
export function takeBack(tick: Tick, row: number, state: number): boolean {
  const plans = tick.world.of(Plan)
  if (plans.state[row] !== PlanState.kept && plans.state[row] !== PlanState.committed) return false
  tick.emit(MemoryRestored, { plan: row, memory_id: plans.memory_id[row]!, memory_ids: membersIn(tick, row) })
  end(tick, row, state)
  return true
}

/** Begins to look through everything. O(1) */
export function beginPass({ world, now_ms }: Tick): void {
  const run = world.of(Compaction)
  run.phase[1] = CompactPhase.learning
  run.learnt[1] = 0
  run.key[1] = 0
  run.at[1] = 0
  run.looked[1] = 0
  run.first[1] = 0
  run.asked[1] = 0
  run.halted[1] = 0
  run.began_at_ms[1] = now_ms
}

/** Everything was looked through, or the operator wants it to end. */
export function endPass(tick: Tick, policy: CompactPolicy | undefined): void {
  const { world, now_ms } = tick
  const run = world.of(Compaction)
  run.phase[1] = CompactPhase.resting
  run.due_at_ms[1] = now_ms + (policy?.every_ms ?? 0)
  const { state, planned_at_ms } = world.of(Plan)
  let plans = 0
  for (let row = world.rows(Plan); row > 0 && planned_at_ms[row]! >= run.began_at_ms[1]!; row--) {
    if (state[row] === PlanState.kept) plans++
  }
  tick.emit(CompactEnded, { memories: run.looked[1]!, plans })
}

function end({ world, now_ms }: Tick, row: number, state: number): void {
  const plans = world.of(Plan)
  plans.state[row] = state
  plans.ended_at_ms[row] = now_ms
}

function ofRound({ world }: Tick): number[] {
  const first = world.of(Compaction).first[1]!
  return first === 0 ? [] : Array.from({ length: world.rows(Plan) - first + 1 }, (_, at) => first + at)
}
