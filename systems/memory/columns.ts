import { table } from '../../engine/world/archetype.ts'

/** By what the memory system knows what it has seen before. */

/** What was said lately, by its words: the newest memory that says it. One row a distinct (author, channel, words). */
export const Content = table(
  'Content',
  {
    content_high: 'u32', //   64-bit hash
    content_low: 'u32',
    memory_id: 'u32', //      newest memory of it
    said_at_ms: 'f64',
  },
  { rows_max: 16_000_000 },
)

/** A delivery that was kept as another memory: the same again is a redelivery, and is not counted as said again. */
export const Copy = table(
  'Copy',
  {
    source_high: 'u32', // as in Memory
    source_low: 'u32',
    memory_id: 'u32', //   the memory that stands for it
  },
  { rows_max: 16_000_000, fixed: true },
)

/** The last messages of bots, by which floods are known: buckets of channels, each a ring of `recentSlots` rows. */
export const Recent = table(
  'Recent',
  {
    memory_id: 'u32', //    0 = free
    channel: 'u32', //      32-bit hash of the channel
    simhash_high: 'u32',
    simhash_low: 'u32',
    said_at_ms: 'f64',
    cursor: 'u32', //       of the bucket's first row: the slot to be taken next
  },
  { capacity: 4096, rows_max: 4096 },
)

/** Where near-duplicate documents meet: a band of a document's sketch, newest first. */
export const Band = table(
  'Band',
  {
    band_high: 'u32', //    64-bit hash of the band; the first row with it is the head of its list
    band_low: 'u32',
    memory_id: 'u32',
    older: 'u32', //        the next row of the same band; 0 = none
    newest: 'u32', //       of the head: the newest row of the band
  },
  { rows_max: 64_000_000 },
)

/**
 * What programs say over and over, once it is known: the aggregate that stands for all of it, and how often it was said.
 * Its template is the aggregate's text with the places that vary left open.
 */
export const Family = table(
  'Family',
  {
    memory_id: 'u32', //    the aggregate
    channel: 'u32', //      row in DiscordChannel; 0 = said elsewhere
    author: 'u32', //       name of who says it
    count: 'f64', //        members, the aggregate included
    reported: 'f64', //     of these, up to the last report
    first_at_ms: 'f64',
    last_at_ms: 'f64',
    rule: 'u32', //         newest rule about it, row in Rule; 0 = none
  },
  { rows_max: 1_000_000 },
)
