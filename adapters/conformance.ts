import { createEngine, type Engine } from '../engine/engine.ts'
import type { Adapter, Outside } from '../engine/flow/adapter.ts'
import { Effect, EffectStatus } from '../engine/flow/effect.ts'
import type { Event, Payload } from '../engine/flow/event.ts'
import type { Store } from '../engine/record/store.ts'
import { system } from '../engine/system.ts'
import type { Parts } from '../engine/tick.ts'

/** The parts of a test runner that the suite needs; vitest, jest and node:test with `expect` all have them. */
export type AdapterTestApi = {
  describe(name: string, body: () => void): void
  test(name: string, body: () => Promise<void>): void
  expect(actual: unknown): { toEqual(expected: unknown): void; toBe(expected: unknown): void }
}

/** An adapter to be tested. */
export type AdapterSubject = {
  readonly adapter: Adapter
  /** The types of events it publishes and of effects it carries out. */
  readonly events: Parts['events']
  readonly effects: Parts['effects']
  /** Requests, each by the name of its type: at least one for each effect that it can carry out; `fails` is the code of one that it cannot. */
  readonly calls: readonly { readonly type: string; readonly request: Payload; readonly fails?: string }[]
  /** A new, empty store. */
  readonly store: Store
  destroy?(): Promise<void>
}

const patience_ms = 20_000
/** Failures that the engine names where an adapter has broken its word. */
const brokenWords = new Set(['ADAPTER_THREW', 'ANSWER_INVALID', 'EFFECT_UNHANDLED', 'TIMEOUT'])

/**
 * What every adapter must pass, for any test runner: it starts without waiting for a tick, answers each effect once and as declared,
 * leaves when it is told to, and is silent from then on.
 * @param make a new adapter, with what it needs, for each test
 */
export function adapterConformance(name: string, make: () => Promise<AdapterSubject>, api: AdapterTestApi): void {
  const { describe, test, expect } = api
  const scenario = (title: string, body: (subject: AdapterSubject) => Promise<void>): void =>
    test(title, async () => {
      const subject = await make()
      try {
        await body(subject)
      } finally {
        await subject.destroy?.()
      }
    })

  describe(`${name} conforms to Adapter`, () => {
    scenario('it has a name, and carries out what it says', async ({ adapter, effects, calls }) => {
      expect(adapter.name.trim().length > 0).toBe(true)
      const declared = effects.map((type) => type.name).sort()
      expect(Object.keys(adapter.effects ?? {}).sort()).toEqual(declared)
      expect([...new Set(calls.map(({ type }) => type))].sort()).toEqual(declared)
    })

    scenario('it starts before the first tick and stops without one', async (subject) => {
      const engine = await opened(subject)
      const started = await within(engine.start())
      expect(started).toBe('in time')
      await engine.stop()
      expect(engine.health).toBe('stopped')
    })

    scenario('it answers each effect once, as its type declares', async (subject) => {
      const engine = await opened(subject)
      const answers: string[] = []
      const unexpected: Event[] = []
      const broken: unknown[] = []
      engine.on('*', (event) => {
        if (event.payload['effect_id'] === undefined) return
        const { code } = event.payload
        if (typeof code === 'string' && event.type.endsWith('.failed') && brokenWords.has(code)) broken.push(code)
        if (/\.(done|failed)$/.test(event.type)) answers.push(`${event.type} ${typeof code === 'string' ? code : ''}`)
        else unexpected.push(event)
      })
      await engine.start()
      const deadline = performance.now() + patience_ms
      while (answers.length < subject.calls.length && performance.now() < deadline) await beat(engine)
      // A second answer would come in one of these.
      for (let ticks = 0; ticks < 5; ticks++) await beat(engine)
      const wanted = subject.calls.map(({ fails = '', type }) => `${type}.${fails === '' ? 'done' : 'failed'} ${fails}`)
      expect(answers.sort()).toEqual(wanted.sort())
      expect(unexpected).toEqual([])
      expect(broken).toEqual([])
      await engine.stop()
    })

    scenario('it can be stopped while its effects are out, and says nothing afterwards', async (subject) => {
      const { adapter, said } = overheard(subject.adapter)
      const engine = await opened({ ...subject, adapter })
      await engine.start()
      await engine.step(Date.now())
      const stopped = await within(engine.stop())
      expect(stopped).toBe('in time')
      const before = said()
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(said()).toBe(before)
    })
  })
}

/** The same adapter, and how often it has offered an event: the engine refuses all once it has stopped, so it cannot tell. */
function overheard(adapter: Adapter): { adapter: Adapter; said(): number } {
  let count = 0
  const listening = (outside: Outside): Outside => ({
    ...outside,
    publish: (input) => {
      count++
      return outside.publish(input)
    },
    ingest: (input) => {
      count++
      return outside.ingest(input)
    },
  })
  const heard: Adapter = {
    name: adapter.name,
    ...(adapter.effects === undefined ? {} : { effects: adapter.effects }),
    start: (outside) => adapter.start?.(listening(outside)),
    stop: () => adapter.stop?.(),
  }
  return { adapter: heard, said: () => count }
}

/** An engine in which one system asks for every effect in its first tick. */
async function opened({ adapter, events, effects, calls, store }: AdapterSubject): Promise<Engine> {
  let asked = false
  const asking = system('asking', (tick) => {
    if (asked) return
    asked = true
    for (const { type, request } of calls) {
      const wanted = effects.find((each) => each.name === type)
      if (wanted !== undefined) tick.request(wanted, request as never)
    }
  })
  const parts = { archetypes: [], systems: [asking, leaving], events, effects, records: [] }
  return createEngine({ ...parts, store, adapters: [adapter], drive: 'manual' })
}

/** Lets every effect leave as soon as it may. */
const leaving = system('leaving', ({ world, now_ms, release }) => {
  const { status, attempts, retry_at_ms } = world.of(Effect)
  for (const effect of world.each(Effect)) {
    const due = status[effect] === EffectStatus.retry && retry_at_ms[effect]! <= now_ms
    if (status[effect] !== EffectStatus.waiting && !due) continue
    status[effect] = EffectStatus.in_flight
    attempts[effect]!++
    release(effect)
  }
})

/** A tick, and a moment for what is asynchronous. */
async function beat(engine: Engine): Promise<void> {
  await engine.step(Date.now())
  await new Promise((resolve) => setTimeout(resolve, 2))
}

async function within(work: Promise<void>): Promise<'in time' | 'too late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'too late'>((resolve) => {
    timer = setTimeout(() => resolve('too late'), patience_ms)
  })
  try {
    return await Promise.race([work.then(() => 'in time' as const), late])
  } finally {
    clearTimeout(timer)
  }
}
