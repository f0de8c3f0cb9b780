import { describe, expect, test } from 'vitest'
import { type Engine, replayJournal, system } from '../../engine/index.ts'
import { decodeEntry, encodeEntry } from '../../engine/record/journal.ts'
import type { Parts } from '../../engine/tick.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { fade, follow, hands, Line, leave, listen, Note, note, opened, settled, Task, toy } from '../support/toy.ts'

/** A record of a short life: three notes, the first of them carried to its end. */
async function lived(parts: Parts = toy()): Promise<{ store: RamStore; engine: Engine }> {
  const store = ram()
  const { adapter, calls } = hands()
  const engine = await opened({ ...parts, store, adapters: [adapter] })
  for (const text of ['a', 'b', 'c']) {
    engine.publish(note(text))
    await engine.step()
  }
  calls[0]!.done({ found: 'x' })
  await settled()
  await engine.step()
  await engine.step()
  return { store, engine }
}

const limits = { backoff_max_ms: 120_000 }
const withSystems = (systems: Parts['systems']): Parts => ({ ...toy(), systems })

describe('Replay', () => {
  test('names the tick and the system when a system computes something else', async () => {
    const { store, engine } = await lived()
    const other = system('listen', (tick) => {
      const text = tick.events.find((event) => Note.is(event))?.payload['text']
      listen.run(tick)
      if (text === 'b') tick.put('text', 99, 'more')
    })
    const report = await replayJournal(withSystems([other, follow, fade, leave]), store, limits)
    expect([report.identical, report.first_difference]).toEqual([false, { tick: 2, system: 'listen' }])
    await engine.stop()
  })

  test.each([
    [
      'the table of a record',
      system('says', ({ put }) => put('text', 7, 'x')),
      system('says', ({ put }) => put('meta', 7, 'x')),
    ],
    ['its key', system('says', ({ put }) => put('text', 7, 'x')), system('says', ({ put }) => put('text', 8, 'x'))],
    ['its text', system('says', ({ put }) => put('text', 7, 'x')), system('says', ({ put }) => put('text', 7, 'y'))],
  ])('notices a change of %s', async (_name, before, after) => {
    const parts = (says: typeof before): Parts => ({ ...toy([says]), records: ['text', 'meta'] })
    const store = ram()
    const engine = await opened({ ...parts(before), store })
    await engine.step()
    expect((await replayJournal(parts(before), store, limits)).identical).toBe(true)
    const report = await replayJournal(parts(after), store, limits)
    expect(report.first_difference).toEqual({ tick: 1, system: 'says' })
    await engine.stop()
  })

  test('names the column when only the world differs, where the record carries a mark', async () => {
    const { store, engine } = await lived()
    const other = system('fade', ({ world }) => {
      const { glow } = world.of(Task)
      for (const task of world.each(Task)) glow[task] = glow[task]! * 0.5
    })
    const report = await replayJournal(withSystems([listen, follow, other, leave]), store, limits)
    expect([report.identical, report.first_difference]).toEqual([false, { tick: 1, column: 'Task.glow' }])
    await engine.stop()
  })

  test('names a tick that was idle and is not any more', async () => {
    const store = ram()
    const engine = await opened({ store })
    for (let n = 0; n < 5; n++) await engine.step()
    engine.publish(note('a'))
    await engine.step()
    const loud = system('loud', ({ tick, put }) => {
      if (tick === 3) put('text', 1, 'x')
    })
    const report = await replayJournal(toy([loud]), store, limits)
    expect(report.first_difference).toEqual({ tick: 3, system: 'loud' })
    await engine.stop()
  })

  test('stops where it is told, and shows the world there', async () => {
    const { engine } = await lived()
    const rows = []
    for (let until = 1; until <= engine.tick; until++) {
      const { core, identical } = await engine.replay({ until })
      rows.push([core.tick, core.world.rows(Line), identical])
    }
    expect(rows).toEqual([
      [1, 1, true],
      [2, 2, true],
      [3, 3, true],
      [4, 3, true],
      [5, 3, true],
    ])
    await expect(engine.replay({ from: 2 })).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' })
    await engine.stop()
  })

  test('a system reads its own put before the store, as it did when the store did not have it yet', async () => {
    const heard: (string | undefined)[] = []
    const echo = system('echo', ({ tick, put, read, emit }) => {
      if (tick !== 2) return
      heard.push(read('text', 500))
      put('text', 500, 'lone \ud800 surrogate')
      heard.push(read('text', 500))
      emit({ ...Note, name: 'toy.ended' }, { text: read('text', 500)! })
    })
    const store = ram()
    const engine = await opened({ ...toy([echo]), store })
    await engine.step()
    await engine.step()
    await engine.step()
    expect((await engine.replay()).identical).toBe(true)
    expect(heard[1]).toBe('lone \ud800 surrogate')
    expect(heard[1]).toBe(heard[3])
    await engine.stop()
  })
})

describe('Recovery', () => {
  test('refuses a record that computes differently here, and says who wrote it', async () => {
    const { store } = await lived()
    store.crash()
    const more = system('more', ({ tick, put }) => {
      if (tick === 2) put('text', 99, 'x')
    })
    await expect(opened({ ...toy([more]), store })).rejects.toMatchObject({
      code: 'REPLAY_DIVERGED',
      value: { tick: 2 },
    })
  })

  test('names the version that must finish it when another one wrote the tail', async () => {
    const { store } = await lived()
    store.crash()
    await store.open(['text', 'outbox', 'dead'])
    const [first] = [...store.journal(1, 1)]
    const { head, batchText } = decodeEntry(first!.bytes, 1)
    const foreign = batchText.replace(/"version":"[^"]*"/, '"version":"0.0.9"')
    await store.commit({ tick: 1, entry: encodeEntry(head, foreign), puts: [] })
    store.crash()
    await expect(opened({ store })).rejects.toMatchObject({
      code: 'JOURNAL_VERSION',
      value: { tick: 1, writer: '0.0.9' },
    })
  })

  test('passes over a damaged snapshot for the older one, and says so', async () => {
    const { store, engine } = await lived()
    await engine.snapshot()
    engine.publish(note('d'))
    await engine.step()
    await engine.snapshot()
    const digest = engine.digest()
    const read = store.readSnapshot.bind(store)
    const [newest, older] = store.snapshots()
    store.readSnapshot = async (tick, at, into) => {
      const count = await read(tick, at, into)
      if (tick === newest && at > 1000) into[into.length >> 1]! ^= 1
      return count
    }
    store.crash()
    const warnings: string[] = []
    const log = { debug() {}, info() {}, error() {}, warn: (_: object, text: string) => void warnings.push(text) }
    const after = await opened({ store, log })
    expect([after.digest(), after.status().snapshot_tick]).toEqual([digest, older])
    expect(warnings).toEqual([expect.stringContaining(`snapshot ${newest} was passed over`)])
    await after.stop()
  })

  test('refuses a snapshot that is newer than the journal', async () => {
    const { store, engine } = await lived()
    await engine.snapshot()
    store.crash()
    await store.open([])
    await store.truncateJournal(3)
    store.crash()
    await expect(opened({ store })).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('killed in the middle, several times in a row, ends the same', async () => {
    const { store, engine } = await lived()
    const digest = engine.digest()
    const journal = store.journal.bind(store)
    for (let most = 0; most < 3; most++) {
      store.crash()
      store.journal = function* (from, to) {
        let given = 0
        for (const entry of journal(from, to)) {
          if (given++ === most) throw new Error('killed')
          yield entry
        }
      }
      await expect(opened({ store })).rejects.toThrowError('killed')
    }
    store.journal = journal
    const after = await opened({ store })
    expect([after.digest(), after.world.rows(Line)]).toEqual([digest, 3])
    await after.stop()
  })
})
