import { expect, test } from 'vitest'
import { repairsOf } from '../../adapters/cli/desk/repair.ts'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { drained } from '../support/memory.ts'
import { begin, repairing, type Scripted, scripted, shop, until, type Verdict, verdictsOf } from '../support/repair.ts'

/** What the project needs until its command succeeds. */
const neededMax = 2

type Project = { done: number; asked: number; readonly sessions: Map<string, string[]> }
const projectOf = (done = 0): Project => ({ done, asked: 0, sessions: new Map() })
const never = (): Promise<never> => new Promise(() => undefined)

/** Opencode and a project that outlive the process: each working of opencode's brings it nearer to green. */
function around(project: Project, hold: { check: boolean; ask: boolean; worksFirst: boolean }): Scripted {
  return scripted(
    () => (hold.check ? never() : project.done >= neededMax ? 0 : 1),
    ({ key }) => {
      // Who is asked the same again goes on with what was begun.
      const begun = project.sessions.get(key)
      if (begun === undefined) project.asked++
      const files = begun ?? []
      project.sessions.set(key, files)
      if (files.length === 0 && (hold.worksFirst || !hold.ask)) files.push(`part-${++project.done}.ts`)
      return hold.ask ? never() : files
    },
  )
}

async function ended(engine: Engine): Promise<Verdict> {
  const verdicts = verdictsOf(engine)
  await until(engine, () => verdicts.length > 0)
  return verdicts[0]!
}

const free = { check: false, ask: false, worksFirst: false }

test('killed while the command runs, it is run again, and opencode has not been asked for it', async () => {
  const store = ram()
  const project = projectOf()
  const first = await repairing(store, around(project, { ...free, check: true }))
  await begin(first)
  expect(repairsOf(first)[0]).toMatchObject({ phase: 'checking' })
  store.crash()
  const second = await repairing(store, around(project, free))
  expect(await ended(second)).toMatchObject({ type: 'repair.done', attempts: 2, files: ['part-1.ts', 'part-2.ts'] })
  expect(project.asked).toBe(2)
  expect(await second.replay()).toMatchObject({ identical: true })
  await second.stop()
})

test.each([
  ['had not worked yet', false],
  ['had worked already', true],
])(
  'killed while opencode is asked and %s: what was begun is gone on with, and the same is never begun twice',
  async (_name, worksFirst) => {
    const store = ram()
    const project = projectOf(worksFirst ? 1 : 0)
    const first = await repairing(store, around(project, { ...free, ask: true, worksFirst }))
    await begin(first)
    await until(first, () => project.asked === 1)
    store.crash()
    const script = around(project, free)
    const second = await repairing(store, script)
    const verdict = await ended(second)
    const [attempts, files] = worksFirst ? [1, ['part-2.ts']] : [2, ['part-1.ts', 'part-2.ts']]
    expect(verdict).toMatchObject({ type: 'repair.done', attempts, files })
    expect(project.asked).toBe(attempts)
    expect(script.asked.map(({ title }) => title)).toEqual(
      worksFirst ? ['repair shop, attempt 1'] : ['repair shop, attempt 1', 'repair shop, attempt 2'],
    )
    expect(await second.replay()).toMatchObject({ identical: true })
    await second.stop()
  },
)

test('killed between two runs, the next one still begins at its time, and not within the first moments', async () => {
  const store = ram()
  const project = projectOf(2)
  let wall_ms = 1_760_000_000_000
  const rules = [{ ...shop, every_ms: 60_000 }]
  const first = await repairing(store, around(project, free), rules, () => wall_ms)
  wall_ms += 20_000
  await ended(first)
  store.crash()
  wall_ms += 3_600_000
  const script = around(project, free)
  const second = await repairing(store, script, rules, () => wall_ms)
  await drained(second)
  expect(script.ran).toEqual([])
  wall_ms += 11_000
  await ended(second)
  expect(script.ran).toHaveLength(1)
  await second.stop()
})
