import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repairsOf } from '../../adapters/cli/desk/repair.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { drained } from '../support/memory.ts'
import { begin, repairing, type Scripted, scripted, shop, until } from '../support/repair.ts'

/** What becomes of a command or of an asking: an exit code, files, a failure, or that the process dies over it. */
const check = fc.constantFrom('0', '1', '2', 'deadline', 'COMMAND_MISSING', 'crash')
const work = fc.constantFrom('a.ts', '', 'OPENCODE_AWAY', 'OPENCODE_DEADLINE', 'OPENCODE_ERROR', 'crash')
const failure = /^[A-Z]+_/

type Life = { readonly script: Scripted; crashed: boolean }

/** One life of the process; the scripts go on where the life before stopped. */
function lifeOf(checks: string[], works: string[]): Life {
  const never = new Promise<never>(() => undefined)
  const next = (from: string[], otherwise: string): string => {
    const word = from.shift() ?? otherwise
    if (word === 'crash') life.crashed = true
    return word
  }
  const life: Life = {
    crashed: false,
    script: scripted(
      () => {
        const word = next(checks, '1')
        if (failure.test(word)) throw new EffectFailure(word, 'the script says so')
        return word === 'crash' ? never : word === 'deadline' ? { exit_code: -1, ended: 'deadline' } : Number(word)
      },
      () => {
        const word = next(works, '')
        if (failure.test(word)) return new EffectFailure(word, 'the script says so')
        return word === 'crash' ? never : word === '' ? [] : [word]
      },
    ),
  }
  return life
}

const atRest = (engine: Engine): boolean => repairsOf(engine)[0]?.state === 'none'

test('whatever happens a repair ends, is asked for at most so often, and says what the command says', async () => {
  const cases = [
    fc.array(check, { maxLength: 8 }),
    fc.array(work, { maxLength: 6 }),
    fc.integer({ min: 1, max: 3 }),
  ] as const
  await fc.assert(fc.asyncProperty(...cases, holds), { numRuns: 40 })
})

async function holds(givenChecks: string[], givenWorks: string[], attempts_max: number): Promise<void> {
  const [checks, works] = [[...givenChecks], [...givenWorks]]
  const store = ram()
  const rules = [{ ...shop, attempts_max }]
  const asked: { readonly key: string; readonly title?: string }[] = []
  let life = lifeOf(checks, works)
  let engine = await repairing(store, life.script, rules)
  await begin(engine)
  for (;;) {
    await until(engine, () => life.crashed || atRest(engine))
    asked.push(...life.script.asked)
    if (!life.crashed) break
    store.crash()
    life = lifeOf(checks, works)
    engine = await repairing(store, life.script, rules)
    await drained(engine)
  }
  const [view] = repairsOf(engine)
  // Each attempt was asked with a key of its own, in their order; after a crash the same is asked again by the same key.
  const titles = [...new Map(asked.map(({ key, title }) => [key, title])).values()]
  expect(titles).toEqual(Array.from({ length: view!.attempts }, (_, at) => `repair shop, attempt ${at + 1}`))
  expect(view!.attempts).toBeLessThanOrEqual(attempts_max)
  expect(view!.verdict === 'done').toBe(view!.exit_code === 0 && view!.code === '')
  if (view!.code === 'ATTEMPTS_SPENT') expect(view!.attempts).toBe(attempts_max)
  expect((await engine.replay()).identical).toBe(true)
  await engine.stop()
}
