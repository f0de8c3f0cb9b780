import type { Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import { Compaction, CompactPhase, Plan, PlanState } from '../../../systems/compact/columns.ts'
import { Key } from '../../../systems/components.ts'
import { CompactOrder } from '../../../systems/events.ts'
import type { Desk } from './order.ts'

/** What may be asked about compaction. */
export type CompactQuestion =
  | { readonly ask: 'compaction' }
  | { readonly ask: 'plans'; readonly limit: number }
  | { readonly ask: 'plan'; readonly plan: number }
  | { readonly ask: 'compact'; readonly order: 'run' | 'halt' | 'undo'; readonly plan?: number }
  | { readonly ask: 'purge'; readonly before_ms: number }

const plan: JsonSchema = { type: 'integer', minimum: 1, maximum: 0xffff_ffff }
const asking = (ask: string, more: { [name: string]: JsonSchema } = {}): JsonSchema =>
  objectOf({ ask: { const: ask }, ...more })

/** The form of each question. */
export const compactSchemas: { readonly [ask in CompactQuestion['ask']]: JsonSchema } = {
  compaction: asking('compaction'),
  plans: asking('plans', { limit: { type: 'integer', minimum: 1, maximum: 10_000 } }),
  plan: asking('plan', { plan }),
  purge: asking('purge', { before_ms: { type: 'number', minimum: 0 } }),
  compact: asking('compact', { order: { enum: ['run', 'halt', 'undo'] }, 'plan?': plan }),
}

/** How compaction stands. */
export type CompactionView = {
  readonly on: boolean
  readonly phase: string
  readonly looked: number
  readonly due_at_ms: number
  /** Plans by what became of them. */
  readonly plans: { readonly [state: string]: number }
  /** Of the plans in force: memories, and UTF-16 units of their texts and of the summaries that stand for them. */
  readonly memories: number
  readonly units_before: number
  readonly units_after: number
}
/** One plan; `memories` and `text` only where one alone is asked for. */
export type PlanView = {
  readonly plan: number
  readonly state: string
  readonly line: string
  readonly members: number
  readonly memory_id: number
  readonly title: string
  readonly by_model: boolean
  readonly units_before: number
  readonly units_after: number
  readonly planned_at_ms: number
  readonly ended_at_ms: number
  readonly memories?: readonly number[]
  readonly text?: string
}
export type CompactAnswer = {
  readonly order: string
  readonly plan: number
  readonly done: boolean
  readonly reason: string
}

const states = Object.keys(PlanState)
const phases = Object.keys(CompactPhase)

/** Answers a question about compaction. An order is durable when this resolves. */
export async function answerOfCompact(engine: Engine, question: CompactQuestion): Promise<object> {
  switch (question.ask) {
    case 'compaction':
      return compactionOf(engine)
    case 'plans':
      return { plans: newest(engine, question.limit) }
    case 'plan':
      return { plan: question.plan > engine.world.rows(Plan) ? null : wholePlan(engine, question.plan) }
    case 'purge':
      return { purged: await purge(engine, question.before_ms) }
    case 'compact':
      return ordered(engine, question.order, question.plan ?? 0)
  }
}

/** O(plans) */
function compactionOf({ world }: View): CompactionView {
  const { due_at_ms, looked, on, phase } = world.of(Compaction)
  const { members, state, units_after, units_before } = world.of(Plan)
  const plans: Record<string, number> = {}
  const sum = { memories: 0, units_before: 0, units_after: 0 }
  for (let row = 1; row <= world.rows(Plan); row++) {
    const name = states[state[row]!]!
    plans[name] = (plans[name] ?? 0) + 1
    if (state[row] !== PlanState.kept) continue
    sum.memories += members[row]!
    sum.units_before += units_before[row]!
    sum.units_after += units_after[row]!
  }
  const [at, seen, due] = [phase[1]!, looked[1]!, due_at_ms[1]!]
  return { on: on[1] === 1, phase: phases[at] ?? 'none', looked: seen, due_at_ms: due, plans, ...sum }
}

function newest(view: View, limit: number): PlanView[] {
  const last = view.world.rows(Plan)
  const first = Math.max(1, last - limit + 1)
  return Array.from({ length: last - first + 1 }, (_, at) => planOf(view, first + at))
}

function planOf(view: View, row: number): PlanView {
  const plans = view.world.of(Plan)
  const { title } = summaryOf(view, row)
  return {
    plan: row,
    state: states[plans.state[row]!]!,
    line: plans.line[row]! > view.world.rows(Key) ? '' : (view.read('key', plans.line[row]!) ?? ''),
    members: plans.members[row]!,
    memory_id: plans.memory_id[row]!,
    title,
    by_model: plans.by_model[row] === 1,
    units_before: plans.units_before[row]!,
    units_after: plans.units_after[row]!,
    planned_at_ms: plans.planned_at_ms[row]!,
    ended_at_ms: plans.ended_at_ms[row]!,
  }
}

function wholePlan(view: View, row: number): PlanView {
  const members = view.read('plan', row)
  return { ...planOf(view, row), memories: JSON.parse(members || '[]') as number[], text: summaryOf(view, row).text }
}

/** What the summary of a plan says, empty when it was forgotten. */
function summaryOf(view: View, row: number): { readonly title: string; readonly text: string } {
  const text = view.read('summary', row)
  return text === undefined || text === ''
    ? { title: '', text: '' }
    : (JSON.parse(text) as { title: string; text: string })
}

/**
 * Removes the texts that summaries put in place before a time stand for, and the past in which they were said. A crash at any moment leaves
 * a record that recovers. @returns how many plans were purged
 */
export async function purge(engine: Desk, before_ms: number): Promise<number> {
  const { world } = engine
  const due = (): number => {
    const { ended_at_ms, state } = world.of(Plan)
    let count = 0
    for (let row = 1; row <= world.rows(Plan); row++) {
      if (state[row] === PlanState.kept && ended_at_ms[row]! < before_ms) count++
    }
    return count
  }
  const plans = due()
  if (plans === 0) return 0
  await engine.snapshot()
  for (let left = plans; left > 0; ) {
    await engine.ingest({
      type: CompactOrder.name,
      source: { kind: 'operator' },
      payload: { order: 'purge', before_ms },
    })
    const now = due()
    if (now >= left) throw new EngineError('ENGINE_STATE', `${now} plans cannot be purged`)
    left = now
  }
  await engine.dropPast()
  return plans
}

async function ordered(engine: Engine, order: 'run' | 'halt' | 'undo', row: number): Promise<CompactAnswer> {
  const refused = (reason: string): CompactAnswer => ({ order, plan: row, done: false, reason })
  const { world } = engine
  if (order === 'undo' && (row === 0 || row > world.rows(Plan))) return refused('there is no such plan')
  const before = world.of(Plan).state[row]!
  if (order === 'undo' && before === PlanState.undone) return refused('it was taken back before')
  const payload = order === 'undo' ? { order, plan: row } : { order }
  await engine.ingest({ type: CompactOrder.name, source: { kind: 'operator' }, payload })
  if (order === 'run') {
    return world.of(Compaction).on[1] === 1
      ? { order, plan: 0, done: true, reason: '' }
      : refused('the daemon was not told to compact: set memory.compact in the config and start it')
  }
  if (order === 'undo' && world.of(Plan).state[row] !== PlanState.undone) return refused(`it is ${states[before]}`)
  return { order, plan: row, done: true, reason: '' }
}
