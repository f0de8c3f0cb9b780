import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Family, Memory, MemoryKind } from '../../systems/components.ts'
import { examples_max } from '../../systems/memory/flood.ts'
import { templateOf } from '../../systems/memory/floods/template.ts'
import { type FloodMessage, floodEvent, floodOf, otherTemplates, templates } from '../support/flood.ts'
import { gauge, remembering, whole } from '../support/memory.ts'

/** Tells all of it, so many a tick, and hears in which tick each family became known. */
async function flooded(
  messages: readonly FloodMessage[],
  a_tick = 50,
): Promise<{ engine: Engine; known: Map<number, number> }> {
  const engine = await remembering(ram())
  const known = new Map<number, number>()
  engine.on('memory.family', ({ payload }) => known.set(payload['memory_id'] as number, engine.tick))
  for (const [n, message] of messages.entries()) {
    engine.publish(floodEvent(message, n))
    if (n % a_tick === a_tick - 1) await engine.step()
  }
  await engine.step()
  await engine.step()
  return { engine, known }
}

/** The template of each aggregate, by the message that it was made of. */
function aggregatesOf(engine: Engine, messages: readonly FloodMessage[]): number[] {
  const byText = new Map(messages.map(({ text, template }) => [text, template]))
  const { kind, deleted, replaced_by } = engine.world.of(Memory)
  return whole(engine)
    .filter((row) => kind[row] === MemoryKind.aggregate && deleted[row] === 0 && replaced_by[row] === 0)
    .map((row) => byText.get(engine.read('text', row) ?? '') ?? -2)
}

describe('A flood of forty templates among two thousand messages of people', () => {
  test.each([1, 2, 3])('is forty aggregates, and no word of a person is swallowed (seed %i)', async (seed) => {
    const messages = floodOf(seed, { copies: 10_000, people: 2_000 })
    const { engine } = await flooded(messages)
    const found = aggregatesOf(engine, messages)
    expect([...found].sort((a, b) => a - b)).toEqual(templates.map((_, n) => n))
    const { trust, replaced_by } = engine.world.of(Memory)
    const people = whole(engine).filter((row) => trust[row] === 3)
    expect(people).toHaveLength(2_000)
    expect(people.filter((row) => replaced_by[row] !== 0)).toEqual([])
    const { copies } = engine.world.of(Memory)
    const { memory_id, count } = engine.world.of(Family)
    let members = 0
    for (let family = 1; family <= engine.world.rows(Family); family++) {
      members += count[family]!
      if (count[family] !== 0) expect(copies[memory_id[family]!], templateOf(engine, family)).toBe(count[family]! - 1)
    }
    expect(members).toBeGreaterThan(9_950)
    expect(gauge(engine, 'families')).toBe(40)
    expect(gauge(engine, 'memories')).toBe(2_000 + 40 + (10_000 - members))
    await engine.stop()
  })

  test('each is known in the tick in which its third copy came', async () => {
    const messages = floodOf(9, { copies: 1_000, people: 100 })
    const { engine, known } = await flooded(messages, 1)
    const seen = new Map<number, number[]>()
    messages.forEach(({ template }, n) => {
      if (template >= 0) seen.set(template, [...(seen.get(template) ?? []), n])
    })
    const byText = new Map(messages.map(({ text, template }) => [text, template]))
    const late: number[] = []
    for (const [memory_id, tick] of known) {
      const third = seen.get(byText.get(engine.read('text', memory_id) ?? '') ?? -1)?.[2] ?? 0
      // An event that a tick emits is told with that tick.
      if (tick > third + 1) late.push(memory_id)
    }
    expect(known.size).toBe(40)
    // Two names of several words can hide that the second copy is one; the next shows it.
    expect(late.length).toBeLessThanOrEqual(2)
    await engine.stop()
  })
})

test.each([11, 12, 13, 14, 18, 22])(
  'other templates than those by which the numbers were chosen, seed %i',
  async (seed) => {
    const messages = floodOf(seed, { copies: 3_000, people: 300, bots: (seed % 3) + 1, from: otherTemplates })
    const { engine } = await flooded(messages)
    const found = aggregatesOf(engine, messages)
    expect([...found].sort((a, b) => a - b)).toEqual(otherTemplates.map((_, n) => n))
    await engine.stop()
  },
)

test('what contrasts is never one family; the template shows what varies', async () => {
  const pair = ['Check of {repo} succeeded in {n} s', 'Check of {repo} failed in {n} s']
  const { engine } = await flooded(floodOf(4, { copies: 200, people: 0, bots: 1, from: pair }))
  const said = Array.from({ length: engine.world.rows(Family) }, (_, at) => templateOf(engine, at + 1))
  expect(said.sort()).toEqual(['Check of … failed in … s', 'Check of … succeeded in … s'])
  await engine.stop()
})

test('a bridge that relays what people say makes no family of it', async () => {
  const messages = floodOf(5, { copies: 0, people: 500 }).map(
    ({ text }): FloodMessage => ({ text, author: 'bridge', bot: true, template: -1 }),
  )
  const { engine } = await flooded(messages)
  expect(whole(engine)).toHaveLength(500)
  expect(gauge(engine, 'families')).toBeLessThanOrEqual(0 + examples_max)
  await engine.stop()
})
