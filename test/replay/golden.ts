import { recordName, unframeText } from '../../engine/record/frame.ts'
import { decodeEntry, encodeEntry } from '../../engine/record/journal.ts'
import { textPut } from '../../engine/record/recorder.ts'
import type { Store } from '../../engine/record/store.ts'

/**
 * A record as text, one JSON a line, so that a change of behaviour is a changed line in review. A line with a
 * `digest` begins an entry, the events after it are its batch; a line with `put` is a record that systems may read.
 */

/** Writes a store's journal, and the records of these tables, as lines. */
export function linesOf(store: Store, tables: readonly string[] = ['text']): string {
  const lines: string[] = []
  for (const table of tables) {
    for (const key of store.keys(table)) {
      const framed = store.read(table, key)
      if (framed !== undefined)
        lines.push(JSON.stringify({ put: table, key, text: unframeText(framed, recordName(table, key)) }))
    }
  }
  for (const { tick, bytes } of store.journal(0)) {
    const { head, batchText } = decodeEntry(bytes, tick)
    lines.push(JSON.stringify(head))
    if (batchText !== '') lines.push(batchText)
  }
  return `${lines.join('\n')}\n`
}

/** Commits lines to an empty, open store. */
export async function commitLines(store: Store, text: string): Promise<void> {
  let head: { tick: number; digest: string; outputs: Record<string, number> } | undefined
  let batch: string[] = []
  const finish = async (): Promise<void> => {
    if (head === undefined) return
    await store.commit({ tick: head.tick, entry: encodeEntry(head, batch.join('\n')), puts: [] })
    batch = []
  }
  for (const line of text.split('\n')) {
    if (line === '') continue
    const parsed = JSON.parse(line)
    if (parsed.put !== undefined) {
      const put = textPut(parsed.put, parsed.key, parsed.text)
      await store.commit({ tick: 0, entry: null, puts: [put] })
    } else if (parsed.digest !== undefined) {
      await finish()
      head = parsed
    } else batch.push(line)
  }
  await finish()
}
