import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Memory } from '../../systems/components.ts'
import { Embedding, EmbedJob, EmbedLane, EmbedModel, Vector } from '../../systems/eidolon/columns.ts'
import { textsBytesMax, textsMax } from '../../systems/eidolon/embedding/batch.ts'
import { Priority, priorityOf } from '../../systems/eidolon/embedding/priority.ts'
import { isServed, vectorRow } from '../../systems/eidolon/embedding/queue.ts'
import {
  type Asked,
  byHand,
  counted,
  counts,
  encoded,
  Forget,
  Make,
  opened,
  policy,
  steps,
} from '../support/embedding.ts'

const kind = fc.constantFrom('note', 'chat', 'discord', 'tool', 'summary', 'aggregate', 'think', 'system')
const trust = fc.constantFrom('unknown', 'bot', 'person', 'own')
const text = fc.constantFrom('a note', 'another', 'poison', '', ' \n ', 'x'.repeat(20_000), '\ud800 half')
const memories = fc.array(fc.record({ text, kind, trust }), { minLength: 1, maxLength: 90 })
const code = fc.constantFrom('SERVER', 'AUTH', 'BAD_REQUEST', 'CONTEXT_TOO_LONG', 'ADAPTER_THREW')
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('make' as const), memories }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      model: fc.constantFrom('m/one', 'm/two', null),
      eidolon: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('done' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), pick: fc.nat(), code }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wrong' as const), pick: fc.nat(), how: fc.nat({ max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 100_000 }) }) },
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

/** One text is such that no model takes it. */
function answer(request: Asked): void {
  if (request.texts.includes('poison')) request.fail('BAD_REQUEST')
  else request.done()
}

/** Answers that must never be stored. */
function wrong(asked: Asked, how: number): void {
  const good = asked.texts.map(() => encoded([1, 2, 3, 4, 5, 6, 7, 8]))
  if (how === 0) asked.done({ vectors: [...good, good[0]!] })
  else if (how === 1) asked.done({ vectors: good.with(-1, encoded([1, 2])) })
  else if (how === 2) asked.done({ vectors: good.with(-1, encoded([Number.NaN, 2, 3, 4, 5, 6, 7, 8])) })
  else if (how === 3) asked.done({ vectors: good.with(0, encoded([0, 0, 0, 0, 0, 0, 0, 0])) })
  else asked.done({ vectors: good.with(0, 'not base64 at all') })
}

async function run(engine: Engine, asked: Asked[], one: Command): Promise<void> {
  if (one.kind === 'make') engine.publish({ type: Make.name, payload: { memories: one.memories } })
  else if (one.kind === 'policy') engine.publish(policy(one.model, { eidolon: one.eidolon }))
  else if (one.kind === 'forget') {
    const rows = engine.world.rows(Memory)
    if (rows > 0) engine.publish({ type: Forget.name, payload: { memory_id: 1 + (one.pick % rows) } })
  } else if (one.kind === 'wait') await steps(engine, 1, one.ms)
  else {
    const request = asked[one.pick % Math.max(1, asked.length)]
    if (request === undefined) return
    if (one.kind === 'done') answer(request)
    else if (one.kind === 'fail') request.fail(one.code)
    else wrong(request, one.how)
  }
  await steps(engine, 2)
}

/** What holds after every tick. */
function checkWorld(engine: Engine, asked: readonly Asked[]): void {
  const { world } = engine
  expect(counts(engine)).toEqual(counted(engine))
  expect(world.of(Embedding).requests[1]).toBe(asked.length)
  const jobs = world.of(EmbedJob)
  const known = [...world.each(EmbedJob)].map((job) => `${jobs.memory_id[job]} ${jobs.model[job]} ${jobs.lane[job]}`)
  expect(new Set(known).size).toBe(known.length)
  const { of_high, of_low } = world.of(Vector)
  const rows = Array.from({ length: world.rows(Vector) }, (_, at) => `${of_high[at + 1]} ${of_low[at + 1]}`)
  expect(new Set(rows).size).toBe(rows.length)
}

/** Answers everything well, but for texts that no model takes, until nothing waits. */
async function drain(engine: Engine, asked: readonly Asked[]): Promise<void> {
  for (let round = 0; round < 400; round++) {
    for (const request of [...asked]) answer(request)
    await steps(engine, 1, 600_000)
    const { waiting, running } = counts(engine)
    if (waiting + running === 0 && engine.world.of(Embedding).sweep[1] === 0 && engine.quiet) return
  }
  expect.fail('it does not come to rest')
}

/** Every memory worth one has its vector, except those that no model takes. */
function checkComplete(engine: Engine): void {
  const { world } = engine
  const embedding = world.of(Embedding)
  const model = embedding.model[1]!
  const jobs = world.of(EmbedJob)
  const poisoned = new Set([...world.each(EmbedJob)].map((job) => jobs.memory_id[job]!))
  const { kind: kinds, trust: trusts, marks, chunks } = world.of(Memory)
  for (let row = 1; row <= world.rows(Memory); row++) {
    const said = engine.read('text', row)!
    const worth =
      priorityOf({ kind: kinds[row]!, trust: trusts[row]!, marks: marks[row]!, chunks: chunks[row]! }) !== Priority.none
    const expected = worth && isServed(world, row) && said.trim() !== '' && said !== 'poison'
    if (isServed(world, row)) expect(vectorRow(world, row, model, EmbedLane.canonical) !== 0, said).toBe(expected)
    if (poisoned.has(row)) expect(said).toBe('poison')
  }
  expect(embedding.serving[1]).toBe(model)
  expect(world.names.text(world.of(EmbedModel).name[model]!)).toBe('m/one')
}

test('whatever is said, answered, lost and changed: no job is doubled, no wrong vector kept, and in the end all is done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
      const { adapter, asked, sent } = byHand()
      const engine = await opened(ram(), [adapter])
      engine.publish(policy('m/one'))
      await steps(engine, 1)
      for (const one of commands) {
        await run(engine, asked, one)
        checkWorld(engine, asked)
      }
      engine.publish(policy('m/one'))
      await steps(engine, 2)
      await drain(engine, asked)
      checkWorld(engine, asked)
      checkComplete(engine)
      for (const { texts } of sent) {
        expect(texts.length).toBeLessThanOrEqual(textsMax)
        expect(Buffer.byteLength(texts.join(''))).toBeLessThanOrEqual(textsBytesMax)
        expect(texts.every((each) => each.isWellFormed() && each.trim() !== '')).toBe(true)
      }
      expect((await engine.replay()).identical).toBe(true)
      await engine.stop()
    }),
    { numRuns: 40 },
  )
}, 120_000)
