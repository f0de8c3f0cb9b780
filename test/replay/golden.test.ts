import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { Effect } from '../../engine/flow/effect.ts'
import { replayJournal } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { ram } from '../../stores/ram.ts'
import { Line, opened, toy } from '../support/toy.ts'
import { commitLines, linesOf } from './golden.ts'

/**
 * A journal from a run with retries, failures, a crash and an hour's gap. When this test fails, the engine decides
 * something else than it did: either a bug, or a change that has to be named in the changelog. See `make.ts`.
 */
async function golden() {
  const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8')
  const text = await read('toy.journal.jsonl')
  const expected = JSON.parse(await read('toy.expected.json')) as { tick: number; digest: string; mark: object }
  const store = ram()
  await store.open(['text', 'outbox', 'dead'])
  await commitLines(store, text)
  return { text, expected, store }
}

describe('The golden journal', () => {
  test('replays to the same digests and the same world', async () => {
    const { expected, store } = await golden()
    const report = await replayJournal(toy(), store, { backoff_max_ms: 120_000, until: expected.tick })
    expect(report.first_difference).toBeNull()
    expect(report.digest).toBe(expected.digest)
    expect(markOf(report.core)).toEqual(expected.mark)
    expect(report.entries).toBeGreaterThan(20)
    expect(report.ticks).toBeGreaterThan(report.entries)
  })

  test('holds what it was made to hold', async () => {
    const { text, expected, store } = await golden()
    for (const part of ['toy.send.unknown', '"transient":true', 'REFUSED', '語', 'engine.started']) {
      expect(text).toContain(part)
    }
    const { core } = await replayJournal(toy(), store, { backoff_max_ms: 120_000, until: expected.tick })
    expect(core.world.rows(Line)).toBe(12)
    expect(core.world.of(Line).ended[12]).toBe(1)
    expect(core.world.each(Effect)).toHaveLength(0)
  })

  test('is what a store made of it gives back, and an engine recovers from it', async () => {
    const { text, expected, store } = await golden()
    expect(linesOf(store)).toBe(text)
    store.crash()
    const engine = await opened({ store })
    expect(engine.digest()).toBe(expected.digest)
    await engine.stop()
  })

  test('one changed character anywhere is noticed', async () => {
    const { text } = await golden()
    const at = text.indexOf('note of tick 12"}', text.indexOf('"digest"'))
    const store = ram()
    await store.open(['text', 'outbox', 'dead'])
    await commitLines(store, `${text.slice(0, at)}N${text.slice(at + 1)}`)
    const report = await replayJournal(toy(), store, { backoff_max_ms: 120_000 })
    expect([report.identical, report.first_difference?.tick]).toEqual([false, 13])
  })
})
