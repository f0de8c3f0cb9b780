import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine, Store } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Memory } from '../../systems/components.ts'
import { InvertedIndex } from '../../systems/eidolon/text-index.ts'
import { recompute } from '../../systems/recall/recompute.ts'
import { lanesOf, recall } from '../../systems/recall.ts'
import { type Line, noon_ms, order, remembering, tell } from '../support/memory.ts'

/** Recall against everything that may have been said, forgotten and restarted before it. */

const names = ['Karen Brandt', 'Holm Mill', 'Tarm', 'Ribe', 'Ada', 'Ben']
const words = 'repaired sluice bought valve leaking pump boards yesterday when built town born May 2025 the of'.split(
  ' ',
)
const said = fc
  .array(fc.constantFrom(...names, ...words), { minLength: 1, maxLength: 14 })
  .map((some) => some.join(' '))
const sentence = fc.tuple(said, fc.constantFrom('.', '?', '? Well.')).map(([text, end]) => text + end)
const spoken: fc.Arbitrary<Line> = fc.record({
  text: sentence,
  thread: fc.constantFrom('repairs', 'garden'),
  author: fc.constantFrom('Ada', 'Ben', 'Cid'),
  ts: fc.integer({ min: 0, max: 400 }).map((days) => noon_ms - days * 86_400_000),
})
const noted: fc.Arbitrary<Line> = fc.record({
  text: sentence,
  title: fc.constantFrom(...names),
  type: fc.constant('note.written' as const),
  kind: fc.constant('note'),
  ts: fc.constantFrom(0, noon_ms),
})
const lines = fc.array(fc.oneof(spoken, noted), { minLength: 1, maxLength: 30 })

const filled = async (store: Store, given: readonly Line[]): Promise<Engine> => {
  const engine = await remembering(store)
  await tell(engine, ...given.map((each, at) => ({ ...each, id: `line ${at}` })))
  return engine
}

test('every score and each of its parts can be made anew from the explanation alone', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(lines, fc.array(said, { minLength: 1, maxLength: 5 }), async (given, queries) => {
      const engine = await filled(ram(), given)
      for (const query of queries) {
        for (const hit of recall(engine, query, { explain: true, hits_max: 50 }).hits) {
          const anew = recompute(JSON.parse(JSON.stringify(hit.explanation)))
          expect(Math.abs(anew.score - hit.score)).toBeLessThan(1e-9)
          const values = new Map(anew.parts.map(({ name, value }) => [name, value]))
          for (const { name, value } of hit.parts) {
            seen.add(name)
            expect(Math.abs((values.get(name) ?? 0) - value), name).toBeLessThan(1e-9)
          }
          expect(hit.score).toBe(hit.parts.reduce((sum, { value }) => sum + value, 0))
        }
      }
      await engine.stop()
    }),
    { numRuns: 60 },
  )
  const expected = 'anchor asking author context date length lexical thing thread walk when'.split(' ')
  expect([...seen].sort(), 'no part went unasked').toEqual(expected)
})

test('the answer hangs on nothing but the memories: not on how the index lies, what was asked before, or how often', async () => {
  await fc.assert(
    fc.asyncProperty(lines, said, said, fc.integer({ min: 1, max: 7 }), async (given, query, other, live_rows) => {
      const engine = await filled(ram(), given)
      const whole = recall(engine, query, { explain: true })
      recall(engine, other)
      expect(recall(engine, query, { explain: true })).toEqual(expect.objectContaining({ hits: whole.hits }))
      // The same memories in many small segments, some of them merged.
      const lanes = lanesOf(engine.world)
      lanes.text = new InvertedIndex({ k1: 2, b: 0.4, live_rows })
      lanes.catchUp(engine)
      lanes.text.seal()
      expect(recall(engine, query, { explain: true }).hits).toEqual(whole.hits)
      lanes.text.mergeStep(Number.POSITIVE_INFINITY)
      expect(recall(engine, query, { explain: true }).hits).toEqual(whole.hits)
      await engine.stop()
    }),
    { numRuns: 60 },
  )
})

/** What is known of a memory that was told. */
type Told = { readonly memory_id: number; gone: boolean }
type Model = { told: Told[]; count: number }
type Real = { engine: Engine; readonly store: Store }

class Tell implements fc.AsyncCommand<Model, Real> {
  readonly said: Line
  constructor(given: Line) {
    this.said = given
  }
  check = (): boolean => true
  async run(model: Model, real: Real): Promise<void> {
    const before = real.engine.world.rows(Memory)
    await tell(real.engine, { ...this.said, id: `told ${model.count++}` })
    const memory_id = real.engine.world.rows(Memory)
    // The same words by the same person at about the same time are the memory that there is.
    if (memory_id > before) model.told.push({ memory_id, gone: false })
  }
  toString = (): string => `tell ${JSON.stringify(this.said)}`
}

class Order implements fc.AsyncCommand<Model, Real> {
  readonly what: 'hide' | 'forget' | 'pin'
  readonly nth: number
  constructor(what: 'hide' | 'forget' | 'pin', nth: number) {
    this.what = what
    this.nth = nth
  }
  check = ({ told }: Readonly<Model>): boolean => told.length > 0
  async run({ told }: Model, real: Real): Promise<void> {
    const chosen = told[this.nth % told.length]!
    await order(real.engine, this.what, chosen.memory_id)
    if (this.what !== 'pin') chosen.gone = true
  }
  toString = (): string => `${this.what} ${this.nth}`
}

class Restart implements fc.AsyncCommand<Model, Real> {
  check = (): boolean => true
  async run(_: Model, real: Real): Promise<void> {
    await real.engine.stop()
    real.engine = await remembering(real.store)
  }
  toString = (): string => 'restart'
}

class Ask implements fc.AsyncCommand<Model, Real> {
  readonly query: string
  constructor(query: string) {
    this.query = query
  }
  check = (): boolean => true
  async run({ told }: Model, { engine }: Real): Promise<void> {
    const { deleted, replaced_by } = engine.world.of(Memory)
    const gone = new Set(told.filter((each) => each.gone).map(({ memory_id }) => memory_id))
    const { hits } = recall(engine, this.query, { hits_max: 100 })
    for (const { memory_id, id, family } of hits) {
      for (const row of [memory_id, ...family.map((member) => member.memory_id)]) {
        expect(gone.has(row), `${this.query} finds what is gone`).toBe(false)
        expect(deleted[row]! + replaced_by[row]!).toBe(0)
      }
      expect(id).not.toBe('')
    }
    const shown = hits.map(({ memory_id }) => memory_id)
    expect(new Set(shown).size, 'each once').toBe(shown.length)
    for (const [at, { score }] of hits.entries()) if (at > 0) expect(score).toBeLessThanOrEqual(hits[at - 1]!.score)
  }
  toString = (): string => `ask ${this.query}`
}

test('what was hidden, forgotten or replaced is never found again, whatever happens before and after', async () => {
  const commands = fc.commands(
    [
      fc.oneof(spoken, noted).map((given) => new Tell(given)),
      fc
        .tuple(fc.constantFrom('hide' as const, 'forget' as const, 'pin' as const), fc.nat(20))
        .map(([what, nth]) => new Order(what, nth)),
      fc.constant(new Restart()),
      said.map((query) => new Ask(query)),
    ],
    { maxCommands: 40 },
  )
  await fc.assert(
    fc.asyncProperty(commands, async (run) => {
      const real: { engine?: Engine } = {}
      await fc.asyncModelRun(async () => {
        const store = ram()
        const engine = await remembering(store)
        return { model: { told: [], count: 0 }, real: Object.assign(real, { engine, store }) }
      }, run)
      await real.engine?.stop()
    }),
    { numRuns: 60 },
  )
})
