import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { offlineModel } from '../../adapters/offline/embed.ts'
import { offlineEmbedder } from '../../adapters/offline.ts'
import { flat, openFlat } from '../../stores/flat.ts'
import { ram } from '../../stores/ram.ts'
import { Mark, Memory, MemoryKind, Trust } from '../../systems/components.ts'
import { Embedding, EmbedJob, EmbedLane, EmbedState, FieldInForce, Vector } from '../../systems/eidolon/columns.ts'
import { attemptsMax } from '../../systems/eidolon/embedding/answers.ts'
import { textUnitsMax } from '../../systems/eidolon/embedding/batch.ts'
import { embeddingOf } from '../../systems/eidolon/embedding/policy.ts'
import { letsIn, pressureOf, pressureSteps } from '../../systems/eidolon/embedding/pressure.ts'
import { Priority, priorityOf } from '../../systems/eidolon/embedding/priority.ts'
import { vectorOfText, vectorText } from '../../systems/eidolon/embedding/vector-text.ts'
import { servingModel, vectorSource } from '../../systems/eidolon/vectors.ts'
import {
  byHand,
  counts,
  encoded,
  Forget,
  type Made,
  Make,
  opened,
  policy,
  steps,
  vectorFor,
} from '../support/embedding.ts'
import { cosine } from '../support/vectors.ts'

async function withMemories(memories: readonly Made[], set = policy('m/one')) {
  const { adapter, asked, sent } = byHand()
  const engine = await opened(ram(), [adapter])
  engine.publish(set)
  const make = (more: readonly Made[]): unknown =>
    engine.publish({ type: Make.name, payload: { memories: more as never } })
  if (memories.length > 0) make(memories)
  await steps(engine, 4)
  return { engine, asked, sent, make }
}

describe('Embedding jobs', () => {
  test('nothing is embedded until the policy names a model', async () => {
    const { engine, sent } = await withMemories([{ text: 'a' }], policy(null))
    expect([sent.length, counts(engine).waiting, servingModel(engine)]).toEqual([0, 0, undefined])
    engine.publish(policy('m/one'))
    await steps(engine, 4)
    expect(sent).toEqual([{ model: 'm/one', texts: ['a'] }])
    await engine.stop()
  })

  test('the most useful come first, and what is not worth a vector gets none', async () => {
    const { engine, sent, make } = await withMemories([{ text: 'first' }])
    make([
      { text: 'bot', kind: 'discord', trust: 'bot' },
      { text: 'message', kind: 'discord', trust: 'unknown' },
      { text: 'person', kind: 'chat', trust: 'person' },
      { text: 'tool', kind: 'tool' },
      { text: 'aggregate', kind: 'aggregate' },
      { text: 'summary', kind: 'summary' },
      { text: 'thought', kind: 'think' },
      { text: 'system', kind: 'system' },
    ])
    await steps(engine, 4)
    expect(sent[1]!.texts).toEqual(['summary', 'aggregate', 'tool', 'person', 'message', 'bot'])
    await engine.stop()
    const ranked = { trust: Trust.person, kind: MemoryKind.note, marks: Mark.question }
    expect(priorityOf({ ...ranked, chunks: 0 })).toBe(Priority.person)
    expect(priorityOf({ ...ranked, chunks: 0, marks: Mark.secret | Mark.cut }), 'it stays here').toBe(Priority.none)
    expect(priorityOf({ ...ranked, chunks: 3 }), 'its chunks have vectors instead').toBe(Priority.none)
  })

  test('requests hold at most 64 texts or 64 KB, and no more are out than the effect allows', async () => {
    const many = Array.from({ length: 300 }, (_, at) => ({ text: `note ${at}` }))
    const { engine, asked, sent } = await withMemories(many)
    expect(sent.map(({ texts }) => texts.length)).toEqual([64, 64, 64, 64])
    asked[0]!.done()
    await steps(engine, 3)
    expect(sent[4]!.texts).toHaveLength(44)
    await engine.stop()
    const long = Array.from({ length: 20 }, (_, at) => ({ text: `${at} ${'ö'.repeat(9_000)}` }))
    const other = await withMemories(long)
    expect(other.sent[0]!.texts.map((text) => text.length)).toEqual([
      textUnitsMax,
      textUnitsMax,
      textUnitsMax,
      textUnitsMax,
    ])
    await other.engine.stop()
  })

  test('a title goes before its text, unless the text begins with it', async () => {
    const titled = [
      { title: 'Tomatoes', text: ' Water them.' },
      { title: 'Build', text: 'Build broke' },
      { title: 'Empty', text: ' ' },
    ]
    const { engine, sent } = await withMemories(titled)
    expect(sent[0]!.texts).toEqual(['Tomatoes\nWater them.', 'Build broke'])
    await engine.stop()
  })

  test('vectors rest in the record, are found by an index, and serve', async () => {
    const { engine, asked } = await withMemories([{ text: 'one' }, { text: 'two' }, { text: 'three' }])
    expect(servingModel(engine)).toBeUndefined()
    asked[0]!.done()
    await steps(engine, 2)
    const model = servingModel(engine)!
    expect(model).toMatchObject({ name: 'm/one', key: 'm/one', dimensions: 8 })
    const source = vectorSource(engine, model)
    expect([...source.labels()]).toEqual([1, 2, 3])
    const index = await openFlat('/nowhere/at/all', { model: model.key, dimensions: 8, source })
    const query = Float32Array.from(vectorFor('m/one', 'two'))
    expect(index.search(query, 1).labels[0]).toBe(2)
    expect(index.search(query, 1).scores[0]).toBeGreaterThan(0.999)
    engine.publish({ type: Forget.name, payload: { memory_id: 2 } })
    await steps(engine, 1)
    expect([...source.labels()]).toEqual([1, 3])
    await engine.stop()
  })

  test('a far side that is away pauses everything, longer each time, and costs no text an attempt', async () => {
    const { engine, asked, sent } = await withMemories([{ text: 'one' }])
    const pauses: number[] = []
    for (let n = 0; n < 12; n++) {
      asked[0]!.fail(n % 2 === 0 ? 'AUTH' : 'SERVER')
      await steps(engine, 1)
      pauses.push(engine.world.of(Embedding).paused_until_ms[1]! - engine.now_ms)
      await steps(engine, 3)
      expect(asked).toHaveLength(0)
      await steps(engine, 3, 3_600_000 * 1.5)
    }
    expect(sent).toHaveLength(13)
    expect(pauses[0]).toBeLessThanOrEqual(15_000)
    expect(pauses[11]).toBeGreaterThanOrEqual(1_800_000)
    const jobs = engine.world.of(EmbedJob)
    for (const job of engine.world.each(EmbedJob)) expect([jobs.attempts[job], jobs.alone[job]]).toEqual([0, 0])
    asked[0]!.done()
    await steps(engine, 2)
    expect(engine.world.rows(Vector)).toBe(1)
    await engine.stop()
  })

  test('a pause lets one request through at first, and all again after it was answered', async () => {
    const many = Array.from({ length: 300 }, (_, at) => ({ text: `note ${at}` }))
    const { engine, asked, sent } = await withMemories(many)
    for (const each of [...asked]) each.fail('NETWORK')
    await steps(engine, 3)
    await steps(engine, 1, 3_600_000)
    await steps(engine, 2)
    expect([sent.length, asked.length]).toEqual([5, 1])
    asked[0]!.done()
    await steps(engine, 3)
    expect(asked).toHaveLength(4)
    await engine.stop()
  })

  test('a text that no model takes is found by asking alone, tried again with longer waits, and poisoned', async () => {
    const { engine, asked } = await withMemories([{ text: 'good' }, { text: 'bad' }, { text: 'fine' }])
    asked[0]!.fail('CONTEXT_TOO_LONG')
    await steps(engine, 3)
    const waits: number[] = []
    const jobs = engine.world.of(EmbedJob)
    for (let n = 1; n <= attemptsMax; n++) {
      while (asked.length > 0) {
        expect(asked[0]!.texts).toHaveLength(1)
        if (asked[0]!.texts[0] === 'bad') asked[0]!.fail('BAD_REQUEST')
        else asked[0]!.done()
        await steps(engine, 2, 1)
      }
      const job = engine.world.each(EmbedJob)[0]!
      if (n < attemptsMax) waits.push(jobs.retry_at_ms[job]! - engine.now_ms)
      if (n < attemptsMax) expect([jobs.state[job], jobs.attempts[job]]).toEqual([EmbedState.retry, n])
      await steps(engine, 3, 3_600_000)
    }
    expect(waits[0]).toBeLessThan(60_000)
    expect(waits[3]).toBeGreaterThan(100_000)
    expect(counts(engine)).toEqual({ waiting: 0, running: 0, poisoned: 1 })
    expect([asked.length, engine.world.rows(Vector)]).toEqual([0, 2])
    engine.publish(policy('m/one'))
    await steps(engine, 3)
    expect(
      asked.map(({ texts }) => texts),
      'somebody may have mended it',
    ).toEqual([['bad']])
    await engine.stop()
  })

  test('wrong answers are never stored: dimensions, count, components', async () => {
    const { engine, asked } = await withMemories([{ text: 'one' }])
    asked[0]!.done()
    await steps(engine, 3)
    engine.publish({ type: Make.name, payload: { memories: [{ text: 'two' }] } })
    await steps(engine, 4)
    const wrong = [
      { dimensions: 2, vectors: [encoded([1, 2])] },
      { dimensions: 16, vectors: [encoded(Array.from({ length: 16 }, () => 1))] },
      { vectors: [encoded([1, 2])] },
      { vectors: [encoded([0, 0, 0, 0, 0, 0, 0, 0])] },
    ]
    for (const answer of wrong) {
      asked[0]!.done(answer)
      await steps(engine, 2)
      await steps(engine, 2, 3_600_000)
      expect(engine.world.rows(Vector)).toBe(1)
    }
    asked[0]!.done()
    await steps(engine, 2)
    expect(engine.world.rows(Vector)).toBe(2)
    await engine.stop()
  })

  test('another model embeds everything again in the background, and the old vectors serve until it is done', async () => {
    const texts = Array.from({ length: 70 }, (_, at) => ({ text: `note ${at}` }))
    const { engine, asked, sent } = await withMemories(texts)
    while (asked.length > 0) {
      asked[0]!.done()
      await steps(engine, 3)
    }
    engine.publish(policy('m/two', { dimensions: 8 }))
    await steps(engine, 5)
    expect(servingModel(engine)!.name).toBe('m/one')
    asked[0]!.done()
    await steps(engine, 3)
    const before = servingModel(engine)!
    expect(before.name).toBe('m/one')
    expect([...vectorSource(engine, before).labels()]).toHaveLength(70)
    while (asked.length > 0) {
      asked[0]!.done()
      await steps(engine, 3)
    }
    const after = servingModel(engine)!
    expect(after).toMatchObject({ name: 'm/two', key: 'm/two\n8' })
    const source = vectorSource(engine, after)
    expect([...source.labels()]).toHaveLength(70)
    expect(cosine(source.vector(5)!, Float32Array.from(vectorFor('m/two', 'note 4')))).toBeGreaterThan(0.999)
    expect(sent.flatMap((each) => each.texts)).toHaveLength(140)
    engine.publish(policy('m/one'))
    await steps(engine, 5)
    expect([sent.length, servingModel(engine)!.name], 'its vectors are still there').toEqual([4, 'm/one'])
    await engine.stop()
  })

  test('a job whose model was changed while it was out ends with its answer, kept under its own model', async () => {
    const { engine, asked } = await withMemories([{ text: 'one' }])
    engine.publish(policy('m/two'))
    await steps(engine, 3)
    expect(asked.map(({ model }) => model)).toEqual(['m/one', 'm/two'])
    asked[0]!.fail('BAD_REQUEST')
    await steps(engine, 2)
    asked[0]!.done()
    await steps(engine, 2)
    expect([counts(engine), engine.world.rows(Vector)]).toEqual([{ waiting: 0, running: 0, poisoned: 0 }, 1])
    await engine.stop()
  })

  test('under the eidolon lane a text is also embedded as seen under the field', async () => {
    const { engine, asked, sent, make } = await withMemories([], policy('m/one', { eidolon: true }))
    make([{ text: 'one' }])
    await steps(engine, 4)
    const field = 'health ok, backlog low, outbox fresh'
    expect(sent).toEqual([{ model: 'm/one', texts: ['one', `${field}\none`] }])
    asked[0]!.done()
    await steps(engine, 2)
    expect([engine.world.rows(Vector), engine.world.rows(FieldInForce)]).toEqual([2, 1])
    expect([...vectorSource(engine, servingModel(engine)!, EmbedLane.eidolon).labels()]).toEqual([1])
    make([{ text: 'two' }])
    await steps(engine, 4)
    expect(engine.world.rows(FieldInForce), 'the field is the same').toBe(1)
    await engine.stop()
  })

  test('a crash loses nothing: open requests go again, and nothing is asked twice', async () => {
    const store = ram()
    const first = byHand()
    const engine = await opened(store, [first.adapter])
    engine.publish(policy('m/one'))
    engine.publish({ type: Make.name, payload: { memories: [{ text: 'one' }] } })
    await steps(engine, 4)
    expect(first.asked).toHaveLength(1)
    store.crash()
    const second = byHand()
    const again = await opened(store, [second.adapter])
    await steps(again, 3)
    expect(second.sent).toEqual(first.sent)
    second.asked[0]!.done()
    await steps(again, 3)
    expect([again.world.rows(Vector), counts(again).running]).toEqual([1, 0])
    expect((await again.replay()).identical).toBe(true)
    await again.stop()
  })

  test('with the offline embedder, the likest text is found', async () => {
    const engine = await opened(ram(), [offlineEmbedder()])
    engine.publish(policy(offlineModel))
    const texts = ['The arm64 build broke again.', 'Tomatoes want water.', 'The meeting was moved to Monday.']
    engine.publish({ type: Make.name, payload: { memories: texts.map((text) => ({ text })) } })
    await steps(engine, 6)
    const model = servingModel(engine)!
    const index = flat({ model: model.key, dimensions: model.dimensions })
    const source = vectorSource(engine, model)
    for (const label of source.labels()) index.add(label, source.vector(label)!)
    expect(index.count).toBe(3)
    expect(index.search(source.vector(1)!, 1).labels[0]).toBe(1)
    await engine.stop()
  })
})

describe('Back-pressure', () => {
  test('each step lets in less, and the last nothing', () => {
    const jobs = [
      [EmbedLane.canonical, Priority.summary],
      [EmbedLane.canonical, Priority.aggregate],
      [EmbedLane.canonical, Priority.message],
      [EmbedLane.canonical, Priority.bot],
      [EmbedLane.eidolon, Priority.summary],
    ] as const
    const let_ = (waiting: number): boolean[] =>
      jobs.map(([lane, priority]) => letsIn(pressureOf(waiting), lane, priority))
    expect(pressureSteps.flatMap((step) => [let_(step - 1), let_(step)])).toEqual([
      [true, true, true, true, true],
      [true, true, true, true, false],
      [true, true, true, true, false],
      [true, true, true, false, false],
      [true, true, true, false, false],
      [true, true, false, false, false],
      [true, true, false, false, false],
      [false, false, false, false, false],
    ])
  })

  test('what a long queue passes over is embedded when it has become short', async () => {
    const bots = (count: number): Made[] =>
      Array.from({ length: count }, (_, at) => ({ text: `bot ${at}`, kind: 'chat', trust: 'bot' }))
    const { engine, asked, make } = await withMemories([])
    make(bots(3_000))
    await steps(engine, 4)
    expect(counts(engine)).toEqual({ waiting: 2_048 - 256, running: 256, poisoned: 0 })
    expect(engine.world.of(Embedding).passed_over[1]).toBe(3_000 - 2_048)
    make([{ text: 'a person', kind: 'chat' }])
    await steps(engine, 2)
    for (let round = 0; round < 60 && asked.length > 0; round++) {
      for (const each of [...asked]) each.done()
      await steps(engine, 3)
    }
    expect(engine.world.rows(Vector)).toBe(engine.world.rows(Memory))
    await engine.stop()
  })
})

describe('A vector as a record', () => {
  test('comes back close to what it was, of length 1, and says whose it is', () => {
    const component = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 })
    fc.assert(
      fc.property(fc.array(component, { minLength: 1, maxLength: 300 }), (components) => {
        const vector = Float32Array.from(components)
        const text = vectorText(vector, 'm/one')
        if (vector.every((each) => each === 0)) {
          expect(text).toBeUndefined()
          return
        }
        const kept = vectorOfText(text!)!
        expect(kept.dimensions).toBe(vector.length)
        expect(cosine(kept.vector, kept.vector)).toBeCloseTo(1, 6)
        expect(cosine(kept.vector, vector)).toBeGreaterThan(0.99)
        expect(vectorText(kept.vector, 'm/one')?.slice(16), 'keeping it again changes no component').toBe(
          text!.slice(16),
        )
        expect(vectorText(vector, 'm/two')).not.toBe(text)
      }),
    )
    expect(vectorText(new Float32Array(256).fill(1), 'm')).toHaveLength(360)
  })

  test('damaged or foreign text is none', () => {
    const text = vectorText(Float32Array.of(1, 2, 3), 'm')!
    for (const other of ['', 'AAAA', text.slice(0, -4), `${text}AAAA`, `B${text.slice(1)}`, 'not base64', '\ud800']) {
      expect(vectorOfText(other)).toBeUndefined()
    }
  })
})

test('a policy that cannot be understood turns embedding off', () => {
  const off = { model: null, eidolon: false }
  for (const embedding of [undefined, null, [], 'm', {}, { model: '' }, { model: 3 }, { model: 'm'.repeat(201) }]) {
    expect(embeddingOf({ embedding } as never)).toEqual(off)
  }
  expect(embeddingOf({ embedding: { model: 'm', eidolon: 'yes', dimensions: 1.5 } })).toEqual({
    model: 'm',
    eidolon: false,
  })
  const whole = { model: 'm', eidolon: true, dimensions: 256 }
  expect(embeddingOf({ embedding: whole })).toEqual(whole)
})
