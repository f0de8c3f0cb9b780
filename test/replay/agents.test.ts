import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { replayJournal } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { commitLines } from './golden.ts'

/**
 * A journal of a day of an agent, see `agents-day.ts`. When this test fails, turns are moved otherwise than they were: either
 * a bug, or a change that has to be named in the changelog, because a record of before then replays to another world.
 * `node test/replay/make-agents.ts` writes it anew, and the diff shows which lines.
 */
async function golden() {
  const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8')
  const expected = JSON.parse(await read('agents.expected.json')) as { tick: number; digest: string; mark: object }
  const text = await read('agents.journal.jsonl')
  const store = ram()
  await store.open([...mind().records, 'outbox', 'dead'])
  await commitLines(store, text)
  return { expected, store, text }
}

describe('The golden journal of agents', () => {
  test('replays to the same digests and the same world', async () => {
    const { expected, store } = await golden()
    const report = await replayJournal(mind(), store, { backoff_max_ms: 120_000, until: expected.tick })
    expect(report.first_difference).toBeNull()
    expect(report.digest).toBe(expected.digest)
    expect(markOf(report.core)).toEqual(expected.mark)
  })

  test('holds what it was made to hold', async () => {
    const { text } = await golden()
    for (const part of ['tool.once.unknown', '"transient":true', 'approval.given', 'session.cancel', '語']) {
      expect(text).toContain(part)
    }
  })
})
