import { archetype, singleton, states, table } from '../engine/world/archetype.ts'

/** Every archetype and table of the mind, on one page. Columns hold numbers; texts rest in records under the row. */

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
    chat_in_flight_max: 'u16', // questions to the model that may be out at once; 0 = as its type says
  },
  { capacity: 16 },
)

export const MemoryKind = states('none', 'note', 'chat', 'discord', 'tool', 'system', 'summary', 'aggregate')

/** A record worth finding again. Records: `text`, `meta`. */
export const Memory = table(
  'Memory',
  {
    kind: 'u8', //           MemoryKind
    deleted: 'u8',
    pinned: 'u8',
    stored_at_ms: 'f64',
    happened_at_ms: 'f64', // 0 = unknown
    text_bytes: 'u32',
    usage_decayed: 'f32', // how often it was put before a model, fading; see systems/memory/usage.ts
    usage_at_ms: 'f64', //   when that was true, for a memory that sleeps
    usage_total: 'u32',
    awake: 'u32', //         its Awake entity; 0 = asleep
    replaced_by: 'u32', //   the memory that stands for it; 0 = itself
    file: 'u32', //          row in File; 0 = none
    source_high: 'u32', //   64-bit hash of (source, id): the same identity again is a redelivery
    source_low: 'u32',
  },
  { rows_max: 4_000_000 },
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
  duplicates: 'f64',
  refused: 'f64',
  outbox_pending: 'f64',
  outbox_oldest_ms: 'f64',
  scan: 'u32', //          the scan in progress or last completed, in this run of the process
})

export const archetypes = [File, Sentinel, Patience, Revision, Policy, Memory, Awake, Fading, Gauge] as const
export const records = ['policy', 'before', 'change', 'text', 'meta'] as const
