import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { eraseQuotes, hideQuotes } from '../agents/quotes.ts'
import { Deleted, File, Gauge, Memory } from '../components.ts'
import type { MemoryOrder } from '../events.ts'
import { summariesOf } from './compacted.ts'
import { forget, hide, remove } from './forget.ts'
import { eraseQuestions, hideQuestions } from './questions.ts'

/** One memory stands for a file: the newest content's. An older one that comes back is served again. */
export function standForFile(world: World, file: number, id: number): void {
  const { memory_id } = world.of(File)
  const before = memory_id[file]!
  if (before === id) return
  if (isOf(world, before, file)) withdraw(world, before, id)
  if (isOf(world, id, file)) restore(world, id)
  memory_id[file] = id
}

/** The file is gone; what was remembered of it is no longer served. */
export function forgetFile(world: World, file: number): void {
  const { memory_id } = world.of(File)
  const id = memory_id[file]!
  if (file === 0 || id === 0) return
  if (isOf(world, id, file)) remove(world, id, Deleted.gone)
  memory_id[file] = 0
}

/** A file that repeats the agent's own words is stood for by a memory that is not its own, and outlives it. */
function isOf(world: World, id: number, file: number): boolean {
  return id !== 0 && world.of(Memory).file[id] === file
}

/** Carries out an order about one memory. An unknown one is left as it is, and a forgotten one stays forgotten. */
export function obey(tick: Tick, { order, memory_id, quotes, hidden_tick }: MemoryOrder): void {
  const { world } = tick
  const memory = world.of(Memory)
  if (memory_id > world.rows(Memory)) return
  const id = memory.parent[memory_id]! || memory_id
  if (order === 'pin') memory.pinned[id] = 1
  else if (order === 'unpin') memory.pinned[id] = 0
  else if (order === 'hide') {
    if (quotes === true) hideAll(tick, id)
    else hide(world, id)
  } else {
    // What was hidden before is not read any more, so its words cannot tell what quotes it.
    if (hidden_tick === undefined) hideAll(tick, id)
    forget(tick, id)
    eraseQuotes(tick, hidden_tick ?? tick.tick)
    eraseQuestions(tick, hidden_tick ?? tick.tick)
  }
}

/** A memory, what it stands for, and what quotes either. */
function hideAll(tick: Tick, id: number): void {
  const summaries = summariesOf(tick, id).flatMap(({ memory_id }) => (memory_id === 0 ? [] : [memory_id]))
  const hidden = hide(tick.world, id)
  hideQuotes(tick, hidden, [...hidden, ...summaries])
  hideQuestions(tick)
}

function withdraw(world: World, id: number, by: number): void {
  const memory = world.of(Memory)
  if (memory.deleted[id] === 0 && memory.replaced_by[id] === 0) world.of(Gauge).memories[1]!--
  for (let row = id; row <= id + memory.chunks[id]!; row++) memory.replaced_by[row] = by
}

function restore(world: World, id: number): void {
  const memory = world.of(Memory)
  if (memory.deleted[id] === Deleted.forgotten) return
  if (memory.replaced_by[id] === 0 && memory.deleted[id] === 0) return
  for (let row = id; row <= id + memory.chunks[id]!; row++) {
    memory.replaced_by[row] = 0
    memory.deleted[row] = 0
  }
  world.of(Gauge).memories[1]!++
}
