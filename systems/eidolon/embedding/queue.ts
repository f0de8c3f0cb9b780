import type { World } from '../../../engine/world/world.ts'
import { Mark, Memory } from '../../components.ts'
import { Embedding, EmbedJob, EmbedLane, EmbedState, Vector } from '../columns.ts'
import { letsIn, pressureOf } from './pressure.ts'
import { Priority, priorityOf } from './priority.ts'

/** Memories are looked at again while fewer jobs than this wait. */
export const sweepBelow = 256
/** Memories looked at again in one tick. */
const sweepRows = 1_024

/** The row of a memory's vector of a model, or 0. */
export function vectorRow(world: World, memory_id: number, model: number, lane: number): number {
  return world.findPair(Vector, 'of', memory_id, 2 * model + lane)
}

/** Whether a memory, and the document it is a chunk of, can be found at all: one that cannot needs no vector. */
export function isServed(world: World, memory_id: number): boolean {
  const { deleted, replaced_by, parent } = world.of(Memory)
  const document = parent[memory_id]! || memory_id
  const gone = deleted[memory_id] !== 0 || deleted[document] !== 0
  return !gone && replaced_by[memory_id] === 0 && replaced_by[document] === 0
}

/** Memories were made: each that is worth it gets its jobs, if pressure allows. A row is considered once. */
export function consider(world: World, last: number): void {
  const embedding = world.of(Embedding)
  if (embedding.model[1] === 0) return
  const newest = Math.min(last, world.rows(Memory))
  for (let row = embedding.seen[1]! + 1; row <= newest; row++) {
    enqueue(world, row, EmbedLane.canonical)
    if (embedding.eidolon[1] === 1) enqueue(world, row, EmbedLane.eidolon)
    embedding.seen[1] = row
  }
}

/** A memory stands for a family now: it gets the vector for which it was passed over as a message among many. */
export function considerAgain(world: World, row: number): void {
  const embedding = world.of(Embedding)
  if (embedding.model[1] === 0 || row > embedding.seen[1]! || (world.of(Memory).marks[row]! & Mark.raw) === 0) return
  enqueue(world, row, EmbedLane.canonical)
  if (embedding.eidolon[1] === 1) enqueue(world, row, EmbedLane.eidolon)
}

/**
 * Looks again at memories that have no vector of the model asked for: after a change of model, and when pressure had
 * passed them over. Only while the queue is short, and only so many rows a tick.
 */
export function sweep(world: World): void {
  const embedding = world.of(Embedding)
  if (embedding.sweep[1] === 0 || embedding.waiting[1]! >= sweepBelow) return
  const { memory_id, lane, model, state } = world.of(EmbedJob)
  const known = new Set<number>()
  for (const job of world.each(EmbedJob)) {
    const lives = state[job] !== EmbedState.none && model[job] === embedding.model[1]
    if (lives && lane[job] === EmbedLane.canonical) known.add(memory_id[job]!)
  }
  let row = embedding.sweep[1]!
  const end = Math.min(embedding.seen[1]!, row + sweepRows - 1)
  embedding.sweep[1] = 0
  for (; row <= end && embedding.waiting[1]! < 2 * sweepBelow; row++) {
    if (!known.has(row)) enqueue(world, row, EmbedLane.canonical)
  }
  if (row <= embedding.seen[1]!) embedding.sweep[1] = row
}

/** A job that waits or runs moves to another state, and the counts with it; `none` ends it. */
export function moveTo(world: World, job: number, state: number): void {
  const embedding = world.of(Embedding)
  const jobs = world.of(EmbedJob)
  if (jobs.state[job] === EmbedState.running) embedding.running[1]!--
  else embedding.waiting[1]!--
  jobs.state[job] = state
  if (state === EmbedState.none) return world.kill(job)
  if (state === EmbedState.running) embedding.running[1]!++
  else if (state === EmbedState.poisoned) embedding.poisoned[1]!++
  else {
    embedding.waiting[1]!++
    embedding.asleep_until_ms[1] = 0
  }
}

function enqueue(world: World, row: number, lane: number): void {
  const { kind, trust, marks, chunks } = world.of(Memory)
  const about = { kind: kind[row]!, trust: trust[row]!, marks: marks[row]!, chunks: chunks[row]! }
  const priority = priorityOf(about)
  if (priority === Priority.none || !isServed(world, row)) return
  const embedding = world.of(Embedding)
  const model = embedding.model[1]!
  if (vectorRow(world, row, model, lane) !== 0) return
  if (!letsIn(pressureOf(embedding.waiting[1]!), lane, priority)) {
    embedding.passed_over[1]!++
    // Only content is looked at again: the field of a moment that has passed is not to be had any more.
    const earlier = embedding.sweep[1]! !== 0 && embedding.sweep[1]! < row
    if (lane === EmbedLane.canonical && !earlier) embedding.sweep[1] = row
    return
  }
  const job = world.spawn(EmbedJob)
  const jobs = world.of(EmbedJob)
  jobs.memory_id[job] = row
  jobs.model[job] = model
  jobs.lane[job] = lane
  jobs.priority[job] = priority
  jobs.state[job] = EmbedState.waiting
  embedding.waiting[1]!++
  embedding.asleep_until_ms[1] = 0
}
