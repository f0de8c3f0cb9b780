import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Memory } from '../../systems/components.ts'
import { channelStand } from '../../systems/cursors.ts'
import { seenSlots } from '../../systems/discord/columns.ts'
import { defuse } from '../../systems/discord/defuse.ts'
import { parts_max, partUnits_max, split } from '../../systems/discord/split.ts'
import { channel, gateway, general, hear, message, messageId, obey, sequence } from '../support/discord-world.ts'
import { remembering } from '../support/memory.ts'

const messages = 40
type Step =
  | { readonly kind: 'deliver'; readonly n: number; readonly count: number }
  | { readonly kind: 'shuffled'; readonly order: readonly number[] }
  | { readonly kind: 'history'; readonly n: number }
  | { readonly kind: 'restart'; readonly crash: boolean }

const number = fc.integer({ min: 1, max: messages })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('deliver' as const), n: number, count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('shuffled' as const), order: fc.array(number, { minLength: 1, maxLength: 8 }) }),
  fc.record({ kind: fc.constant('history' as const), n: number }),
  fc.record({ kind: fc.constant('restart' as const), crash: fc.boolean() }),
)

/** The n-th message of the channel, at the n-th place of the gateway: every third is a program's, and they are much alike. */
function told(n: number, more: object = {}) {
  const bot = n % 3 === 0
  const text = bot ? `Build ${n} of main has passed` : `What person ${n} says about topic${n} and matter${n * 7}`
  return message(messageId(n), text, { bot, author: bot ? '5' : '6', ts: 1_760_000_000_000 + n, ...more })
}

const placed = (n: number) => told(n, { shard: 0, sequence: n + 1 })

/** How often the words of each person are in memory. */
function remembered(engine: Engine): Map<string, number> {
  const { parent } = engine.world.of(Memory)
  const counts = new Map<string, number>()
  for (let row = 1; row <= engine.world.rows(Memory); row++) {
    const text = engine.read('text', row) ?? ''
    if (parent[row] === 0 && text.startsWith('What person')) counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return counts
}

test('whatever comes twice, late, from history or after a restart: each message is one memory, and counted once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const store = ram()
      let engine = await remembering(store)
      obey(engine)
      await hear(engine, gateway({ state: 'identified' }), gateway({ state: 'ready', session: 's', sequence: 1 }))
      const all = new Set<number>()
      let highest = 1
      for (const each of steps) {
        if (each.kind === 'restart') {
          if (each.crash) store.crash()
          else await engine.stop()
          engine = await remembering(store)
          continue
        }
        if (each.kind === 'history') {
          all.add(each.n)
          await hear(engine, told(each.n, { history: true }))
          continue
        }
        const numbers =
          each.kind === 'shuffled'
            ? each.order
            : Array.from({ length: each.count }, (_, at) => Math.min(messages, each.n + at))
        for (const n of numbers) all.add(n)
        await hear(engine, ...numbers.map(placed))
        highest = Math.max(highest, ...numbers.map((n) => n + 1))
        expect(sequence(engine)).toBe(highest)
      }
      const counts = remembered(engine)
      const people = [...all].filter((n) => n % 3 !== 0)
      expect([...counts.values()].every((count) => count === 1)).toBe(true)
      expect(counts.size).toBe(people.length)
      expect(channel(engine, general)).toMatchObject({ people: people.length, bots: all.size - people.length })
      expect((await engine.replay()).identical).toBe(true)
      await engine.stop()
    }),
    { numRuns: 40 },
  )
}, 60_000)

test('the window of a channel stays bounded, and nothing that it has ever held is heard twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 600, maxLength: 800 }),
      async (numbers) => {
        const engine = await remembering(ram())
        obey(engine)
        const quiet = (n: number) => message(messageId(n), '', { bot: true })
        await hear(engine, ...numbers.map(quiet))
        const { bots, seen } = channel(engine, general)
        expect(seen).toBeLessThanOrEqual(seenSlots)
        expect(bots).toBeLessThanOrEqual(new Set(numbers).size)
        await hear(engine, ...numbers.map(quiet))
        await hear(engine, ...[...numbers].sort((a, b) => a - b).map(quiet))
        expect(channel(engine, general).seen).toBe(seen)
        expect(channelStand(engine, general)?.cursor).toBe(messageId(Math.max(...numbers)))
        await engine.stop()
      },
    ),
    { numRuns: 8 },
  )
}, 60_000)

test('parts are short, well-formed, few, and lose no words', () => {
  const piece = fc.constantFrom(
    'word ',
    'a sentence. ',
    ' a line\n',
    '\n\n',
    '```',
    '```ts\n',
    '`',
    '😀',
    'x'.repeat(2_100),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, fc.integer({ min: 1, max: 120 })), { maxLength: 12 }), (pieces) => {
      const text = pieces.map(([what, times]) => what.repeat(what.length > 100 ? 1 : times)).join('')
      const parts = split(defuse(text))
      expect(parts.length).toBeLessThanOrEqual(parts_max)
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(partUnits_max)
        expect(part.isWellFormed()).toBe(true)
      }
      const bare = (of: string): string => of.replace(/```(?:ts)?|\s|`/g, '')
      if (!parts.at(-1)?.endsWith('are left out]')) expect(bare(parts.join('\n'))).toBe(bare(text))
    }),
    { numRuns: 200 },
  )
})
