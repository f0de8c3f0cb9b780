import { describe, expect, test } from 'vitest'
import { type Engine, system } from '../../engine/index.ts'
import type { System } from '../../engine/system.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { brittle, Ended, hands, Line, Look, Note, note, opened, Send, settled, toy } from '../support/toy.ts'

const bad = toy([brittle])

/** Opens and steps until the engine is stable: what `restart on failure` does to the daemon. */
async function reopened(
  store: RamStore,
  parts: object,
  tries: number,
): Promise<{ engine: Engine; failures: string[] }> {
  const failures: string[] = []
  for (;;) {
    const { adapter } = hands()
    const engine = await opened({ ...parts, store, adapters: [adapter] })
    await engine.start()
    try {
      for (let n = 0; n < 12; n++) {
        await settled()
        await engine.step()
      }
      return { engine, failures }
    } catch (thrown) {
      failures.push((thrown as Error).message)
      expect(await engine.finished).toBe(thrown)
      expect(failures.length, failures.join('\n')).toBeLessThanOrEqual(tries)
    }
  }
}

function lines(engine: Engine): string[] {
  return Array.from({ length: engine.world.rows(Line) }, (_, row) => engine.read('text', row + 1) ?? '')
}

async function failing(texts: readonly string[], parts: object = bad): Promise<RamStore> {
  const store = ram()
  const engine = await opened({ ...parts, store })
  for (const text of texts) engine.publish(note(text))
  await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW', value: 'brittle' })
  return store
}

describe('A system that throws', () => {
  test('ends the engine, commits nothing of its tick, and sets the batch aside', async () => {
    const store = ram()
    const { adapter } = hands()
    const engine = await opened({ ...bad, store, adapters: [adapter] })
    engine.publish(note('fine'))
    await engine.step()
    for (const text of ['a', 'boom', 'b']) engine.publish(note(text))
    const promise = engine.ingest(note('c'))
    const waiting = expect(promise).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    await waiting
    expect(await engine.finished).toMatchObject({ code: 'SYSTEM_THREW' })
    expect(engine.health).toBe('failed')
    expect(engine.publish(note('late'))).toBe(false)
    await expect(engine.step()).rejects.toMatchObject({ code: 'ENGINE_STATE' })

    const after = await opened({ ...bad, store })
    expect(after.tick).toBe(1)
    expect(lines(after)).toEqual(['fine'])
    expect(after.deadLetters().map(({ id, state, event, tick }) => [id, state, event.payload['text'], tick])).toEqual([
      [1, 'suspect', 'a', 2],
      [2, 'suspect', 'boom', 2],
      [3, 'suspect', 'b', 2],
      [4, 'suspect', 'c', 2],
    ])
    await after.stop()
  })

  test('leaves in the end only the event that throws alone; the others are taken in', async () => {
    const store = await failing(['a', 'boom 1', 'b', 'boom 2', 'c'])
    const { engine, failures } = await reopened(store, bad, 2)
    expect(failures).toHaveLength(2)
    expect(lines(engine).sort()).toEqual(['a', 'b', 'c'])
    expect(engine.deadLetters().map(({ state, event }) => [state, event.payload['text']])).toEqual([
      ['dead', 'boom 1'],
      ['dead', 'boom 2'],
    ])
    const report = await engine.replay()
    expect([report.identical, report.digest]).toEqual([true, engine.digest()])
    await engine.stop()
  })

  test('new events are not lost while suspects are tried', async () => {
    const store = await failing(['a', 'b', 'boom'])
    const { adapter } = hands()
    const engine = await opened({ ...bad, store, adapters: [adapter] })
    engine.publish(note('new'))
    for (let n = 0; n < 3; n++) await engine.step()
    expect(lines(engine)).toEqual(['new', 'a', 'b'])
    await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
  })

  test('a lone event that throws is dead at once, and stays so', async () => {
    const store = await failing(['boom'])
    const { engine, failures } = await reopened(store, bad, 0)
    expect([failures, engine.status().dead]).toEqual([[], 1])
    await engine.stop()
    const again = await reopened(store, bad, 0)
    expect(again.engine.deadLetters().map(({ state }) => state)).toEqual(['dead'])
    await again.engine.stop()
  })

  test('a crash between two trials loses no letter', async () => {
    const store = await failing(['a', 'boom', 'b'])
    const engine = await opened({ ...bad, store })
    await engine.step()
    await engine.step()
    expect(engine.status().dead).toBe(2)
    store.crash()
    const after = await reopened(store, bad, 1)
    expect(lines(after.engine).sort()).toEqual(['a', 'b'])
    await after.engine.stop()
  })

  test('an event that shares its tick with something that was said is not condemned alone', async () => {
    const hurt = system('brittle', ({ events }) => {
      if (events.some((event) => Ended.is(event))) throw new Error('said')
    })
    const store = ram()
    const speaks = system('speaks', ({ events, emit }) => {
      for (const event of events)
        if (Note.is(event) && event.payload.text === 'speak') emit(Ended, { line: 1, how: 'x' })
    })
    const { adapter } = hands()
    const engine = await opened({ ...toy([speaks, hurt]), store, adapters: [adapter] })
    engine.publish(note('speak'))
    await engine.step()
    engine.publish(note('innocent'))
    await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    const parts = toy([speaks, hurt])
    const { engine: after, failures } = await reopened(store, parts, 1)
    expect(failures).toHaveLength(1)
    expect(lines(after).sort()).toEqual(['innocent', 'speak'])
    expect(after.deadLetters().map(({ state, event: { type } }) => [state, type])).toEqual([['dead', Ended.name]])
    const report = await after.replay()
    expect([report.identical, report.digest]).toEqual([true, after.digest()])
    await after.stop()
  })
})

describe('Something said that makes a system throw', () => {
  const hurt = system('hurt', ({ events }) => {
    if (events.some((event) => Ended.is(event) && event.payload.line === 2)) throw new Error('said')
  })
  const speaks = system('speaks', ({ events, emit }) => {
    for (const event of events) {
      if (!Note.is(event) || event.payload.text !== 'speak') continue
      for (const line of [1, 2, 3]) emit(Ended, { line, how: 'x' })
    }
  })

  test('does not bring the engine down for ever: it is tried alone like any other event', async () => {
    const heard: unknown[] = []
    const ear = system('ear', ({ events }) => {
      for (const event of events) if (Ended.is(event)) heard.push(event.payload.line)
    })
    const store = ram()
    const { adapter } = hands()
    const engine = await opened({ ...toy([speaks, hurt, ear]), store, adapters: [adapter] })
    engine.publish(note('speak'))
    await engine.step()
    await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    const after = await reopened(store, toy([speaks, hurt, ear]), 1)
    expect(after.failures).toHaveLength(1)
    expect(after.engine.deadLetters().map(({ state, event }) => [state, event.payload['line']])).toEqual([['dead', 2]])
    expect([...new Set(heard)].sort()).toEqual([1, 3])
    await after.engine.stop()
    const again = await reopened(store, toy([speaks, hurt, ear]), 0)
    expect((await again.engine.replay()).identical).toBe(true)
    await again.engine.stop()
  })
})

describe('An answer that makes a system throw', () => {
  const throwing = (name: string, ...types: string[]): System =>
    system(name, ({ events }) => {
      for (const event of events) if (types.includes(event.type)) throw new Error(`cannot bear ${event.type}`)
    })

  /** An engine that has died of the answer to its first effect. */
  async function died(parts: object): Promise<RamStore> {
    const store = ram()
    const { adapter, calls } = hands()
    const engine = await opened({ ...parts, store, adapters: [adapter] })
    await engine.start()
    engine.publish(note('a'))
    await engine.step()
    calls[0]!.done({ found: 'x' })
    await settled()
    await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    return store
  }

  test('is not asked for again: the effect ends as failed', async () => {
    const parts = toy([throwing('brittle', Look.done.name)])
    const { engine, failures } = await reopened(await died(parts), parts, 0)
    expect(failures).toEqual([])
    expect(engine.recent().find((event) => Look.failed.is(event))?.payload['code']).toBe('ANSWER_DEAD')
    expect(engine.status().outbox.pending).toBe(0)
    await engine.stop()
  })

  test('does not bring the engine down for ever when its failure is not borne either', async () => {
    const parts = toy([throwing('brittle', Look.done.name, Look.failed.name)])
    const store = await died(parts)
    const { engine, failures } = await reopened(store, parts, 1)
    expect(failures).toHaveLength(1)
    expect([engine.status().outbox.pending, engine.status().dead]).toEqual([1, 2])
    await engine.stop()
    const again = await reopened(store, parts, 0)
    expect([again.failures, again.engine.status().dead]).toEqual([[], 2])
    await again.engine.stop()
  })

  test('of a once effect is neither repeated nor unknown', async () => {
    const parts = toy([throwing('brittle', Send.done.name)])
    const store = ram()
    const { adapter, calls } = hands()
    const engine = await opened({ ...parts, store, adapters: [adapter] })
    engine.publish(note('a'))
    await engine.step()
    calls[0]!.done({ found: 'x' })
    await settled()
    await engine.step()
    calls[1]!.done({ receipt: 'r' })
    await settled()
    await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    const after = await reopened(store, parts, 0)
    expect(after.engine.recent().map((event) => event.type)).toContain(Send.failed.name)
    expect(after.engine.recent().map((event) => event.type)).not.toContain(Send.unknown.name)
    await after.engine.stop()
  })

  test('is told from a dead event that only looks like an answer', async () => {
    const parts = toy([throwing('brittle', 'toy.poison')])
    const Poison = { ...Note, name: 'toy.poison', schema: { type: 'object' } }
    const store = ram()
    const { adapter } = hands()
    const all = { ...parts, events: [...parts.events, Poison] }
    const engine = await opened({ ...all, store, adapters: [adapter] })
    engine.publish(note('a'))
    await engine.step()
    engine.publish({ type: 'toy.poison', payload: { effect_id: 1 } })
    await expect(engine.step()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    const second = hands()
    const after = await opened({ ...all, store, adapters: [second.adapter] })
    await after.start()
    expect(second.calls.map((call) => call.effect_id)).toEqual([1])
    await after.stop()
  })
})
