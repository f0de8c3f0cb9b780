import fc from 'fast-check'
import { expect, test } from 'vitest'
import { World } from '../../engine/world/world.ts'
import { Edge, Key, KeyKind, Memory, MentionField } from '../../systems/components.ts'
import { type Budget, type Condition, hop, Links } from '../../systems/daimoi/walk.ts'
import { circuitWeights } from '../../systems/daimoi/weights.ts'

/** A world of memories and keys without texts: who mentions what, where, and beside which words. */
const graph = fc.array(
  fc.record({
    keys: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8 }),
    field: fc.constantFrom(MentionField.title, MentionField.text, MentionField.opening),
    signature: fc.nat(255),
    thread: fc.nat(2),
    deleted: fc.constantFrom(0, 0, 0, 0, 1, 2),
    replaced_by: fc.constantFrom(0, 0, 0, 0, 1),
  }),
  { minLength: 2, maxLength: 60 },
)
type Graph = Parameters<Parameters<typeof graph.map>[0]>[0]

function worldOf(memories: Graph): World {
  const world = new World([Memory, Key, Edge])
  for (let key = 1; key <= 12; key++) world.of(Key).kind[world.append(Key)] = KeyKind.entity
  for (const { keys, field, signature, thread, deleted, replaced_by } of memories) {
    const row = world.append(Memory)
    const memory = world.of(Memory)
    memory.thread[row] = thread
    memory.deleted[row] = deleted
    memory.replaced_by[row] = replaced_by
    memory.first_edge[row] = world.rows(Edge) + 1
    memory.edges[row] = keys.length
    for (const key of keys) link(world, row, key, field, signature)
  }
  return world
}

function link(world: World, row: number, key: number, field: number, signature: number): void {
  const at = world.append(Edge)
  const edge = world.of(Edge)
  const columns = world.of(Key)
  edge.memory_id[at] = row
  edge.key[at] = key
  edge.field[at] = field
  edge.signature[at] = signature
  edge.older[at] = columns.newest_edge[key]!
  columns.newest_edge[key] = at
  if (field === MentionField.title) columns.title_edge[key] = at
  columns.degree[key]!++
}

const on: Condition = {
  bits: Int32Array.of(1, 4, 64),
  weights: Float64Array.of(0.5, 0.3, 0.2),
  known: new Set([12]),
  memories: 100,
  kinds: circuitWeights(undefined),
  unconditioned: 0.5,
  intoText: 0.5,
}
const budgets: fc.Arbitrary<Budget> = fc.record({
  keys_max: fc.integer({ min: 1, max: 6 }),
  edges_max: fc.integer({ min: 1, max: 30 }),
  candidates_max: fc.integer({ min: 1, max: 40 }),
})
const seeds = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 })

function walk(world: World, from: readonly number[], budget: Budget, room = budget.candidates_max): Links {
  const links = new Links(room)
  for (const row of from) if (row <= world.rows(Memory)) hop(world, row, 1 / row, on, budget, links)
  return links
}

const reached = ({ count, row, value }: Links): string[] =>
  Array.from({ length: count }, (_, at) => `${row[at]} ${value[at]}`).sort()

test('a walk keeps to its budget, its own kind of way, and to what is there', () => {
  fc.assert(
    fc.property(graph, seeds, budgets, (memories, from, budget) => {
      const world = worldOf(memories)
      const links = walk(world, from, budget)
      const { deleted, replaced_by, thread } = world.of(Memory)
      const { memory_id, key } = world.of(Edge)
      expect(links.count).toBeLessThanOrEqual(budget.candidates_max)
      expect(new Set(links.row.subarray(0, links.count)).size).toBe(links.count)
      const keys = new Map<number, Set<number>>()
      for (let at = 0; at < links.count; at++) {
        const row = links.row[at]!
        const source = links.from[at]!
        expect(from).toContain(source)
        expect(row).not.toBe(source)
        expect(deleted[row]! + replaced_by[row]!).toBe(0)
        if (thread[row] !== 0) expect(thread[row]).not.toBe(thread[source])
        expect(memory_id[links.edge[at]!]).toBe(source)
        expect(memory_id[links.arrival[at]!]).toBe(row)
        expect(key[links.edge[at]!]).toBe(key[links.arrival[at]!])
        expect(on.known.has(key[links.edge[at]!]!)).toBe(false)
        expect(links.value[at]).toBeGreaterThan(0)
        keys.set(source, (keys.get(source) ?? new Set<number>()).add(key[links.edge[at]!]!))
      }
      for (const followed of keys.values()) expect(followed.size).toBeLessThanOrEqual(budget.keys_max)
    }),
    { numRuns: 300 },
  )
})

test('where it leads does not hang on the order of its seeds', () => {
  fc.assert(
    fc.property(graph, seeds, budgets, (memories, from, budget) => {
      const world = worldOf(memories)
      const forward = walk(world, from, budget, 1000)
      const backward = walk(world, [...from].reverse(), budget, 1000)
      expect(reached(backward)).toEqual(reached(forward))
    }),
    { numRuns: 200 },
  )
})

test('a memory that the query found is met, however old its mention of a key is', () => {
  const memories: Graph = Array.from({ length: 60 }, (_, at) => ({
    keys: at === 0 || at > 1 ? [1] : [2],
    field: MentionField.text,
    signature: 0,
    thread: 0,
    deleted: 0,
    replaced_by: 0,
  }))
  const world = worldOf(memories)
  const budget = { keys_max: 6, edges_max: 5, candidates_max: 100 }
  const newest = new Links(100)
  hop(world, 60, 1, on, budget, newest)
  expect([...newest.row.subarray(0, newest.count)].sort((a, b) => a - b)).toEqual([56, 57, 58, 59])
  const met = new Links(100)
  hop(world, 60, 1, { ...on, standing: { rows: Uint32Array.of(2, 1, 30), count: 3 } }, budget, met)
  expect([...met.row.subarray(0, met.count)].sort((a, b) => a - b)).toEqual([1, 30, 56, 57, 58, 59])
})
