import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { replayJournal } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { commitLines } from './golden.ts'

/**
 * A journal of two months beside Discord and opencode, with a repair and a compaction in them, see `neighbours-day.ts`. When
 * this test fails, either something is broken, or a record of before now replays to another world, which the changelog must name.
 * `node test/replay/make-neighbours.ts` writes it anew.
 */
const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8')

describe('The golden journal of neighbours', () => {
  test('replays to the same digests and the same world', async () => {
    const expected = JSON.parse(await read('neighbours.expected.json')) as {
      tick: number
      digest: string
      mark: object
    }
    const store = ram()
    await store.open([...mind().records, 'outbox', 'dead'])
    await commitLines(store, await read('neighbours.journal.jsonl'))
    const report = await replayJournal(mind(), store, { backoff_max_ms: 120_000, until: expected.tick })
    expect(report.first_difference).toBeNull()
    expect(report.digest).toBe(expected.digest)
    expect(markOf(report.core)).toEqual(expected.mark)
  })

  test('holds what it was made to hold', async () => {
    const { heard } = JSON.parse(await read('neighbours.expected.json')) as { heard: Record<string, number> }
    const parts = [
      'memory.family',
      'discord.message.deleted',
      'opencode.permit.done',
      'opencode.run.done',
      'repair.done',
    ]
    for (const type of [...parts, 'memory.compacted', 'compact.checked', 'memory.restored']) {
      expect(Object.keys(heard)).toContain(type)
    }
  })
})
