import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { type Call, hands, Line, Look, note, opened, settled } from '../support/toy.ts'

/** What happens before a tick: a note, an answer of some kind to one of the effects that are out, a snapshot, or a new start. */
type Move =
  | { readonly do: 'note'; readonly text: string }
  | { readonly do: 'done' | 'busy' | 'broken'; readonly which: number }
  | { readonly do: 'wait' | 'snapshot' | 'restart' }

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('note' as const), text: fc.constantFrom('a', 'b', 'c') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('done' as const, 'busy' as const, 'broken' as const),
      which: fc.nat(5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('wait' as const, 'snapshot' as const, 'restart' as const) }),
  },
)

/** Lives through the moves, one tick each, and stands at rest. */
async function lived(moves: readonly Move[]): Promise<{ store: RamStore; engine: Engine }> {
  const store = ram()
  let out = hands()
  const open = async (): Promise<Engine> => {
    out = hands()
    const engine = await opened({ store, adapters: [out.adapter] })
    await engine.start()
    return engine
  }
  let engine = await open()
  const answered = new Set<Call>()
  for (const each of moves) {
    if (each.do === 'note') engine.publish(note(each.text))
    else if (each.do === 'snapshot') await engine.snapshot()
    else if (each.do === 'restart') {
      await engine.stop()
      engine = await open()
    } else if ('which' in each) answer(out.calls, answered, each)
    await settled()
    await engine.step()
  }
  return { store, engine }
}

function answer(calls: readonly Call[], answered: Set<Call>, { do: how, which }: { do: string; which: number }): void {
  const open = calls.filter((call) => !answered.has(call))
  const call = open[which % Math.max(1, open.length)]
  if (call === undefined) return
  answered.add(call)
  if (how === 'done') call.done(call.type === Look.name ? { found: `f${which}` } : { receipt: `r${which}` })
  else call.fail(how === 'busy' ? 'BUSY' : 'BROKEN', { transient: how === 'busy' })
}

test('a fork in which nothing is changed becomes the same world, from any tick of any run', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 40 }), fc.nat(), async (moves, at) => {
      const { engine } = await lived(moves)
      const tick = engine.firstTick + (at % (engine.tick - engine.firstTick + 1))
      const { fork, recorded, effects } = await engine.past.fork({ tick, change: [] })
      expect(markOf(recorded)).toEqual(engine.mark())
      expect(markOf(fork)).toEqual(engine.mark())
      expect([effects.only_fork_count, effects.only_recorded_count]).toEqual([0, 0])
      await engine.stop()
    }),
    { numRuns: 150 },
  )
})

test('halving finds the tick that looking at every one finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 2, maxLength: 30 }), fc.nat(12), async (moves, wanted) => {
      const { engine } = await lived(moves)
      const range = { from: engine.firstTick, to: engine.tick }
      const holds = ({ world }: { world: Engine['world'] }): boolean => world.rows(Line) >= wanted
      const halved = await engine.past.firstWhere({ ...range, holds })
      const stepped = await engine.past.firstWhere({ ...range, holds, every: 1 })
      expect(halved?.tick).toBe(stepped?.tick)
      if (halved !== undefined) expect(markOf(halved.core)).toEqual(markOf((await engine.visit(halved.tick)).core))
      await engine.stop()
    }),
    { numRuns: 60 },
  )
})
