import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Deleted, Edge, File, Gauge, Key, Memory } from '../components.ts'
import type { MemoryOrder } from '../events.ts'

/** What is left of the metadata of a forgotten memory: nothing. */
const forgottenMeta = JSON.stringify({ id: '', source: { kind: '' } })

/** One memory stands for a file: the newest content's. An older one that comes back is served again. */
export function standForFile(world: World, file: number, id: number): void {
  const { memory_id } = world.of(File)
  const before = memory_id[file]!
  if (before === id) return
  if (before !== 0) withdraw(world, before, id)
  restore(world, id)
  memory_id[file] = id
}

/** The file is gone; what was remembered of it is no longer served. */
export function forgetFile(world: World, file: number): void {
  const { memory_id } = world.of(File)
  const id = memory_id[file]!
  if (file === 0 || id === 0) return
  remove(world, id, Deleted.gone)
  memory_id[file] = 0
}

/** Carries out an order about one memory. An unknown or forgotten one is left as it is. */
export function obey(tick: Tick, { order, memory_id }: MemoryOrder): void {
  const { world } = tick
  const memory = world.of(Memory)
  if (memory_id > world.rows(Memory)) return
  const id = memory.parent[memory_id]! || memory_id
  if (order === 'pin') memory.pinned[id] = 1
  else if (order === 'unpin') memory.pinned[id] = 0
  else {
    remove(world, id, Deleted.forgotten)
    forgetKeys(tick, id)
    tick.put('text', id, '')
    tick.put('meta', id, forgottenMeta)
    tick.put('sketch', id, '')
    const { memory_id: ofFile } = world.of(File)
    const file = memory.file[id]!
    if (file !== 0 && ofFile[file] === id) ofFile[file] = 0
  }
}

/** Keys that nothing else mentions lose their texts with it. */
function forgetKeys({ world, put }: Tick, id: number): void {
  const { first_edge, edges, chunks } = world.of(Memory)
  const { key } = world.of(Edge)
  const { degree } = world.of(Key)
  for (let row = id; row <= id + chunks[id]!; row++) {
    for (let at = first_edge[row]!; at < first_edge[row]! + edges[row]!; at++) {
      if (degree[key[at]!] === 1) put('key', key[at]!, '')
    }
  }
}

/** Nothing of it is served any more: its row and its chunks'. */
function remove(world: World, id: number, how: number): void {
  const memory = world.of(Memory)
  if (memory.deleted[id] === 0 && memory.replaced_by[id] === 0) world.of(Gauge).memories[1]!--
  for (let row = id; row <= id + memory.chunks[id]!; row++) memory.deleted[row] = how
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
