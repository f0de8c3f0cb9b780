import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Deleted, Edge, File, Gauge, Key, Memory, Revision, Sentinel } from '../components.ts'
import { EmbedModel, Vector } from '../eidolon/columns.ts'
import { noteErased } from '../erased.ts'
import { dissolve, forgottenOf, summariesOf } from './compacted.ts'

/** What is left of the metadata of a forgotten memory: nothing. */
const forgottenMeta = JSON.stringify({ id: '', source: { kind: '' } })
/** Edges of a key that are looked at to learn whether anyone else still mentions it; beyond, somebody does. */
const edgesLooked_max = 1024

/**
 * Removes a memory's text for good, and with it whatever would give it away: what it stands for (older versions of the
 * same note, the examples of a flood), vectors, the words that only it mentions, and what a sentinel kept to undo.
 * O(memories): an order of the operator's is rare, and nothing may be overlooked.
 */
export function forget(tick: Tick, id: number): void {
  const memory = tick.world.of(Memory)
  const quoting = summariesOf(tick, id)
  const hidden = hide(tick.world, id)
  // Hiding a summary has let go of what it stood for, and may have been a tick ago.
  for (const each of new Set([...hidden, ...forgottenOf(tick, id)])) erase(tick, each)
  for (const { plan, memory_id } of quoting) {
    tick.put('summary', plan, '')
    if (memory_id === 0 || memory_id === id) continue
    remove(tick.world, memory_id, Deleted.forgotten)
    erase(tick, memory_id)
  }
  forgetOfFile(tick, memory.file[id]!, id)
}

/** Nothing is left of a memory's text: records, keys that nobody else mentions, vectors. */
export function erase(tick: Tick, id: number): void {
  tick.put('text', id, '')
  tick.put('meta', id, forgottenMeta)
  if (tick.read('sketch', id) !== undefined) tick.put('sketch', id, '')
  const { chunks, text_bytes, words } = tick.world.of(Memory)
  for (let row = id; row <= id + chunks[id]!; row++) {
    text_bytes[row] = 0
    words[row] = 0
    noteErased(tick.world, row)
    forgetKeys(tick, row)
    forgetVectors(tick, row)
  }
}

/** Takes a memory, what it stands for and the summary that quotes it out of service for good. @returns rows of the first two */
export function hide(world: World, id: number): number[] {
  dissolve(world, id, Deleted.forgotten)
  const all = world.of(Memory).replaced_by[id] === 0 ? [id, ...behind(world, id)] : [id]
  for (const each of all) remove(world, each, Deleted.forgotten)
  return all
}

/** Nothing of a memory is served any more: its row and its chunks'. What was forgotten stays so. */
export function remove(world: World, id: number, how: number): void {
  const memory = world.of(Memory)
  if (memory.deleted[id] === Deleted.forgotten) return
  dissolve(world, id, how)
  if (memory.deleted[id] === 0 && memory.replaced_by[id] === 0) world.of(Gauge).memories[1]!--
  for (let row = id; row <= id + memory.chunks[id]!; row++) memory.deleted[row] = how
}

function behind(world: World, id: number): number[] {
  const { file, parent, replaced_by } = world.of(Memory)
  const rows = world.rows(Memory)
  const found: number[] = []
  for (let row = 1; row <= rows; row++) {
    if (row === id || parent[row] !== 0) continue
    if (replaced_by[row] === id || (file[id] !== 0 && file[row] === file[id])) found.push(row)
  }
  return found
}

/** Keys that no other memory mentions lose their texts; degree 0 says so to whoever mentions them again. */
function forgetKeys(tick: Tick, row: number): void {
  const { first_edge, edges } = tick.world.of(Memory)
  const { key } = tick.world.of(Edge)
  const { degree } = tick.world.of(Key)
  for (let at = first_edge[row]!; at < first_edge[row]! + edges[row]!; at++) {
    if (degree[key[at]!] === 0 || isMentioned(tick.world, key[at]!)) continue
    tick.put('key', key[at]!, '')
    degree[key[at]!] = 0
  }
}

function isMentioned(world: World, key: number): boolean {
  const { memory_id, older } = world.of(Edge)
  const { deleted } = world.of(Memory)
  let left = edgesLooked_max
  for (let edge = world.of(Key).newest_edge[key]!; edge !== 0; edge = older[edge]!) {
    if (left-- === 0 || deleted[memory_id[edge]!] !== Deleted.forgotten) return true
  }
  return false
}

function forgetVectors(tick: Tick, row: number): void {
  const models = tick.world.rows(EmbedModel)
  for (let kind = 2; kind < 2 * models + 2; kind++) {
    const vector = tick.world.findPair(Vector, 'of', row, kind)
    if (vector !== 0) tick.put('vector', vector, '')
  }
}

/** The file itself is the user's and stays; what was kept of it goes, but for what a sentinel is at work on. */
function forgetOfFile(tick: Tick, file: number, id: number): void {
  if (file === 0) return
  const { world } = tick
  const columns = world.of(File)
  if (columns.memory_id[file] === id) columns.memory_id[file] = 0
  columns.revision[file] = 0
  const inUse = world.of(Sentinel).revision[columns.sentinel[file]!]!
  const revision = world.of(Revision)
  for (let row = 1; row <= world.rows(Revision); row++) {
    if (revision.file[row] !== file || (row === inUse && columns.sentinel[file] !== 0)) continue
    for (const table of ['before', 'change']) if (tick.read(table, row) !== undefined) tick.put(table, row, '')
  }
}
