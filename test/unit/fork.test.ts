import { describe, expect, test } from 'vitest'
import { EffectFailure, type Engine, type ForkOptions, type Payload, type View } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { replayJournal } from '../../engine/record/replay.ts'
import { type System, system } from '../../engine/system.ts'
import type { Core, Parts } from '../../engine/tick.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { type Call, hands, Line, Look, Note, note, opened, Send, settled, toy } from '../support/toy.ts'

type Life = { store: RamStore; engine: Engine; calls: Call[]; texts: string[] }

/** Eight notes in forty ticks; looks are answered after two ticks, some fail once, and some sends are never answered. */
async function lived(parts: Parts = toy(), busy = true): Promise<Life> {
  const texts = ['a', 'b', 'a', 'c', 'd', 'e', 'a', 'f']
  const store = ram()
  const { adapter, calls } = hands()
  const engine = await opened({ ...parts, store, adapters: [adapter] })
  await engine.start()
  let answered = 0
  for (let tick = 1; tick <= 40; tick++) {
    if (tick % 5 === 1) engine.publish(note(texts[(tick - 1) / 5]!))
    if (tick % 2 === 0 && answered < calls.length && answered < 13) answer(calls[answered]!, answered++, busy)
    await settled()
    await engine.step()
    if (tick === 17) await engine.snapshot()
  }
  return { store, engine, calls, texts }
}

function answer(call: Call, at: number, busy: boolean): void {
  if (busy && at % 4 === 3) call.fail('BUSY', { transient: true })
  else if (call.type === Look.name) call.done({ found: `found ${at}` })
  else call.done({ receipt: `receipt ${at}` })
}

const textsOf = (core: Core): string[] =>
  Array.from({ length: core.world.rows(Line) }, (_, at) => core.read('text', at + 1) ?? '')
const nothing: ForkOptions['change'] = []
/** A note that says what the recorded one of a tick did not. */
const said = (text: string) => ({ type: Note.name, payload: { text }, source: { kind: 'test' } })

describe('A fork', () => {
  test.each([1, 2, 7, 11, 17, 18, 25, 40])(
    'from tick %s in which nothing is changed becomes the same world',
    async (tick) => {
      const { engine } = await lived()
      const { fork, recorded, effects, until } = await engine.past.fork({ tick, change: nothing })
      expect(until).toBe(40)
      expect(markOf(fork)).toEqual(markOf(recorded))
      expect(markOf(fork)).toEqual(engine.mark())
      expect([effects.only_fork_count, effects.only_recorded_count, effects.refused]).toEqual([0, 0, 0])
      await engine.stop()
    },
  )

  test('refuses what the recording has no answer to, and answers what is the same as it was answered', async () => {
    const { engine } = await lived()
    const { fork, recorded, effects } = await engine.past.fork({ tick: 11, change: [said('quite new')] })
    expect(textsOf(recorded)).toEqual(['a', 'b', 'a', 'c', 'd', 'e', 'a', 'f'])
    expect(textsOf(fork)).toEqual(['a', 'b', 'a', 'quite new', 'c', 'd', 'e', 'a', 'f'])
    // The toy asks with the number of the line, which has moved: from there on nothing is the same.
    expect(effects.only_fork[0]).toMatchObject({ type: Look.name, tick: 12, end: 'refused' })
    expect(effects.only_fork[0]!.text).toContain('quite new')
    expect(effects.same).toBeGreaterThan(0)
    expect(effects.refused).toBe(effects.only_fork_count)
    expect(effects.only_recorded_count).toBeGreaterThan(3)
    await engine.stop()
  })

  test('leaves out what is to be left out', async () => {
    const { engine } = await lived()
    const { fork, effects } = await engine.past.fork({ tick: 12, change: [said('only')], without: [Note.name] })
    expect(textsOf(fork)).toEqual(['a', 'b', 'a', 'only'])
    expect(effects.only_fork_count).toBe(1)
    await engine.stop()
  })

  test('has the answer of a question that it asks at another time, after as many ticks', async () => {
    const { engine } = await lived(asking, false)
    // In the recording 'c' is asked about at tick 16.
    const heard: [number, string][] = []
    ears = (tick, found) => heard.push([tick, found])
    await engine.past.fork({ tick: 15, until: 30, change: nothing })
    const [asIs] = heard.splice(0).filter(([tick]) => tick > 16)
    await engine.past.fork({ tick: 11, until: 30, change: [said('c')], without: [Note.name] })
    // The question about 'a' of tick 11 is under way in both.
    // The recorded run is heard too, before the fork.
    const early = heard.findLast(([, found]) => found === asIs![1])
    ears = () => undefined
    expect(early?.[0]).toBe(asIs![0] - 4)
    await engine.stop()
  })

  test('a question that is asked more often than it was is answered as it was, one that may not be repeated is refused', async () => {
    const { engine } = await lived(asking, false)
    const again = [said('a'), said('a')]
    const { effects } = await engine.past.fork({ tick: 25, until: 35, change: again, without: [Note.name] })
    expect(effects.only_fork.map(({ type, end }) => [type, end])).toEqual([[Look.name, 'recorded']])
    expect([effects.same, effects.refused]).toEqual([1, 0])
    await engine.stop()
  })

  test('a recorded answer does not count where what it depends on has another stamp', async () => {
    const { engine } = await lived()
    const stamps = { [Look.name]: ({ world }: View): string => String(world.rows(Line)) }
    const same = await engine.past.fork({ tick: 11, change: nothing, stamps })
    expect([markOf(same.fork), same.effects.refused]).toEqual([engine.mark(), 0])
    const found = new Set<string>()
    const handlers = () => ({
      [Look.name]: async ({ text }: Payload) => {
        found.add(String(text))
        return { found: 'of another world' }
      },
    })
    const without = [Note.name]
    const one = await engine.past.fork({ tick: 5, until: 9, change: [said('b')], without, handlers, stamps })
    expect([one.effects.performed, [...found]]).toEqual([0, []])
    const twice = { ...stamps, [Look.name]: ({ tick }: View): string => String(tick) }
    const other = await engine.past.fork({ tick: 4, until: 9, change: [said('b')], without, handlers, stamps: twice })
    expect([other.effects.performed, [...found]]).toEqual([1, ['b']])
    await engine.stop()
  })

  test('performs what it may, once and before the next tick, with what the handler says', async () => {
    const { engine } = await lived()
    const looked: string[] = []
    const { effects, fork } = await engine.past.fork({
      tick: 12,
      until: 30,
      change: [said('new')],
      without: [Note.name],
      handlers: (view) => ({
        [Look.name]: async (request, { attempt }) => {
          looked.push(`${request['text']} ${attempt} ${view.world.rows(Line)}`)
          return { found: 'live' }
        },
        [Send.name]: async () => {
          throw new EffectFailure('NO', 'not today')
        },
      }),
    })
    expect(looked).toEqual(['new 1 4'])
    expect(effects.only_fork.map(({ type, end }) => [type, end])).toEqual([
      [Look.name, 'performed'],
      [Send.name, 'performed'],
    ])
    expect(effects.only_fork[1]!.text).toContain('new: live')
    expect(fork.world.of(Line).ended[4]).toBe(1)
    await engine.stop()
  })

  test('an answer that is none ends the effect, and the fork goes on', async () => {
    const { engine } = await lived()
    const handlers = () => ({ [Look.name]: async () => ({ nonsense: 1 }) })
    const { fork } = await engine.past.fork({ tick: 12, change: [said('x')], without: [Note.name], handlers })
    expect(fork.world.of(Line).ended[4]).toBe(1)
    await engine.stop()
  })

  test('reads nothing that was put after it begins, also where it is kept', async () => {
    const { engine } = await lived()
    const into = ram()
    await into.open(['outbox', 'dead', 'text'])
    for (const kept of [{}, { into }]) {
      const change = [said('x')]
      const { fork } = await engine.past.fork({ tick: 12, until: 40, change, without: [Note.name], ...kept })
      expect(textsOf(fork)).toEqual(['a', 'b', 'a', 'x'])
      expect([5, 6, 7, 8].map((row) => fork.read('text', row))).toEqual(Array(4).fill(undefined))
    }
    expect([...into.keys('text')]).toEqual([1, 2, 3, 4])
    await engine.stop()
  })

  test('never touches the record', async () => {
    const { store, engine } = await lived()
    const before = contents(store)
    await engine.past.fork({ tick: 12, change: [said('x')] })
    expect(contents(store)).toEqual(before)
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('what cannot enter the world is refused before anything runs', async () => {
    const { engine } = await lived()
    let asked = 0
    const pause = async (): Promise<void> => void asked++
    const forked = (change: ForkOptions['change'], tick = 12) => engine.past.fork({ tick, change, pause })
    await expect(forked([{ type: 'no.such', payload: {} }])).rejects.toMatchObject({ code: 'EVENT_TYPE_UNKNOWN' })
    await expect(forked([{ type: Note.name, payload: { text: 3 } }])).rejects.toMatchObject({ code: 'EVENT_INVALID' })
    await expect(forked(nothing, 99)).rejects.toMatchObject({ code: 'TICK_GONE' })
    await expect(forked(nothing, 0)).rejects.toMatchObject({ code: 'TICK_GONE' })
    expect(asked).toBe(0)
    await engine.stop()
  })

  test('kept in a store of its own it is a record: it can be opened, replayed and run on', async () => {
    const { engine } = await lived()
    const into = ram()
    await into.open(['outbox', 'dead', 'text'])
    const { fork } = await engine.past.fork({ tick: 12, change: [said('x')], into })
    await into.close()
    await engine.stop()
    const kept = await opened({ store: into })
    expect([kept.tick <= 40, kept.firstTick]).toEqual([true, 12])
    expect(kept.digest()).toBe(fork.digest)
    expect(Array.from({ length: 9 }, (_, at) => kept.read('text', at + 1))).toEqual(textsOf(fork))
    const report = await replayJournal(toy(), into, { backoff_max_ms: 1_000, from: 12 })
    expect(report).toMatchObject({ identical: true, digest: fork.digest })
    kept.publish(note('on'))
    await kept.step()
    expect(kept.read('text', 10)).toBe('on')
    await kept.stop()
  })

  test('a system that throws in the fork says so and harms nothing', async () => {
    const brittle = system('brittle', ({ events }) => {
      for (const event of events) if (Note.is(event) && event.payload.text === 'boom') throw new Error('boom')
    })
    const { engine } = await lived(toy([brittle]))
    await expect(engine.past.fork({ tick: 12, change: [said('boom')] })).rejects.toMatchObject({ code: 'SYSTEM_THREW' })
    await engine.step()
    expect(engine.health).toBe('ok')
    await engine.stop()
  })
})

let ears: (tick: number, found: string) => void = () => undefined
/** Asks about each note by its text alone, so that the same text is the same question. */
const ask: System = system('ask', (tick) => {
  for (const event of tick.events) {
    if (Note.is(event)) tick.request(Look, { line: 0, text: event.payload.text })
    if (Look.done.is(event)) ears(tick.tick, event.payload.found)
  }
})
const asking: Parts = { ...toy(), systems: [ask, ...toy().systems.slice(2)] }

function contents(store: RamStore): object {
  const journal = [...store.journal(0)].map(({ tick, bytes }) => [tick, Buffer.from(bytes).toString('hex')])
  const records = ['text', 'outbox', 'dead'].map((table) =>
    [...store.keys(table)].map((key) => [key, Buffer.from(store.read(table, key)!).toString('hex')]),
  )
  return { journal, records, snapshots: store.snapshots(), bytes: store.bytes() }
}
