import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EngineError } from '../../engine/errors.ts'
import { archetype, singleton, table } from '../../engine/world/archetype.ts'
import { SortedIds } from '../../engine/world/ids.ts'
import { Names } from '../../engine/world/names.ts'
import { World } from '../../engine/world/world.ts'

const Fox = archetype('Fox', { age: 'u32', heat: 'f32' })
const Hen = archetype('Hen', { eggs: 'u8' })
const Log = table('Log', { weight: 'f64', key_high: 'u32', key_low: 'u32' }, { capacity: 2, rows_max: 300 })
const Place = table('Place', { visits: 'u32' }, { capacity: 1, rows_max: 50 })
const Sum = singleton('Sum', { all: 'f64' })
const parts = [Fox, Hen, Log, Place, Sum]

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown.code
    throw thrown
  }
  return undefined
}

type Step = { do: 'spawn' | 'kill' | 'settle'; hen: boolean; pick: number }
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('spawn', 'spawn', 'spawn', 'kill', 'kill', 'settle'),
  hen: fc.boolean(),
  pick: fc.nat(1000),
})

/** What the world promises about entities, kept in plain maps. */
class Model {
  readonly shown = new Map<number, string>()
  readonly alive = new Map<number, string>()
  readonly killed = new Set<number>()

  settle(): void {
    for (const id of this.killed) this.alive.delete(id)
    this.killed.clear()
    this.shown.clear()
    for (const [id, name] of this.alive) this.shown.set(id, name)
  }

  ids(of: ReadonlyMap<number, string>, name: string): number[] {
    return [...of].filter(([, owner]) => owner === name).map(([id]) => id)
  }
}

function play(world: World, model: Model, steps: readonly Step[]): void {
  for (const { do: what, hen, pick } of steps) {
    const kind = hen ? Hen : Fox
    if (what === 'spawn') {
      const id = world.spawn(kind)
      expect(model.alive.has(id)).toBe(false)
      model.alive.set(id, kind.name)
      if (hen) world.of(Hen).eggs[id] = 7
      else world.of(Fox).age[id] = id * 3
    } else if (what === 'kill') {
      const candidates = [...model.alive.keys()]
      const id = candidates[pick % Math.max(1, candidates.length)]
      if (id === undefined) continue
      world.kill(id)
      model.killed.add(id)
    } else {
      world.settle()
      model.settle()
    }
    for (const each of [Fox, Hen]) {
      const ascending = model.ids(model.shown, each.name).sort((a, b) => a - b)
      expect([...world.each(each)]).toEqual(ascending)
    }
  }
}

function check(world: World, model: Model): void {
  for (const kind of [Fox, Hen]) {
    expect([...world.each(kind)]).toEqual([...world.queried(kind)].sort((a, b) => a - b))
    for (const id of model.alive.keys()) expect(world.alive(kind, id)).toBe(model.alive.get(id) === kind.name)
  }
  for (const id of model.ids(model.alive, 'Fox')) expect(world.of(Fox).age[id]).toBe(id * 3)
}

describe('World: entities', () => {
  test('each is what a plain model says, ascending, and the same set as bitECS finds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const world = new World(parts)
        const model = new Model()
        play(world, model, steps)
        world.settle()
        model.settle()
        check(world, model)
      }),
      { numRuns: 60 },
    )
  })

  test('a new entity begins with zeroed columns, also in the place of a dead one', () => {
    const world = new World(parts)
    const first = world.spawn(Fox)
    world.of(Fox).age[first] = 9
    world.kill(first)
    expect(world.of(Fox).age[first]).toBe(9)
    world.settle()
    const second = world.spawn(Fox)
    expect([second, world.of(Fox).age[second]]).toEqual([first, 0])
  })

  test('killing twice in one system is once; killing the dead is an error', () => {
    const world = new World(parts)
    const id = world.spawn(Hen)
    world.kill(id)
    world.kill(id)
    world.settle()
    expect(world.alive(Hen, id)).toBe(false)
    expect(codeOf(() => world.kill(id))).toBe('ENTITY_DEAD')
  })

  test('wrong use has a code', () => {
    const world = new World([Fox, Log])
    expect(codeOf(() => world.spawn(Log))).toBe('ARCHETYPE_UNKNOWN')
    expect(codeOf(() => world.of(Hen))).toBe('ARCHETYPE_UNKNOWN')
    expect(codeOf(() => world.append(Place))).toBe('ARCHETYPE_UNKNOWN')
    expect(codeOf(() => archetype('Bad', { camelCase: 'u8' }))).toBe('COLUMN_NAME')
    expect(codeOf(() => archetype('Bad', { data: 'u8' }))).toBe('COLUMN_NAME')
  })

  test('sorted ids are a sorted set under any order of coming and going', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 80 })), (rounds) => {
        const ids = new SortedIds()
        const model = new Set<number>()
        for (const round of rounds) {
          for (const id of round) {
            if (model.has(id)) ids.remove(id)
            else ids.add(id)
          }
          const before = [...ids.view]
          expect(before).toEqual([...model].sort((a, b) => a - b))
          for (const id of round) if (!model.delete(id)) model.add(id)
          ids.settle()
          expect([...ids.view]).toEqual([...model].sort((a, b) => a - b))
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('World: rows', () => {
  test('rows number from 1, keep their values while the table grows, and end at the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 310 }), (weights) => {
        const world = new World(parts)
        weights.forEach((weight, index) => {
          if (index >= 300) {
            expect(world.room(Log)).toBe(0)
            expect(codeOf(() => world.append(Log))).toBe('TABLE_FULL')
            return
          }
          const row = world.append(Log)
          expect(row).toBe(index + 1)
          world.of(Log).weight[row] = weight
        })
        const kept = weights.slice(0, 300)
        expect(world.rows(Log)).toBe(kept.length)
        expect([...world.of(Log).weight.subarray(1, kept.length + 1)]).toEqual(kept)
        expect(world.of(Log).weight[0]).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  test('a singleton has its one row from the beginning', () => {
    const world = new World(parts)
    expect([world.rows(Sum), world.room(Sum), world.of(Sum).all.length]).toEqual([1, 0, 2])
    expect(codeOf(() => world.append(Sum))).toBe('TABLE_FULL')
  })

  test('keyed rows are found by their key alone, `__proto__` among them', () => {
    const key = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('__proto__', 'constructor', '', ' '))
    fc.assert(
      fc.property(fc.array(key, { maxLength: 50 }), (keys) => {
        const world = new World(parts)
        const model = new Map<string, number>()
        for (const text of keys) {
          expect(world.find(Place, text)).toBe(model.get(text) ?? 0)
          const row = world.appendKeyed(Place, text)
          if (!model.has(text)) model.set(text, model.size + 1)
          expect(row).toBe(model.get(text))
          expect(world.keyOf(Place, row)).toBe(text)
        }
        expect(world.rows(Place)).toBe(model.size)
      }),
    )
  })

  test('a large table grows a column a tick before it is full, and nothing shows', () => {
    const schema = { key_high: 'u32', key_low: 'u32', weight: 'f64', mark: 'u8' } as const
    const Large = table('Large', schema, { capacity: 16_384, rows_max: 100_000 })
    const Few = table('Few', { mark: 'u8' }, { capacity: 1 })
    const ahead = new World([Large, Few])
    const atOnce = new World([Large, Few])
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 40, 400), { maxLength: 60 }), (counts) => {
        for (const count of counts) {
          if (ahead.room(Large) < count) return
          const before = Object.values(ahead.of(Large))
          for (const world of [ahead, atOnce]) {
            const first = world.append(Large, count)
            world.append(Few)
            const { key_high, key_low, weight, mark } = world.of(Large)
            for (let row = first; row < first + count; row++) {
              key_high[row] = Math.imul(row, 0x9e3779b1)
              key_low[row] = row
              weight[row] = row / 3
              mark[row] = row % 200
            }
          }
          ahead.growAhead()
          const replaced = Object.values(ahead.of(Large)).filter((column, at) => column !== before[at])
          expect(replaced.length).toBeLessThanOrEqual(1)
          const row = ahead.rows(Large)
          expect(ahead.findPair(Large, 'key', Math.imul(row, 0x9e3779b1), row)).toBe(row)
        }
        const sums = (world: World) =>
          [...world.bytes()].map(({ name, bytes }) => `${name} ${bytes.length} ${crc32(bytes)}`)
        expect(sums(ahead)).toEqual(sums(atOnce))
      }),
      { numRuns: 90 },
    )
    expect(ahead.rows(Large)).toBeGreaterThan(2 * 16_384)
  })

  test('a pair finds the first row that holds it, through growth and collisions', () => {
    const half = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }))
    const Wide = table('Wide', { key_high: 'u32', key_low: 'u32' })
    fc.assert(
      fc.property(fc.array(fc.tuple(half, half, fc.boolean()), { maxLength: 900 }), (pairs) => {
        const world = new World([Wide])
        const model = new Map<string, number>()
        for (const [high, low, look] of pairs) {
          if (look) expect(world.findPair(Wide, 'key', high, low)).toBe(model.get(`${high} ${low}`) ?? 0)
          const row = world.append(Wide)
          world.of(Wide).key_high[row] = high
          world.of(Wide).key_low[row] = low
          if (!model.has(`${high} ${low}`)) model.set(`${high} ${low}`, row)
        }
        for (const [high, low] of pairs)
          expect(world.findPair(Wide, 'key', high, low)).toBe(model.get(`${high} ${low}`))
        expect(world.findPair(Wide, 'key', 4, 5)).toBe(model.get('4 5') ?? 0)
      }),
      { numRuns: 20 },
    )
  })
})

describe('Names', () => {
  test('are dense numbers from 1 in order of first use', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (texts) => {
        const names = new Names()
        const distinct = [...new Set(texts.filter((text) => text !== ''))]
        for (const text of texts) if (text !== '') names.id(text)
        expect(names.list()).toEqual(distinct)
        expect(names.count).toBe(distinct.length)
        for (const [index, text] of distinct.entries()) {
          expect([names.id(text), names.find(text), names.text(index + 1)]).toEqual([index + 1, index + 1, text])
        }
        expect([names.text(0), names.text(distinct.length + 1)]).toEqual(['', ''])
      }),
    )
    expect(codeOf(() => new Names().id('x'.repeat(8193)))).toBe('NAME_TOO_LONG')
  })
})
