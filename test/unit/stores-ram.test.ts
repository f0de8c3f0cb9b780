import { describe, expect, test } from 'vitest'
import { EngineError } from '../../engine/errors.ts'
import { ram } from '../../stores/ram.ts'

const commit = (tick: number) => ({
  tick,
  entry: Buffer.from(`entry ${tick}`),
  puts: [{ table: 'text', key: tick, bytes: Buffer.from(String(tick)) }],
})

describe('the store in memory', () => {
  test('a crash keeps what was committed and loses what was not', async () => {
    const gate = Promise.withResolvers<void>()
    const store = ram({ beforeCommit: ({ tick }) => (tick === 2 ? gate.promise : undefined) })
    await store.open(['text'])
    await store.commit(commit(1))
    let ended = false
    for (const tick of [2, 3]) {
      void store.commit(commit(tick)).finally(() => {
        ended = true
      })
    }
    store.crash()
    expect(await store.open(['text'])).toEqual({ tick: 1, warnings: [] })
    gate.resolve()
    await store.commit(commit(5))
    expect([...store.journal(0)].map((entry) => entry.tick)).toEqual([1, 5])
    expect([...store.keys('text')]).toEqual([1, 5])
    expect(ended).toBe(false)
  })

  test('a commit fails with the error it is told to fail with, and can be tried again', async () => {
    let full = true
    const store = ram({
      beforeCommit() {
        if (full) throw new EngineError('STORE_FULL', 'played')
      },
    })
    await store.open(['text'])
    const behind = store.commit(commit(1)).catch(() => store.commit(commit(1)))
    await expect(store.commit(commit(2))).rejects.toMatchObject({ code: 'STORE_FULL' })
    await expect(behind).rejects.toMatchObject({ code: 'STORE_FULL' })
    full = false
    await store.commit(commit(1))
    expect([store.journalCount(), store.count('text')]).toEqual([1, 1])
  })

  test('has one writer, and counts its bytes', async () => {
    const store = ram()
    await store.open(['text'])
    await expect(store.open(['text'])).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    const puts = [{ table: 'text', key: 1, bytes: new Uint8Array(100) }]
    await store.commit({ tick: 1, entry: new Uint8Array(10), puts })
    await store.commit({
      tick: 2,
      entry: new Uint8Array(10),
      puts: [{ table: 'text', key: 1, bytes: new Uint8Array(70) }],
    })
    await store.saveSnapshot(1, [new Uint8Array(5)])
    expect(store.bytes()).toBe(95)
    await store.commit({ tick: 3, entry: null, puts: [{ table: 'text', key: 1, bytes: null }] })
    expect(store.bytes()).toBe(25)
  })
})
