import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Plan, PlanState } from '../compact/columns.ts'
import { Deleted, Edge, Gauge, Key, KeyKind, Memory, MemoryKind, MemoryRole, MentionField } from '../components.ts'
import type { MemoryCompacted, MemoryRestored } from '../events.ts'
import type { Minted } from '../minted.ts'
import { hash64 } from '../text/hash.ts'
import type { Draft } from './draft.ts'
import { deliveredAs } from './duplicate.ts'
import { hasRoom, mint, type Rolled, rowsOf } from './mint.ts'

/** Summaries that stand for memories: how one is put in place, how it is taken back, and what forgetting means for it. */

/** Keys of its members that a summary keeps beside its own. */
const rolled_max = 28
const identity = new Uint32Array(2)

/** Puts a summary in place of its members; nothing when one of them is not live any more. O(members and their edges) */
export function compacted(tick: Tick, minted: Minted, given: MemoryCompacted): void {
  const { world } = tick
  const members = given.memory_ids
  if (!members.every((id) => isLive(world, id))) return
  const draft = draftOfSummary(tick, given)
  hash64(draft.identity, identity)
  const [high = 0, low = 0] = identity
  if (deliveredAs(world, high, low) !== 0 || !hasRoom(world, rowsOf(draft))) return
  const id = mint(tick, minted, draft, rolledUp(world, members))
  const memory = world.of(Memory)
  memory.source_high[id] = high
  memory.source_low[id] = low
  for (const member of members) stand(world, member, id)
}

/** Serves the members of a summary again, as they were, and the summary no more. O(members) */
export function restored(world: World, { memory_id, memory_ids }: MemoryRestored): void {
  const { replaced_by } = world.of(Memory)
  for (const id of memory_ids) if (replaced_by[id] === memory_id) stand(world, id, 0)
  withdraw(world, memory_id, Deleted.gone)
}

/**
 * One of a summary's members is gone: the summary quotes it, so it goes too, and the others are served again. Nothing where no
 * summary stands for the memory. O(memories)
 */
export function dissolve(world: World, id: number, how: number): void {
  const { kind, replaced_by } = world.of(Memory)
  const summary = replaced_by[id]!
  if (summary === 0 || kind[summary] !== MemoryKind.summary) return
  for (let row = world.rows(Memory); row > 0; row--) {
    if (replaced_by[row] === summary && world.of(Memory).parent[row] === 0) stand(world, row, 0)
  }
  withdraw(world, summary, how)
  const { memory_id, state } = world.of(Plan)
  const plan = memory_id.indexOf(summary, 1)
  if (plan > 0 && plan <= world.rows(Plan)) state[plan] = PlanState.forgotten
}

/** Summaries that were ever made of a memory, in force or not: whoever forgets it forgets what quotes it. O(plans of its line) */
export function summariesOf(tick: Tick, id: number): { readonly plan: number; readonly memory_id: number }[] {
  const { world } = tick
  const { thread, channel } = world.of(Memory)
  const of = thread[id]! || channel[id]!
  const { line, memory_id } = world.of(Plan)
  const found: { plan: number; memory_id: number }[] = []
  for (let plan = 1; plan <= world.rows(Plan); plan++) {
    if (line[plan] !== of && memory_id[plan] !== id) continue
    const text = tick.read('plan', plan)
    if (text === undefined || text === '') continue
    if (memory_id[plan] === id || (JSON.parse(text) as number[]).includes(id))
      found.push({ plan, memory_id: memory_id[plan]! })
  }
  return found
}

/** Memories that a summary was made of and that are forgotten with it; none for any other memory. O(plans) */
export function forgottenOf(tick: Tick, summary: number): number[] {
  const { world } = tick
  const { deleted, kind } = world.of(Memory)
  if (kind[summary] !== MemoryKind.summary) return []
  const plan = world.of(Plan).memory_id.indexOf(summary, 1)
  const members = plan > 0 && plan <= world.rows(Plan) ? tick.read('plan', plan) : undefined
  const rows = members === undefined || members === '' ? [] : (JSON.parse(members) as number[])
  return rows.filter((row) => deleted[row] === Deleted.forgotten)
}

function draftOfSummary(tick: Tick, { plan, title, text, trust, happened_ms, source }: MemoryCompacted): Draft {
  return {
    kind: MemoryKind.summary,
    role: MemoryRole.system,
    trust,
    text,
    title,
    tags: [],
    id: `summary/${plan}`,
    identity: `compact\n${plan}\n${tick.world.of(Plan).planned_at_ms[plan]}`,
    source: {
      kind: source.kind,
      channel: source.channel ?? '',
      thread: source.thread ?? '',
      author: source.author ?? '',
    },
    ts: happened_ms,
    file: 0,
    path: '',
    place: '',
  }
}

function isLive(world: World, id: number): boolean {
  const { deleted, pinned, replaced_by } = world.of(Memory)
  return id <= world.rows(Memory) && deleted[id] === 0 && replaced_by[id] === 0 && pinned[id] === 0
}

/** A memory stands for another, or, with 0, for nobody else any more. O(chunks) */
function stand(world: World, id: number, by: number): void {
  const memory = world.of(Memory)
  for (let row = id; row <= id + memory.chunks[id]!; row++) memory.replaced_by[row] = by
  if (memory.deleted[id] === 0) world.of(Gauge).memories[1]! += by === 0 ? 1 : -1
}

function withdraw(world: World, summary: number, how: number): void {
  const memory = world.of(Memory)
  if (memory.deleted[summary] === Deleted.forgotten) return
  if (memory.deleted[summary] === 0) world.of(Gauge).memories[1]!--
  for (let row = summary; row <= summary + memory.chunks[summary]!; row++) memory.deleted[row] = how
}

/** What the members mention, the most mentioned first: a summary is found by what it leaves out, too. O(edges, sorted) */
function rolledUp(world: World, members: readonly number[]): Rolled[] {
  const { first_edge, edges } = world.of(Memory)
  const { key, signature, field } = world.of(Edge)
  const { kind } = world.of(Key)
  const found = new Map<number, { key: number; signature: number; field: number; times: number }>()
  for (const id of members) {
    for (let edge = first_edge[id]!; edge < first_edge[id]! + edges[id]!; edge++) {
      const to = key[edge]!
      // A line has one place, which is the summary's own.
      if (kind[to] === KeyKind.thread || kind[to] === KeyKind.channel) continue
      const known = found.get(to)
      if (known !== undefined) known.times++
      else found.set(to, { key: to, signature: signature[edge]!, field: fieldOf(field[edge]!), times: 1 })
    }
  }
  return [...found.values()].sort((one, other) => other.times - one.times || one.key - other.key).slice(0, rolled_max)
}

/** The title of a member is none of the summary's. */
function fieldOf(field: number): number {
  return field === MentionField.title ? MentionField.text : field
}
