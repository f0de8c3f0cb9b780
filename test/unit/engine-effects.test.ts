import { describe, expect, test } from 'vitest'
import { Effect, EffectStatus } from '../../engine/flow/effect.ts'
import type { Event, Payload } from '../../engine/flow/event.ts'
import { EngineError } from '../../engine/index.ts'
import { system } from '../../engine/system.ts'
import { Core, type Parts } from '../../engine/tick.ts'
import { ram } from '../../stores/ram.ts'
import { Ended, hands, Line, Look, Note, note, opened, Send, settled, Task, toy, withStatus } from '../support/toy.ts'

const heard: Event[] = []
const ear = system('ear', ({ events }) => void heard.push(...events))

function core(parts: Parts): Core {
  heard.length = 0
  return new Core(parts, { read: () => 'text', backoff_max_ms: 300 })
}

function event(type: string, payload: Payload): Event {
  return { id: type, ts: 1, type, source: { kind: 't' }, payload }
}

const statuses = ['none', 'waiting', 'in_flight', 'retry'] as const
const answers = ['done', 'failed final', 'failed transient', 'unknown', 'of another type'] as const

/** A core with effect 1 in the given state; `none` is an effect that nobody has asked for. */
function coreWith(status: (typeof statuses)[number]): Core {
  const { systems, ...rest } = toy([ear])
  const held = status === 'waiting' ? systems.filter((each) => each.name !== 'leave') : systems
  const made = core({ ...rest, systems: held })
  made.apply(status === 'none' ? [] : [note('hello')])
  if (status === 'retry') made.apply([event('toy.look.failed', failure(true))])
  heard.length = 0
  return made
}

function failure(transient: boolean): Payload {
  return { effect_id: 1, code: 'BUSY', reason: 'busy', transient }
}

function answer(kind: (typeof answers)[number]): Event {
  if (kind === 'done') return event('toy.look.done', { effect_id: 1, found: 'x' })
  if (kind === 'unknown') return event('toy.look.unknown', { effect_id: 1 })
  if (kind === 'of another type') return event('toy.send.done', { effect_id: 1, receipt: 'x' })
  return event('toy.look.failed', failure(kind === 'failed transient'))
}

/** What each answer does to an effect in each state: whether systems hear it, and the state afterwards. */
const expected: { [status: string]: { [kind: string]: [heard: boolean, after: string] } } = {
  none: Object.fromEntries(answers.map((kind) => [kind, [false, 'gone']])),
  waiting: Object.fromEntries(answers.map((kind) => [kind, [false, 'waiting']])),
  retry: Object.fromEntries(answers.map((kind) => [kind, [false, 'retry']])),
  in_flight: {
    done: [true, 'gone'],
    'failed final': [true, 'gone'],
    'failed transient': [false, 'retry'],
    unknown: [true, 'gone'],
    'of another type': [false, 'in_flight'],
  },
}

function statusOf(made: Core): string {
  const entity = made.openEffect(1)
  if (entity === 0) return 'gone'
  const status = made.world.of(Effect).status[entity]
  return statuses.find((name) => EffectStatus[name] === status) ?? 'no status'
}

describe('An effect', () => {
  test.each(statuses)('in the state %s has a defined outcome for every answer', (status) => {
    for (const kind of answers) {
      const made = coreWith(status)
      if (status !== 'none') expect(statusOf(made)).toBe(status)
      made.apply([answer(kind)])
      const [listened, after] = expected[status]![kind]!
      expect([kind, heard.some((each) => each.type === answer(kind).type), statusOf(made)]).toEqual([
        kind,
        listened,
        after,
      ])
    }
  })

  test('is answered once: the second answer, also in the same batch, is not heard', () => {
    const made = coreWith('in_flight')
    made.apply([answer('done'), answer('done'), answer('failed final')])
    expect(heard.filter((each) => each.type.startsWith('toy.look'))).toHaveLength(1)
    expect(made.outcome.settled).toEqual([1])
    made.apply([answer('done')])
    expect(heard.filter((each) => each.type.startsWith('toy.look'))).toHaveLength(1)
    expect(made.outcome.settled).toEqual([])
  })

  test('knows its owner for as long as its answer is heard', () => {
    const owners: number[] = []
    const parts = toy([
      system('asks', ({ events, ownerOf }) => {
        for (const each of events) if (Look.done.is(each)) owners.push(ownerOf(each.payload.effect_id))
      }),
    ])
    const made = core(parts)
    made.apply([note('a'), note('b')])
    made.apply([event('toy.look.done', { effect_id: 2, found: 'x' })])
    expect(owners).toEqual([made.world.each(Task)[1]])
  })

  test('waits for its turn: no more than in_flight_max are out at once, in the order they were asked for', () => {
    const made = core(toy())
    made.apply(Array.from({ length: 6 }, (_, n) => note(`n${n}`)))
    expect(made.outcome.released).toHaveLength(4)
    const { effect_id } = made.world.of(Effect)
    expect(made.outcome.released.map((entity) => effect_id[entity])).toEqual([1, 2, 3, 4])
    made.apply([event('toy.look.done', { effect_id: 3, found: 'x' })])
    expect(made.outcome.released.map((entity) => effect_id[entity])).toContain(5)
  })

  test.each([
    ['of a type that was not declared', { ...Look }, { line: 1, text: 'x' }, 'EFFECT_TYPE_UNKNOWN'],
    ['whose request is wrong', Look, { line: -1, text: 'x' }, 'EFFECT_INVALID'],
    ['whose request has too much', Look, { line: 1, text: 'x', more: 1 }, 'EFFECT_INVALID'],
  ])('%s makes its system throw', (_name, type, request, code) => {
    const asks = system('asks', ({ request: ask }) => void ask(type, request))
    const thrown = thrownBy(() => core(toy([asks])).apply([]))
    expect(thrown).toMatchObject({ code: 'SYSTEM_THREW', cause: { code } })
  })
})

function thrownBy(work: () => unknown): EngineError | undefined {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown
    throw thrown
  }
  return undefined
}

describe('Trying again', () => {
  test('waits in world time, longer each time and up to the bound, and gives up after the last attempt', () => {
    const made = core(toy([ear]))
    made.apply([event('clock.set', { now_ms: 1000 }), note('a')])
    const waits: number[] = []
    for (let attempt = 1; attempt < Look.attempts_max; attempt++) {
      made.apply([event('toy.look.failed', failure(true))])
      const entity = made.openEffect(1)
      const due = made.world.of(Effect).retry_at_ms[entity]!
      waits.push(due - made.now_ms)
      made.apply([event('clock.set', { now_ms: due - 1 })])
      expect([statusOf(made), made.outcome.released]).toEqual(['retry', []])
      made.apply([event('clock.set', { now_ms: due })])
      expect([statusOf(made), made.outcome.released]).toEqual(['in_flight', [entity]])
      expect(made.world.of(Effect).attempts[entity]).toBe(attempt + 1)
    }
    expect(waits[0]).toBeGreaterThanOrEqual(50)
    expect(waits[0]).toBeLessThan(150)
    expect(waits[1]).toBeGreaterThanOrEqual(100)
    expect(waits[1]).toBeLessThan(300)
    made.apply([event('toy.look.failed', failure(true))])
    expect(statusOf(made)).toBe('gone')
    expect(heard.filter((each) => Look.failed.is(each))).toHaveLength(1)
  })

  test('takes its jitter from the state of the world, so a replay waits alike and another seed does not', () => {
    const due = (seed: number): number => {
      const made = core(toy())
      made.world.randomState[0] = seed
      made.apply([note('a')])
      made.apply([event('toy.look.failed', failure(true))])
      return made.world.of(Effect).retry_at_ms[made.openEffect(1)]!
    }
    expect(due(1)).toBe(due(1))
    expect(due(1)).not.toBe(due(2))
  })

  test('honours the wait the far side asked for', () => {
    const made = core(toy())
    made.apply([event('clock.set', { now_ms: 1000 }), note('a')])
    made.apply([event('toy.look.failed', { ...failure(true), retry_after_ms: 5000 })])
    expect(made.world.of(Effect).retry_at_ms[made.openEffect(1)]).toBe(made.now_ms + 5000)
  })
})

describe('Adapters', () => {
  test('carry a note from its publication to its end', async () => {
    const { adapter, calls } = hands()
    const engine = await opened({ store: ram(), adapters: [adapter] })
    const ends: unknown[] = []
    engine.on(Ended.name, (each) => ends.push(each.payload))
    engine.publish(note('hello'))
    await engine.step()
    expect(calls.map((call) => [call.type, call.request, call.attempt])).toEqual([
      [Look.name, { line: 1, text: 'hello' }, 1],
    ])
    calls[0]!.done({ found: 'world' })
    await settled()
    await engine.step()
    expect(calls[1]).toMatchObject({ type: Send.name, request: { line: 1, text: 'hello: world' } })
    calls[1]!.done({ receipt: 'r' })
    await settled()
    await engine.step()
    expect(ends).toEqual([{ line: 1, how: 'toy.send.done' }])
    expect(engine.status().outbox).toEqual({ pending: 0, in_flight: 0, oldest_ms: 0 })
    await engine.stop()
  })

  test.each([
    ['throws', () => Promise.reject(new Error('no')), 'ADAPTER_THREW'],
    [
      'throws before it is asynchronous',
      () => {
        throw new Error('at once')
      },
      'ADAPTER_THREW',
    ],
    ['answers with something else', () => Promise.resolve({ wrong: 1 }), 'ANSWER_INVALID'],
    ['answers with nothing', () => Promise.resolve(undefined as unknown as Payload), 'ANSWER_INVALID'],
    ['answers with what is no JSON', () => Promise.resolve({ found: 1n as unknown as string }), 'ANSWER_INVALID'],
  ])('one that %s ends its effect, and nothing else', async (_name, handler, code) => {
    const engine = await opened({ store: ram(), adapters: [{ name: 'bad', effects: { [Look.name]: handler } }] })
    const failures: unknown[] = []
    engine.on(Look.failed.name, (each) => failures.push(each.payload['code']))
    engine.publish(note('a'))
    await engine.step()
    await settled()
    await engine.step()
    expect([failures, engine.health, withStatus(engine, EffectStatus.in_flight)]).toEqual([[code], 'ok', []])
    await engine.stop()
  })

  test('an effect nobody performs fails at once and says so', async () => {
    const engine = await opened({ store: ram() })
    const failures: unknown[] = []
    engine.on(Look.failed.name, (each) => failures.push(each.payload['code']))
    engine.publish(note('a'))
    await engine.step()
    await engine.step()
    expect(failures).toEqual(['EFFECT_UNHANDLED'])
    await engine.stop()
  })

  test('a deadline ends the attempt as a transient failure; the late answer is dropped', async () => {
    const parts = toy()
    const quick = { ...Look, deadline_ms: 5 }
    const asks = system('asks', ({ events, request }) => {
      for (const each of events) if (each.type === 'toy.note') request(quick, { line: 1, text: 'x' })
    })
    const { adapter, calls } = hands()
    const effects = [quick] as unknown as Parts['effects']
    const engine = await opened({
      ...parts,
      systems: [asks, ...parts.systems.slice(-1)],
      effects,
      store: ram(),
      adapters: [adapter],
    })
    engine.publish(note('a'))
    await engine.step()
    await new Promise<void>((resolve) => calls[0]!.signal.addEventListener('abort', () => resolve()))
    await settled()
    await engine.step()
    expect(withStatus(engine, EffectStatus.retry)).toEqual([1])
    expect(engine.recent().find((each) => each.type === Look.failed.name)?.payload).toMatchObject({
      code: 'TIMEOUT',
      transient: true,
    })
    calls[0]!.done({ found: 'late' })
    await settled()
    await engine.step()
    expect(engine.recent().some((each) => each.type === Look.done.name)).toBe(false)
    await engine.stop()
  })

  test('what must not be repeated and was released while the engine stopped is sent by the next run', async () => {
    const store = ram()
    const first = hands()
    const before = await opened({ store, adapters: [first.adapter] })
    await before.start()
    before.publish(note('a'))
    await before.step()
    const stopped = before.stop()
    first.calls[0]!.done({ found: 'it' })
    await stopped
    expect(first.calls.map(({ type }) => type)).toEqual([Look.name])

    const second = hands()
    const after = await opened({ store, adapters: [second.adapter] })
    await after.start()
    await after.step(after.now_ms + 1_000)
    expect(second.calls.map(({ type, attempt }) => [type, attempt])).toEqual([[Send.name, 1]])
    second.calls[0]!.done({ receipt: 'r' })
    await settled()
    await after.step()
    expect(after.world.of(Line).ended[1]).toBe(1)
    expect(after.recent().some(({ type }) => type === Send.unknown.name)).toBe(false)
    expect((await after.replay()).identical).toBe(true)
    await after.stop()
  })

  test('no effect reaches an adapter that has not started, also none that was open', async () => {
    const store = ram()
    const before = await opened({ store, adapters: [hands().adapter] })
    before.publish(note('a'))
    await before.step()
    store.crash()

    const { adapter, calls } = hands()
    const gate = Promise.withResolvers<void>()
    const slow = { ...adapter, start: () => gate.promise }
    const after = await opened({ store, adapters: [slow] })
    const started = after.start()
    await settled()
    expect(calls).toEqual([])
    gate.resolve()
    await started
    expect(calls.map(({ type }) => type)).toEqual([Look.name])
    calls[0]!.done({ found: 'it' })
    await after.stop()
  })

  test('an effect that is taken back is never answered: not where it waits, and not where it is out, unless it runs once', async () => {
    const takenBack: boolean[] = []
    const withdraw = system('withdraw', (tick) => {
      for (const said of tick.events) {
        if (!Note.is(said) || !said.payload.text.startsWith('take back')) continue
        for (const id of said.payload.text.match(/\d+/g) ?? []) takenBack.push(tick.withdraw(Number(id)))
      }
    })
    const store = ram()
    const { adapter, calls } = hands()
    const engine = await opened({ ...toy([withdraw]), store, adapters: [adapter] })
    await engine.start()
    // Four may be out at once, so the fifth waits.
    for (let n = 0; n < 5; n++) engine.publish(note('a'))
    await engine.step()
    expect(calls.map(({ effect_id }) => effect_id)).toEqual([1, 2, 3, 4])
    calls[0]!.done({ found: 'it' })
    await settled()
    await engine.step()
    const send = calls.find(({ type }) => type === Send.name)!
    engine.publish(note(`take back 2 5 ${send.effect_id} 1 99`))
    await engine.step()
    expect(takenBack).toEqual([true, true, false, false, false])
    expect([calls[1]!.signal.aborted, send.signal.aborted]).toEqual([true, false])
    calls[1]!.done({ found: 'late' })
    send.done({ receipt: 'r' })
    await settled()
    await engine.step()
    const told = engine.recent().map(({ type, payload }) => `${type} ${payload['effect_id'] ?? ''}`)
    expect(told).not.toContain(`${Look.done.name} 2`)
    expect(told).toContain(`${Send.done.name} ${send.effect_id}`)
    expect([engine.read('outbox', 2), engine.read('outbox', 5)]).toEqual([undefined, undefined])
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('what may be repeated and takes long is not waited for when the engine stops', async () => {
    const { adapter, calls } = hands()
    const engine = await opened({ store: ram(), adapters: [adapter], limits: { stop_ms: 5_000 } })
    await engine.start()
    engine.publish(note('a'))
    await engine.step()
    const began = performance.now()
    await engine.stop()
    expect(calls[0]!.signal.aborted).toBe(true)
    expect(performance.now() - began).toBeLessThan(4_000)
  })

  test('an answer of the first attempt does not answer the second', async () => {
    const { adapter, calls } = hands()
    const engine = await opened({ store: ram(), adapters: [adapter] })
    engine.publish(note('a'))
    await engine.step()
    calls[0]!.fail('BUSY', { transient: true })
    await settled()
    await engine.step()
    await engine.step(engine.now_ms + 10_000)
    expect(calls.map((call) => [call.effect_id, call.attempt])).toEqual([
      [1, 1],
      [1, 2],
    ])
    calls[0]!.done({ found: 'stale' })
    await settled()
    await engine.step()
    expect(withStatus(engine, EffectStatus.in_flight)).toEqual([1])
    await engine.stop()
  })
})
