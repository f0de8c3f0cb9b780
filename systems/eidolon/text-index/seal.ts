import { type Postings, Room, SegmentBuilder } from './builder.ts'
import type { LivePart } from './live.ts'
import { codeOf } from './quantise.ts'
import type { Segment } from './segment.ts'

/** Turns the live part into a segment that covers the rows from `first` on. */
export function sealed(live: LivePart, first: number): Segment {
  const { documents } = live
  const records = live.sorted()
  const room = new Room(documents)
  for (const record of records) room.count(live.frequency(record))
  const lengths = live.lengths.slice(0, documents)
  const builder = new SegmentBuilder(room, lengths)
  const copied = new Uint32Array(documents)
  const postings: Postings = { ordinals: new Uint32Array(documents), counts: new Uint8Array(documents) }
  for (const record of records) {
    const count = live.copy(record, copied)
    for (let index = 0; index < count; index++) {
      const posting = copied[index]!
      postings.ordinals[index] = posting >>> 16
      postings.counts[index] = codeOf(posting & 0xffff)
    }
    builder.add(live.term(record), postings, count)
  }
  const rows = live.rows.slice(0, documents)
  return builder.finish({ first, last: rows[rows.length - 1] ?? first, words: live.words, rows })
}
