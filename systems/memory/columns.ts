import { singleton, table } from '../../engine/world/archetype.ts'

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

/** What programs said lately and is of no family yet: buckets of places, each a ring of slots. See `floods/pending.ts`. */
export const Recent = table(
  'Recent',
  {
    memory_id: 'u32', //    the first member; 0 = free
    place: 'u32', //        32-bit hash of channel and author
    count: 'u32', //        members
    newest: 'u32', //       row in RecentMember of the newest member that is a memory of its own; 0 = the first alone is
    tokens: 'u8', //        what all members have in common: rows in RecentToken
    weight: 'u8', //        of these tokens
    length_max: 'u16', //   tokens of the longest member
    sign_high: 'u32', //    a bit for each of the tokens
    sign_low: 'u32',
    said_at_ms: 'f64',
    cursor: 'u32', //       of the bucket's first row: the slot to be taken next
  },
  { capacity: 4096, rows_max: 4096 },
)

/** Tokens of Recent: those of its row `r` are the rows from `(r - 1) * tokensMax + 1` on. */
export const RecentToken = table(
  'RecentToken',
  { token: 'u32', kind: 'u8' },
  { capacity: 4096 * 32, rows_max: 4096 * 32 },
)

/** A message that was like one in Recent before there were enough, and became a memory. */
export const RecentMember = table('RecentMember', { memory_id: 'u32', older: 'u32' }, { fixed: true })

/** Tokens of a Family, in the same way. */
export const FamilyToken = table('FamilyToken', { token: 'u32', kind: 'u8' }, { rows_max: 32_000_000 })

/** Who says something where, and the families of it. Looked up by its hash. */
export const FamilyPlace = table(
  'FamilyPlace',
  {
    place_high: 'u32', //   64-bit hash of channel and author
    place_low: 'u32',
    newest: 'u32', //       row in Family
    families: 'u32',
    others: 'u32', //       the aggregate of what is of no family, while a flood lasts; 0 = none
  },
  { rows_max: 1_000_000 },
)

/** Copies from which on programs' messages are a family: 0 until the policy says something else than the default. */
export const FloodPolicy = singleton('FloodPolicy', { from: 'u32' })

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
    older: 'u32', //        the family of the same place before it; 0 = none
    tokens: 'u8', //        what all members have in common: rows in FamilyToken
    weight: 'u8', //        of these tokens
    weight_first: 'u8', //  the same when it became known
    length_max: 'u16', //   tokens of the longest member
    sign_high: 'u32', //    a bit for each of the tokens
    sign_low: 'u32',
  },
  { rows_max: 1_000_000 },
)

/** Of families, which came later: columns are kept in the order in which they came to be. */
export const floodArchetypes = [RecentToken, RecentMember, Family, FamilyToken, FamilyPlace, FloodPolicy] as const
