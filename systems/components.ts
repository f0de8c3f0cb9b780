import { archetype, singleton, states, table } from '../engine/world/archetype.ts'
import { agentArchetypes, agentRecords } from './agents/columns.ts'
import { compactArchetypes, compactRecords } from './compact/columns.ts'
import { daimoiArchetypes } from './daimoi/columns.ts'
import { discordArchetypes, discordRecords } from './discord/columns.ts'
import { eidolonArchetypes, eidolonRecords } from './eidolon/columns.ts'
import { janitorArchetypes, janitorRecords } from './janitor/columns.ts'
import { Band, Content, Copy, floodArchetypes, Recent } from './memory/columns.ts'
import { olympiaArchetypes } from './olympia/columns.ts'
import { opencodeArchetypes, opencodeRecords } from './opencode/columns.ts'
import { repairArchetypes, repairRecords } from './repair/columns.ts'

/** Every archetype and table of the mind, on one page. Columns hold numbers; texts rest in records under the row. */

export {
  Band,
  Content,
  Copy,
  Family,
  FamilyPlace,
  FamilyToken,
  FloodPolicy,
  Recent,
  RecentMember,
  RecentToken,
} from './memory/columns.ts'

export const FileVerdict = states('none', 'open', 'done', 'failed', 'proposed', 'held')

/** A note that was ever seen; keyed by its path. The cursor of the file adapter lives here. */
export const File = table('File', {
  present: 'u8', //         1 while the file is there
  verdict: 'u8', //         FileVerdict of the newest content
  written: 'u8', //         1 when the verdict was reached by writing
  size_bytes: 'f64',
  modified_ms: 'f64',
  changed_ms: 'f64',
  hash_high: 'u32', //      first 64 bits of the content's SHA-256, as last read
  hash_low: 'u32',
  seen_scan: 'u32', //      the last scan that named it
  sentinel: 'u32', //       entity at work on it; 0 = none
  contract: 'u32', //       name of the contract the verdict is about
  code: 'u32', //           name of the failure's code
  reason: 'u32', //         name of the failure's reason
  held: 'u8', //            1 while the operator wants this content as it is
  revision: 'u32', //       newest write that can be taken back, row in Revision; 0 = none
  memory_id: 'u32', //      what is remembered of it, row in Memory; 0 = nothing
  failures: 'u8', //        times in a row that it failed through no fault of its own
  patience: 'u32', //       its Patience entity while it waits to be tried again; 0 = none
})

export const SentinelState = states('none', 'pending', 'running', 'validating', 'retry')
export const SentinelPhase = states('none', 'reading', 'asking', 'writing', 'reading_back', 'taking_back')

/** A guard at work: it holds one file to one contract, and dies with its verdict. */
export const Sentinel = archetype('Sentinel', {
  file: 'u32', //           row in File
  contract: 'u16', //       index in the policy's contracts, from 1
  state: 'u8', //           SentinelState
  phase: 'u8', //           SentinelPhase: what it waits for
  attempts: 'u8', //        proposals asked for
  rereads: 'u8', //         times the file changed under it
  again: 'u8', //           1 when the file changed while it was at work
  written: 'u8', //         1 when an earlier contract of the chain has written
  effect_id: 'u32', //      what it waits for; 0 = nothing
  revision: 'u32', //       the text it works on, row in Revision
})

/** A file that failed through no fault of its own, and when it is tried again. */
export const Patience = archetype('Patience', { file: 'u32', retry_at_ms: 'f64' })

/** A text as it was before a sentinel changed it. Records: `before` (the text), `change` (what was written). */
export const Revision = table('Revision', {
  file: 'u32',
  previous: 'u32', //       the file's write before this one; 0 = none
  read_at_ms: 'f64',
})

/** A policy that was set; the newest row is in force. Record: `policy`. */
export const Policy = table(
  'Policy',
  {
    set_at_ms: 'f64',
    set_tick: 'f64',
    chat_in_flight_max: 'u16', // questions to the model that may be out at once; 0 = as its type says
  },
  { capacity: 16 },
)

export const MemoryKind = states(
  'none',
  'note',
  'chat',
  'discord',
  'tool',
  'system',
  'summary',
  'aggregate',
  'think',
  'image',
  'admin',
)
export const MemoryRole = states('none', 'user', 'assistant', 'tool', 'system', 'developer')
/** How far a text may be believed; it never grants anything. */
export const Trust = states('none', 'unknown', 'bot', 'person', 'own', 'operator')
/** `gone` comes back with its file; of what was `forgotten` no text is left. */
export const Deleted = states('none', 'gone', 'forgotten')
/** Bits of `Memory.marks`. */
export const Mark = {
  question: 1, //     there is a question in it
  asking: 2, //       it ends with one
  time: 4, //         it speaks of a time: yesterday, in May, last week
  hidden_text: 8, //  it has invisible or disguised characters
  cut: 16, //         it has more words than were read
  secret: 32, //      it has what looks like a password or a key; looked for before it is embedded
  raw: 64, //         a program's in a channel of which only aggregates get vectors
} as const

/**
 * A record worth finding again. Records: `text`, `meta`. A long document is a row and, right after it, one row for each
 * of its chunks, which have no records of their own: a chunk is a span of its parent's text.
 */
export const Memory = table(
  'Memory',
  {
    kind: 'u8', //           MemoryKind
    role: 'u8', //           MemoryRole
    trust: 'u8', //          Trust
    marks: 'u8', //          bits of Mark
    deleted: 'u8', //        Deleted
    pinned: 'u8',
    stored_at_ms: 'f64',
    happened_at_ms: 'f64', // 0 = unknown
    text_bytes: 'u32',
    words: 'u16', //         how many words that are no stop words, at most 65,535
    usage_decayed: 'f32', // how often it was put before a model, fading; see systems/memory/usage.ts
    usage_at_ms: 'f64', //   when that was true, for a memory that sleeps
    usage_total: 'u32',
    awake: 'u32', //         its Awake entity; 0 = asleep
    replaced_by: 'u32', //   the memory that stands for it; 0 = itself
    file: 'u32', //          row in File; 0 = none
    source_high: 'u32', //   64-bit hash of (source, id): the same identity again is a redelivery
    source_low: 'u32',
    parent: 'u32', //        the document it is a chunk of; 0 = it is whole
    chunks: 'u16', //        rows right after it that are its chunks
    span_start: 'u32', //    of a chunk, in UTF-16 units of its parent's text
    span_units: 'u32',
    copies: 'u32', //        times it was said again and kept as this one memory
    copied_at_ms: 'f64', //  when last
    same_as: 'u32', //       the first memory with the same words; 0 = this one
    family: 'u32', //        the first memory of its family of near duplicates; 0 = none known
    previous: 'u32', //      the memory before it in its thread; 0 = none
    next: 'u32', //          the memory after it in its thread; 0 = none
    thread: 'u32', //        rows in Key; 0 = none
    channel: 'u32',
    author: 'u32',
    first_edge: 'u32', //    its edges are the rows from here on; 0 = none
    edges: 'u8', //          how many
  },
  { rows_max: 8_000_000 },
)

/** What kind of thing a key names. The numbers are stored with every key: new kinds go to the end. */
export const KeyKind = states(
  'none',
  'tag', //        a tag that was given or a hashtag: `tag:build`, or typed: `tag:risk/destructive`
  'topic', //      `topic:gardening`
  'path', //       `path:docs/a.md`
  'url', //        `url:example.org/page?q=1`, without the scheme
  'site', //       `site:example.org`: the host of a url
  'tool', //       `tool:search`
  'channel', //    `chan:general`
  'thread', //     `thread:session 1`
  'author', //     `author:melanie`
  'entity', //     `ent:university of copenhagen`
  'error', //      `err:timeout`, `err:http-503`, `err:exit-137`
  'ops', //        `ops:backlog-high`
  'day', //        `day:2023-05-07`, in UTC
  'year', //       `year:2023`
  'source', //     `src:discord`
  'identifier', // `id:readwords`
)

/** A typed canonical string that memories share: `ent:new york`, `path:docs/a.md`. Record: `key`, its text. */
export const Key = table(
  'Key',
  {
    kind: 'u8', //          KeyKind
    key_high: 'u32', //     64-bit hash of the text
    key_low: 'u32',
    degree: 'u32', //       edges
    named: 'u32', //        of these, where it is surely a name: its capital is not only that of its sentence
    term: 'u32', //         of a name of one word: the word's term in the lexical lane; 0 = it has several
    newest_edge: 'u32',
    title_edge: 'u32', //   newest edge of a memory that has it as its title; 0 = none
    newest_memory: 'u32', // of a thread or channel: the memory said last in it; 0 = none
    first_at_ms: 'f64',
    last_at_ms: 'f64',
  },
  { rows_max: 64_000_000 },
)

/**
 * Where a key was mentioned: as the whole title; in the text; in the metadata or inside the title; and, weakest, as a
 * single word whose capital may be only that of its sentence (`opening`).
 */
export const MentionField = states('none', 'title', 'text', 'metadata', 'opening')

/** A memory mentions a key. Never changed: the newest-first list of a key is threaded through `older`. */
export const Edge = table(
  'Edge',
  {
    memory_id: 'u32',
    key: 'u32',
    older: 'u32', //        the edge of the same key before it; 0 = none
    signature: 'u32', //    which words stand near the mention, one bit a word; see systems/memory/mentions.ts
    word: 'u16', //         of the mention, at most 65,535
    field: 'u8', //         MentionField: title, text, metadata, opening
    times: 'u8', //         how often, at most 255
  },
  { rows_max: 128_000_000, fixed: true },
)

/** A memory that was used lately: its usage fades until it falls asleep and costs nothing. */
export const Awake = archetype('Awake', { memory_id: 'u32' })

/** To which time the usage of all awake memories is true, and when those that faded were last put to sleep. */
export const Fading = singleton('Fading', { true_at_ms: 'f64', slept_at_ms: 'f64' })

/** One row of running counts, so that looking at the mind costs no scan. */
export const Gauge = singleton('Gauge', {
  files: 'f64',
  sentinels_pending: 'f64',
  sentinels_done: 'f64',
  sentinels_failed: 'f64',
  sentinels_proposed: 'f64',
  sentinels_held: 'f64',
  repaired: 'f64',
  skipped: 'f64',
  memories: 'f64',
  memories_awake: 'f64',
  duplicates: 'f64', //     said again, or delivered again
  loops: 'f64', //          of those, the agent's own words read back
  families: 'f64',
  keys: 'f64',
  edges: 'f64',
  keys_dropped: 'f64', //   mentions beyond what a memory may have
  refused: 'f64',
  outbox_pending: 'f64',
  outbox_oldest_ms: 'f64',
  events: 'f64', //         taken in from outside
  tokens: 'f64', //         that models reported, in and out
  calls_valid: 'f64', //    calls of tools that were allowed or put before the operator
  calls_invalid: 'f64', //  sent back to the model because they could not be carried out
  calls_refused: 'f64', //  that permissions did not allow
  scan: 'u32', //          the scan in progress or last completed, in this run of the process
})

/** The archetypes of whole parts of the mind; each part's own page is its `columns.ts`. */
const parts = [
  ...eidolonArchetypes,
  ...daimoiArchetypes,
  ...agentArchetypes,
  ...floodArchetypes,
  ...discordArchetypes,
  ...janitorArchetypes,
  ...olympiaArchetypes,
  ...repairArchetypes,
  ...compactArchetypes,
  ...opencodeArchetypes,
] as const
const notes = [File, Sentinel, Patience, Revision, Policy] as const
const memories = [Memory, Content, Copy, Recent, Band, Key, Edge] as const
export const archetypes = [...notes, ...memories, ...parts, Awake, Fading, Gauge] as const
export const records = [
  ...(['policy', 'before', 'change', 'text', 'meta', 'key', 'sketch'] as const),
  ...eidolonRecords,
  ...agentRecords,
  ...discordRecords,
  ...janitorRecords,
  ...repairRecords,
  ...compactRecords,
  ...opencodeRecords,
] as const
