import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { World } from '../../engine/world/world.ts'
import { Input, Overflow, Pool, Session, Slot } from '../../systems/agents/columns.ts'
import { boundQueue, clearQueue, dequeue, enqueue } from '../../systems/agents/queue.ts'
import { restored, routing } from '../support/route.ts'

/** The queues against plain arrays. */

const policies = ['block', 'coalesce', 'drop_oldest'] as const
type Name = (typeof policies)[number]
const sessions = 3

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ put: fc.integer({ min: 1, max: sessions }), key: fc.nat(6) }) },
  { weight: 4, arbitrary: fc.record({ take: fc.integer({ min: 1, max: sessions }) }) },
  { weight: 1, arbitrary: fc.record({ clear: fc.integer({ min: 1, max: sessions }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      bound: fc.integer({ min: 1, max: sessions }),
      queue_max: fc.integer({ min: 0, max: 5 }),
      overflow: fc.constantFrom(...policies),
    }),
  },
  { weight: 1, arbitrary: fc.record({ restart: fc.constant(true) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What the queues promise, in arrays. */
class Model {
  readonly queues = Array.from({ length: sessions + 1 }, () => ({
    waits: [] as { input: number; key: number }[],
    overflow: 'block' as Name,
    queue_max: 3,
    dropped: 0,
  }))
  coalesced = 0
  routed = 0

  put(session: number, input: number, key: number): void {
    const queue = this.queues[session]!
    const keyed = queue.overflow === 'coalesce' ? key : 0
    const same = keyed === 0 ? undefined : queue.waits.find((each) => each.key === keyed)
    if (same !== undefined) {
      same.input = input
      this.coalesced++
      return
    }
    const bound = Math.max(1, queue.queue_max) * (queue.overflow === 'block' ? 2 : 1)
    while (queue.waits.length >= bound) {
      queue.waits.shift()
      queue.dropped++
    }
    queue.waits.push({ input, key: keyed })
    this.routed++
  }

  get held(): number {
    const blocking = this.queues.filter(({ overflow }) => overflow === 'block')
    return blocking.reduce((sum, { waits, queue_max }) => sum + Math.max(0, waits.length - Math.max(1, queue_max)), 0)
  }
}

function agree(world: World, model: Model): void {
  const session = world.of(Session)
  const slot = world.of(Slot)
  const pool = world.of(Pool)
  let used = 0
  for (let row = 1; row <= sessions; row++) {
    const { waits, dropped } = model.queues[row]!
    const rows: number[] = []
    for (let at = session.queue_head[row]!; at !== 0; at = slot.next[at]!) {
      expect(slot.session[at]).toBe(row)
      rows.push(slot.input[at]!)
    }
    expect(rows).toEqual(waits.map(({ input }) => input))
    expect(session.queued[row]).toBe(waits.length)
    expect(session.dropped[row]).toBe(dropped)
    const oldest = waits[0]
    if (oldest === undefined) expect(session.ready_at_ms[row]).toBe(0)
    else expect(session.ready_at_ms[row]).toBeLessThanOrEqual(world.of(Input).at_ms[oldest.input]!)
    used += waits.length
  }
  expect(pool.used[1]).toBe(used)
  expect(pool.held[1]).toBe(model.held)
  expect(pool.coalesced[1]).toBe(model.coalesced)
  expect(pool.routed[1]).toBe(model.routed)
  expect(pool.dropped[1]).toBe(model.queues.reduce((sum, { dropped }) => sum + dropped, 0))
  // Every slot is either in a queue or free, once.
  let free = 0
  for (let at = pool.free[1]!; at !== 0; at = slot.next[at]!) free++
  expect(free + used).toBe(world.rows(Slot))
}

function fresh(): World {
  const { world } = routing()
  for (let row = 1; row <= sessions; row++) boundQueue(world, world.appendKeyed(Session, `a/${row}`), 3, Overflow.block)
  return world
}

function run(steps: readonly Step[]): { world: World; most: number } {
  const bare = routing()
  const model = new Model()
  let world = fresh()
  let most = 0
  for (const [at, each] of steps.entries()) {
    if ('put' in each) {
      const input = world.append(Input)
      world.of(Input).at_ms[input] = at + 1
      enqueue({ world, now_ms: at + 1 }, each.put, input, { high: each.key, low: 7 })
      model.put(each.put, input, each.key)
    } else if ('take' in each)
      expect(dequeue(world, each.take)).toBe(model.queues[each.take]!.waits.shift()?.input ?? 0)
    else if ('clear' in each) {
      expect(clearQueue(world, each.clear)).toBe(model.queues[each.clear]!.waits.length)
      model.queues[each.clear]!.waits.length = 0
    } else if ('bound' in each) {
      boundQueue(world, each.bound, each.queue_max, Overflow[each.overflow])
      model.queues[each.bound]!.overflow = each.overflow
      model.queues[each.bound]!.queue_max = each.queue_max
    } else world = restored({ ...bare, world })
    agree(world, model)
    most = Math.max(most, world.of(Pool).used[1]!)
  }
  return { world, most }
}

test('queues hold, drop, coalesce and count as plain arrays do, also over a restart', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      run(steps)
    }),
    { numRuns: 100 },
  )
})

test('slots are used again: there are never more than the most inputs that waited at once, and one', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { world, most } = run(steps)
      expect(world.rows(Slot)).toBeLessThanOrEqual(most + 1)
    }),
    { numRuns: 50 },
  )
})
