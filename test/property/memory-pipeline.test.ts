import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Content, Copy, Edge, Gauge, Key, Memory, MemoryKind, Trust } from '../../systems/components.ts'
import { recall } from '../../systems/recall.ts'
import {
  alive,
  drained,
  type Line,
  line,
  noon_ms,
  order,
  remembering,
  removed,
  saved,
  tell,
  whole,
} from '../support/memory.ts'

/** The pipeline against everything that may happen in any order. */

const words = 'heron otter mill bridge pond reed valve pump bed seed frost bee'.split(' ')
const sentence = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 }).map((some) => some.join(' '))
const place = fc.record({
  author: fc.constantFrom('Ada', 'Ben', 'ci'),
  channel: fc.constantFrom('general', 'garden'),
  ts: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 90 }).map((n) => noon_ms + n * 20_000),
  ),
})
const spoken: fc.Arbitrary<Line> = fc
  .tuple(place, sentence, fc.constantFrom('person', 'bot', 'own'), fc.integer({ min: 0, max: 40 }))
  .map(([where, text, who, id]) => ({
    ...where,
    id: `id-${id}`,
    text: who === 'own' ? `${text}, as far as I can tell from here and now` : text,
    ...(who === 'bot' ? { bot: true } : who === 'own' ? { role: 'assistant' as const } : {}),
  }))

type Step =
  | { do: 'say'; said: Line }
  | { do: 'save'; path: string; text: string }
  | { do: 'remove'; path: string }
  | { do: 'order'; what: 'hide' | 'pin' | 'unpin'; nth: number }
  | { do: 'snapshot' }

const path = fc.constantFrom('a.md', 'b.md', 'deep/c.md')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: spoken.map((said): Step => ({ do: 'say', said })) },
  { weight: 2, arbitrary: fc.tuple(path, sentence).map(([at, text]): Step => ({ do: 'save', path: at, text })) },
  { weight: 1, arbitrary: path.map((at): Step => ({ do: 'remove', path: at })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('hide' as const, 'pin' as const, 'unpin' as const), fc.nat(30))
      .map(([what, nth]): Step => ({ do: 'order', what, nth: nth + 1 })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'snapshot' }) },
)

async function run(engine: Engine, steps: readonly Step[]): Promise<void> {
  for (const each of steps) {
    if (each.do === 'say') await tell(engine, each.said)
    else if (each.do === 'save') await saved(engine, each.path, each.text)
    else if (each.do === 'remove') await removed(engine, each.path)
    else if (each.do === 'order') await order(engine, each.what, each.nth)
    else await engine.snapshot()
  }
}

/** Everything that must hold of a world between two ticks. */
function judge(engine: Engine): void {
  const { world } = engine
  const memory = world.of(Memory)
  const gauge = world.of(Gauge)
  expect(gauge.memories[1]).toBe(alive(engine).length)
  expect(gauge.keys[1]).toBe(world.rows(Key))
  expect(gauge.edges[1]).toBe(world.rows(Edge))
  const identities = new Set<string>()
  for (const row of whole(engine)) {
    identities.add(`${memory.source_high[row]} ${memory.source_low[row]}`)
    let stands = row
    for (let hops = 0; memory.replaced_by[stands] !== 0; hops++) {
      stands = memory.replaced_by[stands]!
      expect(hops, 'one memory stands for all older versions').toBeLessThan(world.rows(Memory))
    }
    if (memory.copies[row]! > 0 && memory.trust[row] === Trust.person && memory.copied_at_ms[row] !== 0) {
      expect(memory.copied_at_ms[row]).toBeGreaterThanOrEqual(noon_ms)
    }
    if (memory.kind[row] === MemoryKind.aggregate) expect(memory.trust[row]).toBe(Trust.bot)
    expect(memory.edges[row]).toBeGreaterThan(0)
    expect(world.of(Edge).memory_id[memory.first_edge[row]!]).toBe(row)
    const { previous, next } = memory
    if (previous[row] !== 0) expect(next[previous[row]!]).toBe(row)
  }
  expect(identities.size, 'an identity is one memory').toBe(whole(engine).length)
  const copy = world.of(Copy)
  for (let row = 1; row <= world.rows(Copy); row++) {
    expect(identities.has(`${copy.source_high[row]} ${copy.source_low[row]}`), 'a copy is none').toBe(false)
  }
  const content = world.of(Content)
  for (let row = 1; row <= world.rows(Content); row++) {
    expect(content.memory_id[row]).toBeGreaterThan(0)
    expect(content.memory_id[row]).toBeLessThanOrEqual(world.rows(Memory))
  }
}

/** The hash of every column that memories live in; a start is a tick of its own, so the engine's own differ. */
function markOf(engine: Engine): object {
  const tables = ['Memory', 'Key', 'Edge', 'Content', 'Copy', 'Recent', 'Band', 'Family', 'FamilyToken']
  return Object.fromEntries(Object.entries(engine.mark()).filter(([column]) => tables.includes(column.split('.')[0]!)))
}

describe('Whatever happens', () => {
  test('gauges add up, lists are whole, and the record replays to the same world', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const engine = await remembering(ram())
        await run(engine, steps)
        judge(engine)
        const report = await engine.replay()
        expect(report.first_difference).toBeNull()
        expect(report.identical).toBe(true)
        await engine.stop()
      }),
      { numRuns: 40 },
    )
  })

  test('a crash and a clean stop at any moment leave the same world, and it goes on the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 20 }),
        fc.array(step, { minLength: 1, maxLength: 10 }),
        fc.boolean(),
        async (before, after, clean) => {
          const store = ram()
          let engine = await remembering(store)
          await run(engine, before)
          const mark = markOf(engine)
          if (clean) await engine.stop()
          else store.crash()
          engine = await remembering(store)
          expect(markOf(engine)).toEqual(mark)
          await run(engine, after)
          judge(engine)
          expect((await engine.replay()).identical).toBe(true)
          await engine.stop()
        },
      ),
      { numRuns: 30 },
    )
  })

  test('telling it all again, in any order, changes no memory and counts no copy', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(spoken, { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        async (log, dice) => {
          const engine = await remembering(ram())
          await tell(engine, ...log)
          const picture = () =>
            whole(engine).map((row) => [
              row,
              engine.world.of(Memory).copies[row],
              engine.world.of(Memory).replaced_by[row],
            ])
          const before = picture()
          const shuffled = log
            .map((said) => [dice.next().value as number, said] as const)
            .sort(([a], [b]) => a - b)
            .map(([, said]) => said)
          await tell(engine, ...shuffled)
          expect(picture()).toEqual(before)
          judge(engine)
          await engine.stop()
        },
      ),
      { numRuns: 40 },
    )
  })

  test('what people say is never swallowed: each is a memory, or the same words a moment before are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(spoken, { minLength: 1, maxLength: 40 }), async (log) => {
        const engine = await remembering(ram())
        const said = log.map((each, n) => ({ ...each, id: `own-${n}` }))
        await tell(engine, ...said)
        const { deleted, replaced_by, trust } = engine.world.of(Memory)
        const kept = new Set(
          whole(engine)
            .filter((row) => trust[row] !== Trust.bot && deleted[row] === 0 && replaced_by[row] === 0)
            .map((row) => engine.read('text', row)),
        )
        for (const { text, bot } of said) if (bot !== true) expect(kept.has(text)).toBe(true)
        await engine.stop()
      }),
      { numRuns: 40 },
    )
  })
})

describe('Families of documents', () => {
  const roots = 5
  const versions = 4

  /** Version n of a document: a few of its sentences are new, one is gone. */
  function version(root: number, n: number, seed: number): string {
    let state = (root + 1) * 7919 + seed
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % below
    }
    const sentences = Array.from({ length: 40 }, (_, at) => {
      const some = Array.from({ length: 9 }, () =>
        `${words[next(words.length)]}${next(50)}`.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!),
      )
      return `Part ${at} has ${some.join(' ')}.`
    })
    for (let edit = 0; edit < n; edit++)
      sentences[(edit * 11 + root) % 40] = `Edit ${edit} of ${root} says something else here.`
    return `# Document ${root}\n\n${sentences.join('\n')}\n`
  }

  test('are the same whatever the order in which versions come, and hold no stranger', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1_000),
        fc.shuffledSubarray(
          Array.from({ length: roots * versions }, (_, n) => n),
          { minLength: roots * versions },
        ),
        async (seed, sequence) => {
          const engine = await remembering(ram())
          for (const n of sequence) {
            const [root, at] = [n % roots, Math.floor(n / roots)]
            await saved(engine, `${root}/${at}.md`, version(root, at, seed))
          }
          const { family } = engine.world.of(Memory)
          const groups = new Map<number, Set<string>>()
          for (const row of whole(engine)) {
            const { path: of } = JSON.parse(engine.read('meta', row)!) as { path: string }
            const group = groups.get(family[row]!) ?? new Set()
            groups.set(family[row]!, group.add(of.split('/')[0]!))
          }
          expect(groups.has(0), 'no version is alone').toBe(false)
          expect([...groups.values()].map((group) => group.size)).toEqual(Array.from({ length: roots }, () => 1))
          expect(recall(engine, 'document part').hits.length).toBeLessThanOrEqual(roots)
          await drained(engine)
          await engine.stop()
        },
      ),
      { numRuns: 12 },
    )
  })

  test('a line that is told one by one or all at once is remembered alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(spoken, { minLength: 1, maxLength: 30 }), async (log) => {
        const [slow, fast] = [await remembering(ram()), await remembering(ram())]
        for (const each of log) await tell(slow, each)
        for (const each of log) fast.publish(line(each))
        await drained(fast)
        const picture = (engine: Engine) => {
          const memory = engine.world.of(Memory)
          return whole(engine).map((row) => [
            engine.read('text', row),
            memory.copies[row],
            memory.replaced_by[row],
            memory.same_as[row],
          ])
        }
        expect(picture(fast)).toEqual(picture(slow))
        await slow.stop()
        await fast.stop()
      }),
      { numRuns: 25 },
    )
  })
})
