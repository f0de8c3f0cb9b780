import { describe, expect, test } from 'vitest'
import type { Event } from '../../engine/flow/event.ts'
import { type Engine, EngineError } from '../../engine/index.ts'
import { decodeEntry } from '../../engine/record/journal.ts'
import type { Commit } from '../../engine/record/store.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { Ended, hands, Line, Look, Note, opened, Send, settled, Task } from '../support/toy.ts'

type Hands = ReturnType<typeof hands>
/** What stands between a commit and the store: the process may die or fail before it is written, or right after. */
type Fault = { readonly tick: number; readonly how: 'dies before' | 'dies after' | 'fails' }

const said = (text: string): Event<{ text: string }> => ({
  type: Note.name,
  payload: { text },
  id: `note ${text}`,
  ts: 5,
  source: { kind: 'test' },
})

/** A store whose process dies or whose disk fails at one commit, once; to the dead it never answers again. */
function faulty(fault: Fault): RamStore {
  let spent = false
  const store = ram({
    beforeCommit(commit: Commit) {
      if (spent || commit.tick !== fault.tick || fault.how === 'dies after') return
      spent = true
      if (fault.how === 'fails') throw new EngineError('STORE_IO', 'the disk failed')
      return new Promise<void>(() => {})
    },
  })
  const commit = store.commit.bind(store)
  store.commit = async (asked) => {
    await commit(asked)
    if (spent || asked.tick !== fault.tick) return
    spent = true
    await new Promise(() => {})
  }
  return store
}

/** Runs a step to its end, or to where the process dies in it; true when its tick was acknowledged. */
async function stepped(engine: Engine): Promise<boolean> {
  let done = false
  const step = engine.step().then(
    () => {
      done = true
    },
    (thrown: unknown) => {
      if (!(thrown instanceof EngineError) || thrown.code !== 'STORE_IO') throw thrown
    },
  )
  await Promise.race([step, settled()])
  return done
}

/**
 * One life: two notes are said, looked up and sent, and a third is said. It ends early where a tick is not
 * acknowledged. What is answered with is always the same, so two lives with the same ticks have the same record.
 */
async function lived(store: RamStore, { adapter, calls }: Hands): Promise<number> {
  const engine = await opened({ store, adapters: [adapter] })
  const phases = [
    () => engine.publish(said('a')),
    () => calls[0]?.done({ found: 'x' }),
    () => engine.publish(said('b')),
    () => calls.find(({ type }) => type === Send.name)?.done({ receipt: 'r' }),
    () => calls[2]?.done({ found: 'y' }),
    () => engine.publish(said('c')),
  ]
  let acknowledged = 0
  for (const phase of phases) {
    phase()
    await settled()
    if (!(await stepped(engine))) break
    acknowledged = engine.tick
  }
  return acknowledged
}

function digestsOf(store: RamStore): string[] {
  return [...store.journal(1)].map(({ tick, bytes }) => decodeEntry(bytes, tick).head.digest)
}

/** Answers everything that leaves until nothing is open; how each note ended, by line. */
async function finished(engine: Engine, { calls }: Hands): Promise<Map<number, string[]>> {
  const ends = new Map<number, string[]>()
  engine.on(Ended.name, ({ payload }) => {
    const line = Number(payload['line'])
    ends.set(line, [...(ends.get(line) ?? []), String(payload['how'])])
  })
  let answered = 0
  for (let turn = 0; turn < 20; turn++) {
    for (const call of calls.slice(answered)) call.done(call.type === Look.name ? { found: 'x' } : { receipt: 'r' })
    answered = calls.length
    await settled()
    await engine.step()
  }
  return ends
}

describe('A3: a process that dies or fails at a commit', () => {
  const ticks = [1, 2, 3, 4, 5, 6]
  const faults = ticks.flatMap((tick) =>
    (['dies before', 'dies after', 'fails'] as const).map((how) => ({ tick, how })),
  )

  test.for(faults)('$how commit $tick: keeps what it acknowledged, and each effect its id', async (fault) => {
    const whole = ram()
    await lived(whole, hands())
    const expected = digestsOf(whole)
    expect(expected).toHaveLength(ticks.length)

    const store = faulty(fault)
    const before = hands()
    const acknowledged = await lived(store, before)
    expect(acknowledged).toBe(fault.tick - 1)
    store.crash()
    await store.open(['outbox', 'dead', 'text'])
    const durable = fault.how === 'dies after' ? fault.tick : fault.tick - 1
    expect(digestsOf(store)).toEqual(expected.slice(0, durable))
    store.crash()

    const after = hands()
    const engine = await opened({ store, adapters: [after.adapter] })
    expect([engine.tick, engine.digest()]).toEqual([durable, expected[durable - 1] ?? '0'.repeat(32)])
    await engine.start()
    const lines = engine.world.rows(Line)
    const open = engine.world.each(Task).length
    const ends = await finished(engine, after)
    // No note is lost or ends twice; a sending that nobody can know of is unknown and is not repeated.
    expect([...ends.values()].every((how) => how.length === 1)).toBe(true)
    expect([ends.size, engine.world.rows(Line), engine.world.each(Task).length]).toEqual([open, lines, 0])
    const sentBefore = before.calls.filter(({ type }) => type === Send.name).map(({ effect_id }) => effect_id)
    const sentAfter = after.calls.filter(({ type }) => type === Send.name).map(({ effect_id }) => effect_id)
    expect(sentBefore.filter((id) => sentAfter.includes(id))).toEqual([])
    for (const call of after.calls) {
      const same = before.calls.find(({ effect_id }) => effect_id === call.effect_id)
      if (same !== undefined) expect([same.type, same.request]).toEqual([call.type, call.request])
    }
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('after a commit and before its effects leave: a safe one leaves once, a once one is unknown and never left', async () => {
    const looking = faulty({ tick: 1, how: 'dies after' })
    const first = hands()
    await lived(looking, first)
    expect(first.calls).toEqual([])
    looking.crash()
    const second = hands()
    const looked = await opened({ store: looking, adapters: [second.adapter] })
    await looked.start()
    expect(second.calls.map(({ type, effect_id, attempt }) => [type, effect_id, attempt])).toEqual([[Look.name, 1, 1]])
    await looked.stop()

    const sending = faulty({ tick: 2, how: 'dies after' })
    await lived(sending, hands())
    sending.crash()
    const third = hands()
    const sent = await opened({ store: sending, adapters: [third.adapter] })
    await sent.start()
    expect([...(await finished(sent, third))]).toEqual([[1, [Send.unknown.name]]])
    expect(third.calls).toEqual([])
    await sent.stop()
  })
})

describe('A3: a process that dies', () => {
  test('after a push and before its tick has taken in nothing and promised nothing', async () => {
    const store = ram()
    const engine = await opened({ store })
    let promised = false
    expect(engine.publish(said('a'))).toBe(true)
    const ingested = engine.ingest(said('b')).then(() => {
      promised = true
    })
    await Promise.race([ingested, settled()])
    store.crash()
    const after = await opened({ store })
    expect([promised, after.tick, after.world.rows(Line), store.journalCount()]).toEqual([false, 0, 0, 0])
    await after.stop()
  })

  test.for([0, 1, 2, 5])('during a snapshot, with %i chunks written, loses nothing', async (chunksMax) => {
    const store = ram()
    const engine = await opened({ store, adapters: [hands().adapter] })
    engine.publish(said('a'))
    await engine.step()
    await engine.snapshot()
    engine.publish(said('b'))
    await engine.step()
    const save = store.saveSnapshot.bind(store)
    const taken: Uint8Array[] = []
    store.saveSnapshot = async (_tick, chunks) => {
      for (const chunk of chunks) if (taken.push(chunk) > chunksMax) await new Promise(() => {})
    }
    const snapshot = engine.snapshot()
    await Promise.race([snapshot, settled()])
    expect(taken).toHaveLength(chunksMax + 1)
    store.crash()
    store.saveSnapshot = save
    const after = await opened({ store })
    expect([after.status().snapshot_tick, after.tick, after.digest()]).toEqual([1, 2, engine.digest()])
    expect(after.mark()).toEqual(engine.mark())
    await after.stop()
  })

  test('while a snapshot is written and the next tick commits keeps both or neither, but never half', async () => {
    const store = ram()
    const engine = await opened({ store, adapters: [hands().adapter] })
    engine.publish(said('a'))
    await engine.step()
    const save = store.saveSnapshot.bind(store)
    const { promise, resolve } = Promise.withResolvers<void>()
    store.saveSnapshot = async (tick, chunks) => {
      await promise
      await save(tick, chunks)
    }
    const snapshot = engine.snapshot()
    engine.publish(said('b'))
    await engine.step()
    resolve()
    await snapshot
    store.crash()
    const after = await opened({ store })
    expect([after.status().snapshot_tick, after.tick, after.digest()]).toEqual([1, 2, engine.digest()])
    expect(after.mark()).toEqual(engine.mark())
    await after.stop()
  })
})
