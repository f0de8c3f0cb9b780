import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Edge, Key, Memory } from '../../systems/components.ts'
import { Walk, Walker, WalkLink, WalkWord } from '../../systems/daimoi/columns.ts'
import { walkBudget, walksMax } from '../../systems/daimoi/walkers.ts'
import { DaimoiSent, DaimoiWalked, MemoryOrder } from '../../systems/events.ts'
import { line, remembering } from '../support/memory.ts'

const open: Engine[] = []
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.stop()
})

const names = ['Ada Lovelace', 'Port Arthur', 'Mount Erebus', 'Castle Howard', 'Lake Como', 'Villa Savoye', 'Pier Nine']
const doings = ['repaired', 'painted', 'visited', 'sold', 'mapped']

/** Notes that share names in many ways; each has a title of its own. */
function notes(count: number) {
  return Array.from({ length: count }, (_, at) => {
    const [one, two] = [names[at % 7]!, names[(at * 3 + 1) % 7]!]
    const text = `In the spring ${one} was ${doings[at % 5]} together with ${two}, and somebody wrote it down as ${at}.`
    return line({ text, title: `Report ${at}`, type: 'note.written', kind: 'note', id: `n${at}`, ts: 0 })
  })
}

async function opened(store = ram(), count = 60): Promise<Engine> {
  const engine = await remembering(store)
  open.push(engine)
  if (engine.world.rows(Memory) === 0) {
    for (const note of notes(count)) engine.publish(note)
    await engine.step()
    await engine.step()
  }
  return engine
}

function heard(engine: Engine): DaimoiWalked[] {
  const walks: DaimoiWalked[] = []
  engine.on(DaimoiWalked.name, ({ payload }) => void walks.push(structuredClone(payload) as unknown as DaimoiWalked))
  return walks
}

/** Steps until so many walks have been told of. @returns how many steps it took */
async function until(engine: Engine, walks: readonly DaimoiWalked[], count: number): Promise<number> {
  for (let steps = 0; steps < 20; steps++) {
    if (walks.length >= count) return steps
    await engine.step()
  }
  throw new Error(`only ${walks.length} of ${count} walks were told of`)
}

function send(engine: Engine, order: Partial<DaimoiSent>): void {
  const payload = { walk_id: 7, seeds: [{ memory_id: 1, score: 1 }], words: [], ...order }
  engine.publish({ type: DaimoiSent.name, payload })
}

const someSeeds = [3, 11, 24, 40].map((memory_id, at) => ({ memory_id, score: 4 - at }))

describe('a walk of the mind', () => {
  test('makes a hop a tick and tells what it reached, best first, by keys that both ends mention', async () => {
    const engine = await opened()
    const walks = heard(engine)
    send(engine, {
      seeds: someSeeds,
      words: [
        { bit: 3, weight: 2 },
        { bit: 9, weight: 1 },
      ],
    })
    await engine.step()
    expect(engine.world.each(Walker)).toHaveLength(4)
    await engine.step()
    expect(engine.world.each(WalkLink).length).toBeGreaterThan(10)
    await until(engine, walks, 1)
    const [walked] = walks
    expect(walked).toMatchObject({ walk_id: 7, spent: { walkers: 4 } })
    expect(walked!.spent.hops).toBeGreaterThan(4)
    expect(walked!.visited).toHaveLength(walked!.spent.candidates)
    for (const [at, { memory_id, from, key, value }] of walked!.visited.entries()) {
      expect([keysOf(engine, memory_id).has(key), keysOf(engine, from).has(key)]).toEqual([true, true])
      const after = walked!.visited[at + 1]
      expect(after === undefined || after.value < value || (after.value === value && after.memory_id > memory_id)).toBe(
        true,
      )
    }
    for (const type of [Walk, Walker, WalkWord, WalkLink]) expect(engine.world.each(type)).toHaveLength(0)
    expect((await engine.replay()).identical).toBe(true)
  })

  test('follows what stands near the words it was given', async () => {
    const engine = await opened()
    const walks = heard(engine)
    send(engine, { walk_id: 1 })
    for (let bit = 0; bit < 32; bit++) send(engine, { walk_id: 2 + bit, words: [{ bit, weight: 1 }] })
    await until(engine, walks, 33)
    const values = new Set(walks.map(({ visited }) => visited.reduce((sum, { value }) => sum + value, 0)))
    expect(values.size).toBeGreaterThan(1)
  })

  test('goes on where it was after a restart, and after a crash', async () => {
    // A tick in which something enters is kept; those after it are run again.
    const begin = async (engine: Engine): Promise<void> => {
      send(engine, { seeds: someSeeds })
      await engine.step()
      engine.publish(line({ text: 'Something else was said meanwhile.', id: 'meanwhile' }))
      await engine.step()
    }
    const straight = await opened()
    const expected = heard(straight)
    await begin(straight)
    await until(straight, expected, 1)
    for (const crashes of [false, true]) {
      const store = ram()
      const first = await opened(store)
      await begin(first)
      open.pop()
      if (crashes) store.crash()
      else await first.stop()
      const second = await opened(store)
      expect(second.world.each(WalkLink).length).toBeGreaterThan(0)
      const walks = heard(second)
      await until(second, walks, 1)
      expect(walks).toEqual(expected)
      expect((await second.replay()).identical).toBe(true)
    }
  })

  test('never tells of what was forgotten on the way', async () => {
    const engine = await opened()
    const walks = heard(engine)
    send(engine, { seeds: someSeeds })
    await engine.step()
    await engine.step()
    const { memory_id } = engine.world.of(WalkLink)
    const reached = memory_id[engine.world.each(WalkLink)[0]!]!
    engine.publish({ type: MemoryOrder.name, payload: { order: 'forget', memory_id: reached } })
    await until(engine, walks, 1)
    expect(walks[0]!.visited.length).toBeGreaterThan(0)
    expect(walks[0]!.visited.map((each) => each.memory_id)).not.toContain(reached)
  })

  test('that cannot set out is answered with nothing', async () => {
    const engine = await opened()
    const walks = heard(engine)
    send(engine, { walk_id: 1, seeds: [] })
    send(engine, {
      walk_id: 2,
      seeds: [
        { memory_id: 4_000_000, score: 1 },
        { memory_id: 5, score: 0 },
      ],
    })
    await until(engine, walks, 2)
    const spent = { walkers: 0, hops: 0, candidates: 0 }
    expect(walks).toEqual([1, 2].map((walk_id) => ({ walk_id, visited: [], spent })))
  })

  test('one more than there may be at once is answered at once', async () => {
    const engine = await opened()
    const walks = heard(engine)
    for (let walk_id = 1; walk_id <= walksMax; walk_id++) send(engine, { walk_id, seeds: someSeeds.slice(0, 1) })
    await engine.step()
    send(engine, { walk_id: 999 })
    await engine.step()
    await until(engine, walks, walksMax + 1)
    expect(walks.filter(({ spent }) => spent.walkers === 0).map(({ walk_id }) => walk_id)).toEqual([999])
  })

  test('an order that is none is refused at the edge', async () => {
    const engine = await opened()
    const wrong = [
      { circuit: 'astral' },
      { words: [{ bit: 32, weight: 1 }] },
      { words: [{ bit: 1, weight: -1 }] },
      { seeds: [{ memory_id: 0, score: 1 }] },
    ]
    for (const order of wrong) expect(() => send(engine, order)).toThrow(/^EVENT_INVALID/)
  })

  test('its budgets are never exceeded and the order of its seeds does not matter', async () => {
    const engine = await opened(ram(), 160)
    const walks = heard(engine)
    const seed = fc.record({ memory_id: fc.integer({ min: 1, max: 170 }), score: fc.integer({ min: 0, max: 9 }) })
    const word = fc.record({ bit: fc.integer({ min: 0, max: 31 }), weight: fc.integer({ min: 0, max: 5 }) })
    const order = fc.record(
      {
        seeds: fc.array(seed, { maxLength: 30 }),
        words: fc.array(word, { maxLength: 12 }),
        hops: fc.integer({ min: 0, max: 5 }),
        circuit: fc.constantFrom('mythic', 'procedural'),
      },
      { requiredKeys: ['seeds', 'words'] },
    )
    const check = fc.asyncProperty(order, fc.infiniteStream(fc.nat()), async (given, chance) => {
      const dice = new Map(given.seeds.map((each) => [each, chance.next().value as number]))
      const shuffled = given.seeds.toSorted((a, b) => dice.get(a)! - dice.get(b)!)
      const before = walks.length
      send(engine, { ...given, walk_id: 1 })
      await until(engine, walks, before + 1)
      send(engine, { ...given, walk_id: 1, seeds: shuffled })
      await until(engine, walks, before + 2)
      const [one, two] = walks.slice(before)
      expect(two).toEqual(one)
      within(one!, given.hops)
    })
    await fc.assert(check, { numRuns: 25 })
    expect((await engine.replay()).identical).toBe(true)
  })
})

function within({ visited, spent }: DaimoiWalked, hops = 2): void {
  expect(spent.walkers).toBeLessThanOrEqual(walkBudget.walkers_max)
  expect(spent.hops).toBeLessThanOrEqual(spent.walkers * Math.max(1, Math.min(hops, walkBudget.hops_max)))
  expect(visited.length).toBeLessThanOrEqual(walkBudget.candidates_max)
  const keys = new Map<number, Set<number>>()
  const arrivals = new Map<string, number>()
  for (const { from, key } of visited) {
    keys.set(from, (keys.get(from) ?? new Set()).add(key))
    arrivals.set(`${from} ${key}`, (arrivals.get(`${from} ${key}`) ?? 0) + 1)
  }
  for (const followed of keys.values()) expect(followed.size).toBeLessThanOrEqual(walkBudget.keys_max)
  for (const count of arrivals.values()) expect(count).toBeLessThanOrEqual(walkBudget.edges_max)
}

function keysOf({ world }: Engine, memory_id: number): Set<number> {
  const { first_edge, edges } = world.of(Memory)
  const { key } = world.of(Edge)
  const from = first_edge[memory_id]!
  const keys = new Set(Array.from({ length: edges[memory_id]! }, (_, at) => key[from + at]!))
  for (const each of keys) expect(each).toBeLessThanOrEqual(world.rows(Key))
  return keys
}
