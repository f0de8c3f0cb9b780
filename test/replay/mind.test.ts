import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { replayJournal } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { ram } from '../../stores/ram.ts'
import { Gauge, Memory, MemoryKind } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { remembering } from '../support/memory.ts'
import { commitLines } from './golden.ts'

/**
 * A journal of the memory: duplicates, floods, the agent's own words, families, files that change, orders, a crash. When
 * this test fails, the memory reads or keeps something else than it did: either a bug, or a change that has to be named
 * in the changelog, because a record of before then replays to another world. New columns change the mark alone, what is
 * read of a text changes the digest too: `node test/replay/make-mind.ts` writes it anew, and the diff shows which lines.
 */
async function golden() {
  const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8')
  const expected = JSON.parse(await read('mind.expected.json')) as { tick: number; digest: string; mark: object }
  const store = ram()
  await store.open([...mind().records, 'outbox', 'dead'])
  await commitLines(store, await read('mind.journal.jsonl'))
  return { expected, store }
}

/** The columns that memories live in: a start is a tick of its own, and moves the engine's. */
function tablesOf(mark: object): object {
  const tables = ['Memory', 'Key', 'Edge', 'Content', 'Copy', 'Recent', 'Band', 'Family', 'FamilyToken']
  return Object.fromEntries(Object.entries(mark).filter(([column]) => tables.includes(column.split('.')[0]!)))
}

describe('The golden journal of the memory', () => {
  test('replays to the same digests and the same world', async () => {
    const { expected, store } = await golden()
    const report = await replayJournal(mind(), store, { backoff_max_ms: 120_000, until: expected.tick })
    expect(report.first_difference).toBeNull()
    expect(report.digest).toBe(expected.digest)
    expect(markOf(report.core)).toEqual(expected.mark)
  })

  test('holds what it was made to hold', async () => {
    const { expected, store } = await golden()
    const { core } = await replayJournal(mind(), store, { backoff_max_ms: 120_000, until: expected.tick })
    const gauge = core.world.of(Gauge)
    const { kind, family, same_as, pinned } = core.world.of(Memory)
    expect([gauge.loops[1], gauge.families[1], gauge.refused[1]]).toEqual([1, 2, 0])
    expect(gauge.duplicates[1]).toBeGreaterThanOrEqual(6)
    expect(kind.includes(MemoryKind.aggregate)).toBe(true)
    expect([family.some((of) => of !== 0), same_as.some((of) => of !== 0), pinned[1]]).toEqual([true, true, 1])
  })

  test('makes the same world on a disk, and the same again after a restart', async () => {
    const { expected, store } = await golden()
    const folder = mkdtempSync(join(tmpdir(), 'promethean-golden-'))
    try {
      const disk = lmdb(folder)
      await disk.open([...mind().records, 'outbox', 'dead'])
      for (const { tick, bytes } of store.journal(0)) await disk.commit({ tick, entry: bytes, puts: [] })
      for (const table of mind().records) {
        for (const key of store.keys(table)) {
          await disk.commit({ tick: 0, entry: null, puts: [{ table, key, bytes: store.read(table, key)! }] })
        }
      }
      await disk.close()
      for (let life = 0; life < 2; life++) {
        const engine = await remembering(lmdb(folder))
        expect((await engine.replay({ until: expected.tick })).digest).toBe(expected.digest)
        expect(tablesOf(engine.mark())).toEqual(tablesOf(expected.mark))
        await engine.stop()
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
