import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { carryOut } from '../../adapters/cli/desk/order.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { Input, Session } from '../../systems/agents/columns.ts'
import { explainTurn } from '../../systems/cephalon/context/explain.ts'
import { Memory } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { duckPolicy, illFormed, type Model, sessionOf, spec, Troupe, textOf } from '../support/agents.ts'

const word = 'xylophone-77'
const secret = `The key of the mill hangs behind the ${word}, next to the window.`

/** A duck that lets a tool look when it is told to, and that knows how to say things in its own words. */
const model: Model = ({ messages }) => {
  const last = messages.at(-1)!
  if (last.role === 'user' && textOf(last).includes('look'))
    return { call: [{ name: 'look', arguments: { at: secret } }] }
  return { say: 'I will keep it in mind.' }
}

async function opened(store: RamStore, more: { model?: Model } = {}): Promise<Troupe> {
  const policy = duckPolicy([spec('look')], [sessionOf('chat'), sessionOf('other')])
  return Troupe.open({ store, model, tools: () => `It is there: ${secret}`, policy, ...more })
}

/** Carries out the operator's order while ticks go by. */
async function forget({ engine }: Troupe, memory_id: number): Promise<object> {
  let answer: object | undefined
  const carried = carryOut(engine, 'forget', memory_id).then((found) => {
    answer = found
  })
  for (let left = 100; answer === undefined && left > 0; left--) {
    await engine.step()
    await nextTurn()
  }
  await carried
  return answer!
}

/** Where a word stands in the store: records, entries of the journal, snapshots. */
async function placesOf(store: RamStore, troupe: Troupe, what = word): Promise<string[]> {
  const found: string[] = []
  const look = (bytes: Uint8Array | undefined, where: string): void => {
    if (bytes !== undefined && Buffer.from(bytes).includes(what)) found.push(where)
  }
  for (const table of [...mind().records, ownTables.outbox, ownTables.dead])
    for (const key of store.keys(table)) look(store.read(table, key), `${table} ${key}`)
  for (const { tick, bytes } of store.journal(1)) look(bytes, `journal ${tick}`)
  for (const tick of troupe.engine.snapshots()) look(await store.loadSnapshot(tick), `snapshot ${tick}`)
  return found
}

function memoryOf({ engine }: Troupe, text: string): number {
  for (let row = 1; row <= engine.world.rows(Memory); row++) if (engine.read('text', row) === text) return row
  throw new Error(`nobody remembers: ${text}`)
}

describe('What quotes a forgotten memory', () => {
  test('is gone from conversations, contexts, calls and results, which stay well-formed; what others said stays', async () => {
    const store = ram()
    const troupe = await opened(store)
    await troupe.say('duck/chat', secret)
    await troupe.say('duck/chat', 'look where it is')
    await troupe.say('duck/other', 'what did I say about the mill?')
    const kinds = new Set((await placesOf(store, troupe)).map((place) => place.split(' ')[0]))
    expect([...kinds]).toEqual(
      expect.arrayContaining(['text', 'input', 'context', 'message', 'call', 'result', 'journal']),
    )

    expect(await forget(troupe, memoryOf(troupe, secret))).toMatchObject({ done: true })
    expect(await placesOf(store, troupe)).toEqual([])
    expect(explainTurn(troupe.engine, 1)).toMatchObject({ forgotten: true, outcome: { state: 'done' } })
    for (const session of ['duck/chat', 'duck/other']) expect(illFormed(troupe.history(session))).toEqual([])
    const said = troupe.history('duck/chat').map(textOf)
    expect(said).toContain('look where it is')
    expect(said).toContain('I will keep it in mind.')
    expect(said).toContain('(forgotten)')

    await troupe.say('duck/chat', 'and now?')
    const told = JSON.stringify(troupe.asked.at(-1))
    expect(told).toContain('look where it is')
    expect(told).not.toContain(word)
    expect((await troupe.engine.replay()).identical).toBe(true)
    await troupe.engine.stop()
  })

  test('ends a turn that was told of it, and is answered by nobody who has not begun', async () => {
    const store = ram()
    const { promise: never } = Promise.withResolvers<{ say: string }>()
    const troupe = await opened(store, { model: () => never })
    troupe.tell('duck/chat', secret)
    await troupe.engine.step()
    troupe.tell('duck/chat', `Again: ${secret}`)
    for (let left = 10; left > 0; left--) {
      await troupe.engine.step()
      await nextTurn()
    }
    expect(troupe.running).toBe(1)
    await forget(troupe, memoryOf(troupe, secret))
    expect(troupe.running).toBe(0)
    expect(troupe.ended).toMatchObject([{ code: 'CANCELLED', reason: 'what it was about was forgotten' }])
    expect(troupe.engine.world.of(Session).queued[1]).toBe(0)
    expect(troupe.engine.world.rows(Input)).toBe(2)
    await troupe.engine.stop()
  })

  test('recovers from a crash between any two steps, and an order that is given again ends what was begun', async () => {
    for (const ends of [1, 2, 3]) {
      const store = ram()
      const troupe = await opened(store)
      await troupe.say('duck/chat', secret)
      await troupe.say('duck/chat', 'look where it is')
      const memory_id = memoryOf(troupe, secret)
      const order = (more: object): void =>
        troupe.publish({ type: 'memory.order', source: { kind: 'admin' }, payload: { memory_id, ...more } })
      order({ order: 'hide', quotes: true })
      await troupe.engine.step()
      const hidden_tick = troupe.engine.tick
      if (ends > 1) await troupe.engine.snapshot()
      // A turn between the snapshot and the order reads the conversation, and is run again after the crash.
      if (ends > 1) await troupe.say('duck/chat', 'what is new?')
      if (ends > 2) order({ order: 'forget', hidden_tick })
      await troupe.engine.step()
      const begun = troupe.engine.snapshots()[0] ?? 0
      store.crash()
      const again = await opened(store)
      expect((await again.engine.replay({ from: begun })).identical, `after step ${ends}`).toBe(true)
      expect(await placesOf(store, again), 'the past holds it still').not.toEqual([])
      await forget(again, memory_id)
      expect(await placesOf(store, again), `after step ${ends}`).toEqual([])
      expect((await again.engine.replay()).identical).toBe(true)
      await again.engine.stop()
    }
  })

  test('is left alone by the tool that hides a memory, whose turn goes on', async () => {
    const troupe = await opened(ram())
    await troupe.say('duck/chat', secret)
    const source = { kind: 'tool' }
    troupe.publish({ type: 'memory.order', source, payload: { order: 'hide', memory_id: memoryOf(troupe, secret) } })
    await troupe.settle()
    expect(troupe.history('duck/chat').map(textOf)).toContain(secret)
    await troupe.engine.stop()
  })

  test('is told by a row of signs, so that words that anybody says are not lost', async () => {
    const store = ram()
    const troupe = await opened(store)
    await troupe.say('duck/chat', 'The heron stands in the shallow water and waits for the evening to become quiet.')
    await troupe.say('duck/chat', 'The heron stands in the tall grass; and the water is shallow in the evening.')
    await troupe.say('duck/chat', 'I drink my tea until the evening to become quiet.')
    await forget(troupe, 1)
    const said = troupe.history('duck/chat').filter(({ role }) => role === 'user')
    expect(said.map(textOf)).toEqual([
      '(forgotten)',
      expect.stringContaining('tall grass'),
      expect.stringContaining('my tea'),
    ])
    await troupe.engine.stop()
  })

  test('of a short text is the whole of it, and no sentence that it stands in', async () => {
    const store = ram()
    const troupe = await opened(store)
    await troupe.say('duck/chat', 'hunter-two is it')
    await troupe.say('duck/chat', 'She asked whether hunter-two is it or not.')
    await forget(troupe, 1)
    const said = troupe.history('duck/chat').filter(({ role }) => role === 'user')
    expect(said.map(textOf)).toEqual(['(forgotten)', expect.stringContaining('She asked')])
    expect(await placesOf(store, troupe, '"hunter-two is it"')).toEqual([])
    await troupe.engine.stop()
  })
})
