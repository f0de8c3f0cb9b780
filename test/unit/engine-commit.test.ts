import { describe, expect, test } from 'vitest'
import { EffectStatus, EngineError } from '../../engine/index.ts'
import type { Commit } from '../../engine/record/store.ts'
import { ram } from '../../stores/ram.ts'
import { brittle, hands, Line, Look, note, opened, Send, settled, toy, withStatus } from '../support/toy.ts'

/** A gate that commits have to pass one by one. */
function gate() {
  const waiting: (() => void)[] = []
  const ticks: number[] = []
  let open = true
  return {
    ticks,
    shut: () => {
      open = false
    },
    pass: () => {
      open = true
      for (const go of waiting.splice(0)) go()
    },
    beforeCommit: (commit: Commit): void | Promise<void> => {
      ticks.push(commit.tick)
      if (!open) return new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}

describe('Output commit', () => {
  test('no effect leaves and nobody is told before the tick is durable', async () => {
    const { beforeCommit, shut, pass } = gate()
    const { adapter, calls } = hands()
    const engine = await opened({ store: ram({ beforeCommit }), adapters: [adapter] })
    const told: string[] = []
    engine.on('*', (event) => told.push(event.type))
    shut()
    engine.publish(note('a'))
    let durable = 0
    const ingested = engine.ingest(note('b')).then((tick) => {
      durable = tick
    })
    const step = engine.step()
    await settled()
    expect([calls.length, told, durable, engine.tick]).toEqual([0, [], 0, 1])
    pass()
    await step
    await ingested
    expect([calls.length, durable]).toEqual([2, 1])
    expect(told).toEqual(['clock.set', 'engine.started', 'toy.note', 'toy.note'])
    await engine.stop()
  })

  test('who looks while a tick is made durable sees its rows and its records alike', async () => {
    const { beforeCommit, shut, pass } = gate()
    const engine = await opened({ store: ram({ beforeCommit }) })
    shut()
    engine.publish(note('half way'))
    const step = engine.step()
    await settled()
    const row = engine.world.rows(Line)
    expect([row, engine.read('text', row)]).toEqual([1, 'half way'])
    pass()
    await step
    expect(engine.read('text', row)).toBe('half way')
    await engine.stop()
  })

  test('what died uncommitted was seen by nobody, and is as if it had never been', async () => {
    const { beforeCommit, shut } = gate()
    const { adapter, calls } = hands()
    const store = ram({ beforeCommit })
    const engine = await opened({ store, adapters: [adapter] })
    engine.publish(note('kept'))
    await engine.step()
    shut()
    engine.publish(note('lost'))
    const lost = engine.step()
    await settled()
    store.crash()
    const after = await opened({ store })
    expect([after.tick, after.world.rows(Line), calls.length]).toEqual([1, 1, 1])
    expect(await Promise.race([lost.then(() => 'ended'), settled().then(() => 'never')])).toBe('never')
    store.crash()
  })

  test('steps do not overlap: the second waits its turn or is refused', async () => {
    const { beforeCommit, shut, pass } = gate()
    const engine = await opened({ store: ram({ beforeCommit }) })
    shut()
    engine.publish(note('a'))
    const first = engine.step()
    await expect(engine.step()).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    pass()
    await first
    expect([engine.health, engine.tick]).toEqual(['ok', 1])
    await engine.stop()
  })

  test('a snapshot that is asked for while a tick is being committed waits for it', async () => {
    const { beforeCommit, shut, pass } = gate()
    const store = ram({ beforeCommit })
    const engine = await opened({ store })
    engine.publish(note('a'))
    await engine.step()
    shut()
    engine.publish(note('b'))
    const step = engine.step()
    await settled()
    const snapshot = engine.snapshot()
    pass()
    await Promise.all([step, snapshot])
    store.crash()
    const after = await opened({ store })
    expect([after.status().snapshot_tick, after.tick, after.digest()]).toEqual([2, 2, engine.digest()])
    store.crash()
  })
})

describe('After a crash', () => {
  test('a safe effect goes again with its id and attempt; a once effect is unknown', async () => {
    const store = ram()
    const first = hands()
    const engine = await opened({ store, adapters: [first.adapter] })
    engine.publish(note('a'))
    engine.publish(note('b'))
    await engine.step()
    first.calls[0]!.done({ found: 'x' })
    await settled()
    await engine.step()
    expect(first.calls.map((call) => [call.type, call.effect_id])).toEqual([
      [Look.name, 1],
      [Look.name, 2],
      [Send.name, 3],
    ])
    store.crash()
    first.calls[1]!.done({ found: 'too late' })
    await settled()

    const second = hands()
    const after = await opened({ store, adapters: [second.adapter] })
    expect(second.calls).toEqual([])
    await after.start()
    expect(
      second.calls.map(({ type, effect_id, attempt, request }) => ({ type, effect_id, attempt, request })),
    ).toEqual([{ type: Look.name, effect_id: 2, attempt: 1, request: { line: 2, text: 'b' } }])
    await after.step()
    expect(after.recent().map((event) => event.type)).toContain(Send.unknown.name)
    expect(withStatus(after, EffectStatus.in_flight)).toEqual([2])
    await after.stop()
  })

  test('an effect that waited for its next attempt keeps waiting in world time', async () => {
    const store = ram()
    const first = hands()
    const engine = await opened({ store, adapters: [first.adapter] })
    engine.publish(note('a'))
    await engine.step()
    first.calls[0]!.fail('BUSY', { transient: true, retry_after_ms: 60_000 })
    await settled()
    await engine.step()
    store.crash()
    const second = hands()
    const after = await opened({ store, adapters: [second.adapter] })
    await after.start()
    await after.step()
    expect([second.calls.length, withStatus(after, EffectStatus.retry)]).toEqual([0, [1]])
    await after.step(after.now_ms + 60_000)
    expect(second.calls.map((call) => [call.effect_id, call.attempt])).toEqual([[1, 2]])
    await after.stop()
  })

  test('a request that is gone from the outbox ends its effect', async () => {
    const store = ram()
    const { adapter } = hands()
    const engine = await opened({ store, adapters: [adapter] })
    engine.publish(note('a'))
    await engine.step()
    store.crash()
    await store.open(['outbox', 'dead', 'text'])
    await store.commit({ tick: 1, entry: null, puts: [{ table: 'outbox', key: 1, bytes: null }] })
    store.crash()
    const after = await opened({ store, adapters: [hands().adapter] })
    await after.start()
    await after.step()
    expect(after.recent().find((event) => Look.failed.is(event))?.payload['code']).toBe('REQUEST_LOST')
    await after.stop()
  })

  test('an answered effect leaves the outbox with the tick that hears the answer', async () => {
    const store = ram()
    const { adapter, calls } = hands()
    const engine = await opened({ store, adapters: [adapter] })
    engine.publish(note('a'))
    await engine.step()
    expect([...store.keys('outbox')]).toEqual([1])
    calls[0]!.done({ found: 'x' })
    await settled()
    await engine.step()
    expect([...store.keys('outbox')]).toEqual([2])
    await engine.stop()
  })
})

describe('Stop', () => {
  test('waits for what is out, hears it, and parks what does not come', async () => {
    const store = ram()
    const { adapter, calls, stopped } = hands()
    const engine = await opened({ store, adapters: [adapter], limits: { stop_ms: 30 } })
    await engine.start()
    engine.publish(note('a'))
    engine.publish(note('b'))
    await engine.step()
    const stopping = engine.stop()
    expect(engine.health).toBe('stopping')
    expect(engine.publish(note('late'))).toBe(false)
    await expect(engine.ingest(note('late'))).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    calls[0]!.done({ found: 'in time' })
    await stopping
    expect(await engine.finished).toBeUndefined()
    expect([engine.health, stopped(), calls[1]!.signal.aborted]).toEqual(['stopped', 1, true])
    expect(engine.stop()).toBe(engine.stop())

    const second = hands()
    const after = await opened({ store, adapters: [second.adapter] })
    expect(after.status().snapshot_tick).toBe(after.tick)
    expect(withStatus(after, EffectStatus.in_flight)).toContain(2)
    await after.start()
    expect(second.calls.map((call) => call.effect_id)).toEqual([2])
    await after.stop()
  })

  test('takes in what was already in a ring', async () => {
    const store = ram()
    const engine = await opened({ store, adapters: [hands().adapter] })
    await engine.start()
    const ingested = engine.ingest(note('a'))
    await engine.stop()
    expect(await ingested).toBe(1)
    const after = await opened({ store })
    expect(after.world.rows(Line)).toBe(1)
    await after.stop()
  })

  test('of an engine that never started tells who still waits that it will not be', async () => {
    const engine = await opened({ store: ram() })
    const ingested = engine.ingest(note('a'))
    const refused = expect(ingested).rejects.toMatchObject({ code: 'ENGINE_STATE' })
    await engine.stop()
    await refused
  })

  test('comes with `await using`', async () => {
    const store = ram()
    let finished: Promise<unknown> | undefined
    {
      await using engine = await opened({ store })
      finished = engine.finished
      engine.publish(note('a'))
      await engine.step()
    }
    expect(await finished).toBeUndefined()
    await (await opened({ store })).stop()
  })

  test('waits for a step that is under way', async () => {
    const { beforeCommit, shut, pass } = gate()
    const store = ram({ beforeCommit })
    const engine = await opened({ store, adapters: [hands().adapter] })
    await engine.start()
    shut()
    engine.publish(note('a'))
    const step = engine.step()
    engine.publish(note('b'))
    const stopping = engine.stop()
    await settled()
    expect(engine.health).toBe('stopping')
    pass()
    await Promise.all([step, stopping])
    const after = await opened({ store })
    expect([after.world.rows(Line), (await after.replay()).identical]).toEqual([2, true])
    await after.stop()
  })

  test('closes the store although an adapter cannot be stopped, and although the last tick throws', async () => {
    const store = ram()
    const stubborn = {
      name: 'stubborn',
      stop() {
        throw new Error('no')
      },
    }
    const engine = await opened({ store, adapters: [stubborn] })
    await engine.stop()
    expect([engine.health, await engine.finished]).toEqual(['stopped', undefined])
    await (await opened({ store })).stop()
  })

  test('sets aside a batch that throws while stopping, and ends with the error', async () => {
    const store = ram()
    const engine = await opened({ ...toy([brittle]), store })
    await engine.start()
    engine.publish(note('boom'))
    await expect(engine.stop()).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    expect(await engine.finished).toBeInstanceOf(EngineError)
    const after = await opened({ ...toy([brittle]), store })
    expect(after.deadLetters().map((letter) => letter.state)).toEqual(['dead'])
    await after.stop()
  })
})
